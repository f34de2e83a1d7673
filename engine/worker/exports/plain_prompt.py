"""Writes an adapter's prompt and decoding as a file that a short script without Tunesmith can follow."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from transformers import PreTrainedTokenizerBase

from engine.adapters.metadata import PromptFacts
from engine.methods import Family
from engine.system.paths import templates_folder
from engine.worker.dataset.prompter import Prompter

FILE_NAME = "prompt.json"
SHARED = ("prompting.py", "command.py")
SCRIPT = "summarize.py"


def settings(
    prompter: Prompter,
    tokenizer: PreTrainedTokenizerBase,
    family: Family,
    facts: PromptFacts,
    end_tokens: Iterable[int],
) -> dict[str, Any]:
    """Return all that decides a prompt's ids and how a summary is decoded."""
    before, after = prompter.around()
    is_plain = prompter.format == "plain"
    return {
        "family": family,
        "before": before,
        "after": after,
        # A chat template writes all special tokens itself.
        "adds_special_tokens": is_plain,
        # A turn of a chat has nothing around it.
        "strips": not is_plain,
        # A decoder goes on from its prompt, which therefore must not end.
        "dropped_end": tokenizer.eos_token_id if is_plain and family == "decoder-only" else None,
        "special_tokens": [token for token in prompter.reserved_tokens() if len(token) > 1],
        "max_conversation_tokens": facts.max_conversation_tokens,
        "beams": facts.beams,
        "max_new_tokens": facts.max_new_tokens,
        "end_tokens": sorted(set(end_tokens)),
    }


def write(settings: dict[str, Any], runtime: str, folder: Path) -> None:
    """Write prompt and script into a folder with `tokenizer.json`; `runtime` is the library that computes."""
    text = json.dumps(settings, ensure_ascii=False, indent=2) + "\n"
    (folder / FILE_NAME).write_text(text, encoding="utf-8")
    scripts = templates_folder() / "export"
    for name in SHARED:
        shutil.copyfile(scripts / name, folder / name)
    shutil.copyfile(scripts / f"summarize_{runtime}.py", folder / SCRIPT)
