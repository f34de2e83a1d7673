import json

import pytest

from engine.system import redaction

SAID = "Ann: my number is 0171 234567\nBo: 'ok'"


@pytest.mark.parametrize(
    "error",
    [
        ValueError(f"could not convert string to float: {SAID!r}"),
        KeyError(SAID),
        TypeError(f"bad row {json.dumps({'dialogue': SAID, 'id': 7})}"),
        RuntimeError(f'no token for "{SAID}" at 3'),
        ValueError("`" + SAID + "`"),
        ValueError({"text": SAID}),
    ],
    ids=str,
)
def test_what_was_said_is_left_out(error):
    def fail() -> None:
        raise RuntimeError("while reading") from error

    with pytest.raises(RuntimeError) as caught:
        fail()
    text = redaction.format_error(caught.value)
    assert "0171" not in text
    assert "Ann" not in text
    assert type(error).__name__ in text
    assert "test_redaction.py" in text


@pytest.mark.parametrize(
    "message",
    [
        "[Errno 2] No such file or directory: '/data/my-chats/a.jsonl'",
        "CUDA error: an illegal memory access was encountered",
        "size mismatch for 'q.lora_A': [8, 64] is not [4, 64]",
        "it doesn't fit, and can't",
    ],
)
def test_names_numbers_and_paths_stay(message):
    assert redaction.redact_quotes(message) == message


def test_the_login_in_an_address_is_left_out():
    message = "HTTP 503 for url: https://user:s3cret@hub.example/api"
    assert redaction.redact_quotes(message) == "HTTP 503 for url: https://hub.example/api"
