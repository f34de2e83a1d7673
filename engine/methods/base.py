"""What a method is: one entry of the registry, from which forms, files, help and tests are derived.

Knows nothing of torch or PEFT: an entry names PEFT's type and translates options into PEFT's words; the worker builds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from engine.options import Options, describe

Family = Literal["encoder-decoder", "decoder-only"]
Quantization = Literal["none", "int8", "nf4", "fp4"]
Group = Literal["Low rank", "Adapters", "Soft prompts", "Selective", "Yardsticks"]

FAMILIES: tuple[Family, ...] = ("encoder-decoder", "decoder-only")


@dataclass(frozen=True)
class Preset:
    """Where a method starts on one family: its learning rate and the options that differ from their defaults."""

    learning_rate: float
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Variant:
    """A named set of options: a published refinement of the method that needs no entry of its own."""

    id: str
    title: str
    options: Mapping[str, Any]


@dataclass(frozen=True)
class Method:
    """One way of adapting a base model.

    `peft_type` is the name in PEFT's registry. `merges` says whether the result can be folded into a plain model.
    `identity_at_start` says whether the untrained adapter leaves the base's outputs as they are.
    `peft_defaults` are PEFT settings that no option decides.
    """

    id: str
    title: str
    group: Group
    summary: str
    explanation: str
    options: type[Options]
    peft_type: str
    presets: Mapping[Family, Preset]
    quantizations: tuple[Quantization, ...] = ("none",)
    merges: bool = False
    identity_at_start: bool = True
    variants: tuple[Variant, ...] = ()
    peft_defaults: Mapping[str, Any] = field(default_factory=dict)
    short: Callable[[Options], str] = lambda _: ""

    @property
    def families(self) -> tuple[Family, ...]:
        """The families the method works with."""
        return tuple(family for family in FAMILIES if family in self.presets)

    def preset_options(self, family: Family) -> dict[str, Any]:
        """Return every option's value where a new recipe for `family` starts."""
        values = {info.name: info.default for info in describe(self.options)}
        return values | dict(self.presets[family].options)

    def peft_settings(self, options: Options) -> dict[str, Any]:
        """Return `options` in PEFT's words; options that are absent or not PEFT's business are left out."""
        settings = dict(self.peft_defaults)
        for info in describe(self.options):
            value = getattr(options, info.name)
            if info.peft_name != "-" and value is not None:
                settings[info.peft_name] = list(value) if isinstance(value, tuple) else value
        return settings

    def as_dict(self) -> dict[str, Any]:
        """Return the entry in the shape that `main.py methods --json` prints."""
        return {
            "id": self.id,
            "title": self.title,
            "group": self.group,
            "summary": self.summary,
            "families": list(self.families),
            "quantizations": list(self.quantizations),
            "merges": self.merges,
            "variants": [
                {"id": variant.id, "title": variant.title, "options": dict(variant.options)}
                for variant in self.variants
            ],
            "options": [
                {"name": info.name, "title": info.title, "help": info.help, "default": info.default}
                for info in describe(self.options)
            ],
            "presets": {
                family: {"learning_rate": preset.learning_rate, **preset.options}
                for family, preset in self.presets.items()
            },
        }
