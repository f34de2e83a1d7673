"""Writes the prompt that the model was trained with, as token ids. Needs tokenizers alone."""

import json
from pathlib import Path

from tokenizers import Tokenizer

HERE = Path(__file__).resolve().parent
SETTINGS = json.loads((HERE / "prompt.json").read_text(encoding="utf-8"))
TOKENIZER = Tokenizer.from_file(str(HERE / "tokenizer.json"))
TOKENIZER.no_truncation()
TOKENIZER.no_padding()


def prompt_ids(conversation: str) -> list[int]:
    """Return what the model reads before it writes a summary of the conversation."""
    shown = shortened(conversation)
    text = f"{SETTINGS['before']}{shown.strip() if SETTINGS['strips'] else shown}{SETTINGS['after']}"
    ids = TOKENIZER.encode(text, add_special_tokens=SETTINGS["adds_special_tokens"]).ids
    return ids[:-1] if ids and ids[-1] == SETTINGS["dropped_end"] else ids


def shortened(conversation: str) -> str:
    """Return a conversation up to the limit of training. What looks like a special token in it is made plain text."""
    for token in SETTINGS["special_tokens"]:
        conversation = conversation.replace(token, f"{token[0]} {token[1:]}")
    encoding = TOKENIZER.encode(conversation, add_special_tokens=False)
    limit = SETTINGS["max_conversation_tokens"]
    if len(encoding.ids) <= limit:
        return conversation
    return conversation[: encoding.offsets[limit - 1][1]].rstrip()


def decoded(ids: list[int]) -> str:
    """Return a summary as text."""
    return TOKENIZER.decode(ids, skip_special_tokens=True).strip()
