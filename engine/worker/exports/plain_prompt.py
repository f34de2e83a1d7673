"""Writes an adapter's prompt and decoding as a file that a short script without Tunesmith can follow."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transformers import GenerationConfig, PreTrainedTokenizerBase

from engine.adapters.library import Adapter
from engine.adapters.metadata import PromptFacts
from engine.config.decoding import DecodingOptions
from engine.methods import Family
from engine.system.paths import templates_folder
from engine.worker.dataset.prompter import Prompter
from engine.worker.dataset.prompting import prompter_from_metadata
from engine.worker.generation.generate import generation_config
from engine.worker.modeling.base_models import LoadedBase

FILE_NAME = "prompt.json"
SHARED = ("prompting.py", "command.py")
SCRIPT = "summarize.py"


@dataclass(frozen=True)
class Prompt:
    """How an adapter is asked and how its answer is decoded: for plain `generate`, and for a plain script.

    `stops` are the texts of the tokens that end an answer.
    """

    decoding: GenerationConfig
    settings: dict[str, Any]
    stops: list[str]


def of_adapter(adapter: Adapter, base: LoadedBase) -> Prompt | None:
    """Return an adapter's own prompt, None for one of others that does not say how it is asked."""
    facts = adapter.metadata.prompt
    if facts is None:
        return None
    prompter = prompter_from_metadata(facts, base, facts.max_conversation_tokens, facts.max_new_tokens)
    options = DecodingOptions(beams=facts.beams, max_new_tokens=facts.max_new_tokens)
    decoding = generation_config(base.model, base.tokenizer, options, prompter.end_tokens)
    if facts.beams > 1:
        decoding.num_beams, decoding.early_stopping = facts.beams, True
        decoding.length_penalty = options.length_penalty
    found = settings(prompter, base.tokenizer, base.family, facts, decoding.eos_token_id)
    return Prompt(decoding, found, [base.tokenizer.decode([token]) for token in found["end_tokens"]])


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
        # A decoder continues its prompt, which therefore must not end.
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
