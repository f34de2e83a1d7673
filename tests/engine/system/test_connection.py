import socket
import threading

import pytest

from engine.errors import OfflineError
from engine.system import connection
from engine.system.redaction import without_login


@pytest.fixture
def online(monkeypatch):
    """Take away what keeps the tests offline, and every proxy."""
    for name in ("HF_HUB_OFFLINE", "HF_ENDPOINT", "HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "")
    return monkeypatch


@pytest.fixture
def listening():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_offline_is_refused_before_any_connection(monkeypatch):
    monkeypatch.setattr(connection, "_connect", lambda *_: pytest.fail("a connection was opened"))
    with pytest.raises(OfflineError, match="is offline"):
        connection.require_hub()


def test_a_hub_that_listens_is_enough(online, listening):
    online.setenv("HF_ENDPOINT", f"http://127.0.0.1:{listening}/")
    connection.require_hub()
    assert connection.hub_address() == f"http://127.0.0.1:{listening}"


def test_a_name_that_nobody_knows_is_named(online):
    def look_up(*_):
        raise socket.gaierror(-2, "Name or service not known")

    online.setattr(socket, "create_connection", look_up)
    with pytest.raises(OfflineError, match=r"huggingface\.co can't be resolved"):
        connection.require_hub()


def test_a_look_up_that_never_ends_is_given_up(online):
    over = threading.Event()

    def look_up(*_):
        over.wait()
        raise OSError("over")

    online.setattr(socket, "create_connection", look_up)
    online.setattr(connection, "TIMEOUT_SECONDS", 0.05)
    with pytest.raises(OfflineError, match="didn't answer"):
        connection.require_hub()
    over.set()


@pytest.mark.parametrize("address", ["https://user:se/cret@hub.example", "https://[hub", "http://hub:port"])
def test_an_address_that_is_none_is_said_without_it(online, address):
    online.setenv("HF_ENDPOINT", address)
    with pytest.raises(OfflineError, match="is invalid") as caught:
        connection.require_hub()
    assert "se" not in caught.value.message.split()
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://user:s3cret@hub.example/mirror", "https://hub.example/mirror"),
        ("https://token@hub.example:8443", "https://hub.example:8443"),
        ("http://a:b@c:d@hub.example", "http://hub.example"),
        ("https://huggingface.co/x/resolve/main/a@b.json", "https://huggingface.co/x/resolve/main/a@b.json"),
        (
            "'HTTP 503' at https://u:p@one.example/a and http://two.example",
            "'HTTP 503' at https://one.example/a and http://two.example",
        ),
    ],
)
def test_an_address_is_shown_without_user_and_password(address, shown):
    assert without_login(address) == shown
