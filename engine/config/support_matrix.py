"""The support matrix: which method and variant works on which kind of base model, unquantized and quantized.

The registry says what should work, the shipped proof what was tested. `methods` prints it, and the documentation has a
page of it. Knows nothing of torch, and of the proof only its file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from engine.messages import joined
from engine.methods import METHODS, BaseFacts, Family, Method, Quantization, Variant
from engine.options import describe
from engine.system import paths

State = Literal["proven", "unproven", "refused", "failed"]
Cell = tuple[str, str, str, Quantization, bool]
"""A cell of the proof: method, variant, kind, quantization, double quantization."""


@dataclass(frozen=True)
class Kind:
    """A kind of base model as methods distinguish it; `examples` are well-known models."""

    id: str
    title: str
    family: Family
    model_type: str
    examples: str


@dataclass(frozen=True)
class WeightFormat:
    """The format of a base model's weights in memory."""

    title: str
    quantization: Quantization
    double: bool = False


@dataclass(frozen=True)
class Support:
    """What is known of one cell, with the reason if it does not work."""

    state: State
    reason: str = ""


@dataclass(frozen=True)
class Row:
    """A method or one of its variants."""

    method: Method
    variant: Variant | None = None

    @property
    def title(self) -> str:
        """The title of the method or variant."""
        return self.variant.title if self.variant else self.method.title


KINDS = (
    Kind("t5", "T5 v1.1", "encoder-decoder", "t5", "FLAN-T5, t5-v1_1"),
    Kind("t5-tied", "T5 v1.0", "encoder-decoder", "t5", "t5-small, t5-base"),
    Kind("bart", "BART", "encoder-decoder", "bart", "bart, distilbart"),
    Kind("llama", "Llama", "decoder-only", "llama", "Llama, Mistral, SmolLM2"),
    Kind("gpt2", "GPT-2", "decoder-only", "gpt2", "gpt2, distilgpt2"),
)
WEIGHT_FORMATS = (
    WeightFormat("Unquantized", "none"),
    WeightFormat("int8", "int8"),
    WeightFormat("NF4", "nf4"),
    WeightFormat("NF4, double", "nf4", double=True),
)


@dataclass(frozen=True)
class Proof:
    """The results of the proof: its date, library versions, and the outcome of each cell."""

    made_at: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    outcomes: Mapping[Cell, tuple[str, str]] = field(default_factory=dict)

    @property
    def is_made(self) -> bool:
        return bool(self.outcomes)

    def find(self, row: Row, kind: Kind, weights: WeightFormat) -> Support | None:
        """Return what is known of a cell, None where the variant needs other weights.

        A refusal by the registry takes precedence over the proof: the file may be older than the registry.
        """
        given = {"quantization": weights.quantization, "double_quantization": weights.double}
        wanted = row.variant.tables.get("base_model", {}) if row.variant else {}
        if any(given.get(name, value) != value for name, value in wanted.items()):
            return None
        options = _options(row, kind.family)
        facts = BaseFacts(kind.family, kind.model_type, weights.quantization)
        refused = row.method.refusal(options, facts)
        if refused is not None:
            return Support("refused", joined(" ", (refused.message, refused.hint)))
        variant = row.variant.id if row.variant else ""
        outcome, reason = self.outcomes.get(
            (row.method.id, variant, kind.id, weights.quantization, weights.double), ("", "")
        )
        if outcome == "passed":
            return Support("proven")
        if outcome == "failed":
            return Support("failed", reason)
        return Support("unproven", "Should work, but is untested.")


def read(path: Path | None = None) -> Proof:
    """Return the shipped proof, or the one in a file; an empty one if it can't be read."""
    try:
        content = json.loads((path or paths.proof_file()).read_text(encoding="utf-8"))
        outcomes: dict[Cell, tuple[str, str]] = {}
        for cell in content["cells"]:
            key = (cell["method"], cell["variant"], cell["kind"], cell["quantization"], bool(cell["double"]))
            outcomes[key] = (str(cell["outcome"]), str(cell.get("reason", "")))
        return Proof(str(content.get("made_at", "")), dict(content.get("versions", {})), outcomes)
    except (OSError, ValueError, TypeError, KeyError):
        return Proof()


def rows() -> list[Row]:
    """Return each method, followed by its variants, in the registry's order."""
    return [Row(entry, variant) for entry in METHODS for variant in (None, *entry.variants)]


def _options(row: Row, family: Family) -> Any:
    """Return the initial options of a recipe of the row for a family."""
    entry = row.method
    if family in entry.presets:
        values = entry.preset_options(family)
    else:
        values = {info.name: info.default for info in describe(entry.options)}
    values |= row.variant.options if row.variant else {}
    return entry.options(**{name: value for name, value in values.items() if value is not None})
