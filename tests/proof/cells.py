"""The cells of the proof: each entry of the registry, plain and in its variants, × kind of model × quantization.

Derived from the registry alone, so that a new method is proven without a line here. Knows nothing of torch.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from engine.config import model_info
from engine.config import recipe as recipes
from engine.config.recipe import Recipe
from engine.errors import Problem, RecipeError
from engine.methods import METHODS, BaseFacts, Method, Preset, Quantization, Variant, method
from engine.options import describe
from tests.helpers.tiny_models import KINDS, Kind, tiny_model

QUANTIZATIONS: tuple[tuple[Quantization, bool], ...] = (
    ("none", False), ("int8", False), ("nf4", False), ("nf4", True),
)  # fmt: skip
# FP4 differs from NF4 by its sixteen values alone: tried with a method of each kind of file, not with all.
FP4: tuple[tuple[Quantization, bool], ...] = (("fp4", False), ("fp4", True))
# What the names of shards begin with that are not the processor's, by device.
PRETEND, CUDA = "pretend-", "cuda-"
PREFIXES = {"cpu": "", "pretend": PRETEND, "cuda": CUDA}
STEPS = 6
MAX_RATE = 10.0  # that recipes take
EXAMPLES = 3
PROMPT = "Sum up: {conversation}\nSummary: "
# Settings made for real models, by option; what tiny ones have room for.
MAX_SIZES = {"rank": 4, "alpha": 8}


@dataclass(frozen=True)
class Cell:
    """One thing to prove: a method, one of its variants ("": plain), on a base model of a kind, kept so."""

    method: str
    variant: str
    kind: Kind
    quantization: Quantization
    double: bool

    @property
    def base(self) -> str:
        """The base model and how it is kept, in a word."""
        return f"{self.kind}-{self.quantization}{'+double' if self.double else ''}"

    @property
    def id(self) -> str:
        return f"{self.method}{'+' if self.variant else ''}{self.variant}-{self.base}"

    @property
    def entry(self) -> Method:
        return method(self.method)

    @property
    def by_command_line(self) -> bool:
        """Whether it is also planned and trained by the command line: unquantized, or as the variant asks for."""
        variant = self._variant()
        return self.quantization == "none" or bool(variant and "base_model" in variant.tables)

    @property
    def words(self) -> dict[str, str]:
        """What the cell can be picked by."""
        return {
            "method": self.method,
            "variant": self.variant,
            "kind": self.kind,
            "quantization": self.base.removeprefix(f"{self.kind}-"),
        }

    def recipe(self, source: Path, scale: float = 1.0) -> Recipe:
        """Return the recipe of a run of a few steps, at `scale` times the preset's learning rate.

        Raises RecipeError where the registry says that there is none.
        """
        return recipes.from_tables(self._tables(source, scale))

    def refusal(self) -> Problem | None:
        """Return why the registry says that this can't be done, None if it can."""
        options = self.entry.options.model_validate(self._options())
        return self.entry.refusal(options, self._facts())

    def _facts(self) -> BaseFacts:
        return _facts_of(self.kind, self.quantization)

    def _preset(self) -> Preset | None:
        family = self._facts().family
        return self.entry.presets.get(family) if family else None

    def _variant(self) -> Variant | None:
        return next((each for each in self.entry.variants if each.id == self.variant), None)

    def _options(self) -> dict[str, Any]:
        preset, variant = self._preset(), self._variant()
        options = {info.name: info.default for info in describe(self.entry.options)}
        options |= dict(preset.options) if preset else {}
        options |= dict(variant.options) if variant else {}
        sized = {name: min(options[name], most) for name, most in MAX_SIZES.items() if options.get(name)}
        return {name: value for name, value in (options | sized).items() if value is not None}

    def _tables(self, source: Path, scale: float) -> dict[str, Any]:
        preset = self._preset()
        rate = preset.learning_rate if preset and self.entry.trains else 1e-3
        tables: dict[str, dict[str, Any]] = {
            "base_model": {
                "id": str(tiny_model(self.kind)), "precision": "float32", "quantization": self.quantization,
                "double_quantization": self.double,
            },
            "data": {"source": str(source), "prompt": PROMPT},
            "method": {"id": self.method, **self._options()},
            "training": {
                "epochs": STEPS, "batch_size": EXAMPLES, "learning_rate": min(rate * scale, MAX_RATE),
                "schedule": "constant", "device": "cpu",
            },
        }  # fmt: skip
        variant = self._variant()
        for name, values in (variant.tables if variant else {}).items():
            tables[name] = dict(tables[name]) | dict(values)
        return {"name": self.id, **tables}


@cache
def _facts_of(kind: Kind, quantization: Quantization) -> BaseFacts:
    return model_info.read(tiny_model(kind), quantization)


def all_cells(quantizations: Iterable[tuple[Quantization, bool]] = QUANTIZATIONS) -> list[Cell]:
    """Return every cell, those of one base model together, in the registry's order."""
    return [
        Cell(entry.id, variant, kind, quantization, double)
        for kind in KINDS
        for quantization, double in quantizations
        for entry in METHODS
        for variant in _variants(entry, quantization, double)
    ]


def _variants(entry: Method, quantization: Quantization, double: bool) -> Iterator[str]:
    """Yield the plain entry and the variants that ask for no other base than this one."""
    yield ""
    for variant in entry.variants:
        asked = variant.tables.get("base_model", {})
        here = {"quantization": quantization, "double_quantization": double}
        if all(here.get(name, value) == value for name, value in asked.items()):
            yield variant.id


def shards(cells: Iterable[Cell]) -> dict[str, list[Cell]]:
    """Return the cells by kind of base model: each kind is proven in a process of its own."""
    return {kind: list(group) for kind, group in groupby(cells, key=lambda cell: cell.kind)}


def chosen(cells: list[Cell], words: Iterable[str]) -> list[Cell]:
    """Return the cells that the words pick: any of those of one kind of word, and all kinds together.

    Raises RecipeError for a word that picks nothing.
    """
    for word in words:
        if not any(word in cell.words.values() for cell in cells):
            known = sorted({each for cell in cells for each in cell.words.values() if each})
            raise RecipeError((Problem("--only", f'"{word}" picks nothing.', f"Known: {', '.join(known)}."),))
    for axis in Cell("", "", "t5", "none", False).words:
        named = {cell.words[axis] for cell in cells} & set(words)
        cells = [cell for cell in cells if not named or cell.words[axis] in named]
    return cells
