import stat

import pytest

from engine.computers import token
from engine.computers.computer import Computer
from engine.errors import ComputerError
from tests.helpers.systems import modes

LAB = Computer("lab", "ray", "lab:8265")


def test_a_token_is_made_once_for_its_owner_alone():
    path = token.make()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(path.read_text()) == 64
    before = path.read_text()
    assert token.make().read_text() == before
    assert token.read(LAB) == before


def test_a_missing_token_is_told(tmp_path):
    with pytest.raises(ComputerError, match="no token") as refused:
        token.require_private(str(tmp_path / "none"))
    assert refused.value.field == token.FIELD


@pytest.mark.parametrize(
    ("mode", "text", "message"),
    [pytest.param(0o644, "x", "Other users", marks=modes), (0o600, "", "empty")],
)
def test_a_token_that_others_read_or_that_is_empty_is_refused(tmp_path, mode, text, message):
    path = tmp_path / "token"
    path.write_text(text)
    path.chmod(mode)
    with pytest.raises(ComputerError, match=message):
        token.require_private(str(path))


@pytest.mark.parametrize(
    "content",
    [b"secret\nsecond", b"secret\rx", b"secret\x00", b"two secrets", "secret\xe4".encode(), b"secret\xff"],
)
def test_what_no_header_can_carry_is_refused_and_not_quoted(tmp_path, content):
    path = tmp_path / "token"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(ComputerError, match="doesn't contain a token") as refused:
        token.read(Computer("lab", "ray", "lab:8265", token_file=str(path)))
    assert "secret" not in refused.value.message + refused.value.hint
