from dataclasses import replace

import pytest

from engine.errors import RecipeError, SettingError
from engine.server import serving
from engine.server.serving import VARIABLE, model_names
from tests.helpers.homes import add_adapter


@pytest.fixture(autouse=True)
def _home(home):
    """All of them add adapters."""


def adapter(name, folder=""):
    made = add_adapter(folder or name)
    return replace(made, metadata=made.metadata.model_copy(update={"name": name, "id": made.id}))


def test_every_model_has_a_name_of_its_own():
    chats, base, first, second = (
        adapter("chats"), adapter("base", "b-1"), adapter("mails", "m-1"), adapter("mails", "m-2"),
    )  # fmt: skip
    assert model_names([chats, base]) == ["chats", "b-1"]
    assert model_names([first, second, chats]) == ["m-1", "m-2", "chats"]
    assert model_names([adapter("m-1", "other"), first, second]) == ["m-1", "m-1-2", "m-2"]
    assert model_names([chats, chats]) == ["chats", "chats-2"]


def test_an_adapter_called_base_is_not_the_base_model():
    called_base = adapter("base")
    running = serving.start([called_base], lambda *_, **__: None, port=0)
    served = running._server._models
    running.close()
    assert running.models == ("base-2", "base")
    assert served["base-2"].column == called_base.id
    assert served["base"].column is None


@pytest.mark.parametrize("token", ["two words", "ü", "\udcff", "tab\t", " "])
def test_a_token_that_no_header_carries_is_refused(monkeypatch, token):
    monkeypatch.setenv(VARIABLE, token)
    with pytest.raises(SettingError) as caught:
        serving.start([adapter("chats")], lambda *_, **__: None, port=0)
    assert caught.value.field == VARIABLE


def test_a_port_in_use_is_told():
    chats = adapter("chats")
    running = serving.start([chats], lambda *_, **__: None, port=0)
    port = int(running.address.split(":")[2].split("/")[0])
    with pytest.raises(RecipeError):
        serving.start([chats], lambda *_, **__: None, port=port)
    running.close()
