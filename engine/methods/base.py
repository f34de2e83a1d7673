"""A method: one entry of the registry, from which forms, files, help, import checks and tests are derived.

An entry translates options into PEFT's settings and says on which base models the method can't be used, before
anything is loaded. Its tuner declares what an adapter of it may hold: PEFT executes a configuration while it loads an
adapter. It reads the files and models that are named there, allocates the sizes that are asked for, and runs patterns
over module names. `engine.adapters.peft_config_policy` checks every configuration against these declarations first.
Imports neither torch nor PEFT.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from engine.errors import Problem
from engine.messages import say
from engine.methods.sketches import DEFAULTS, Place, Sketch
from engine.options import Options, check, describe

Family = Literal["encoder-decoder", "decoder-only"]
Quantization = Literal["none", "int8", "nf4", "fp4"]
Group = Literal["Low rank", "Reparameterizations", "Adapters", "Soft prompts", "Selective", "Yardsticks"]

FAMILIES: tuple[Family, ...] = ("encoder-decoder", "decoder-only")
QUANTIZATIONS: tuple[Quantization, ...] = ("none", "int8", "nf4", "fp4")
# Model types whose weights are in Conv1D layers: linear layers with a transposed weight.
CONV1D_MODELS = ("gpt2", "openai-gpt")
_BASES: Mapping[Quantization, str] = {
    "none": "an unquantized base",
    "int8": "an int8 base",
    "nf4": "an nf4 base",
    "fp4": "an fp4 base",
}


@dataclass(frozen=True)
class BaseFacts:
    """What is known of a base model without loading it; "" or None where it is not known.

    `positions` is the size of the context window, None for models without position embeddings. `biases` says whether
    the configuration asks for biases, which some model types have only then. `precision` is what it is computed in.
    """

    family: Family | None = None
    model_type: str = ""
    quantization: Quantization = "none"
    positions: int | None = None
    biases: bool = False
    precision: str = ""


KeyKind = Literal[
    "flag",  # true or false
    "number",
    "whole",  # a whole number
    "size",  # a whole number, not negative
    "count",  # a small size, for what PEFT repeats that often
    "text",
    "texts",
    "names",  # module names
    "modules",  # module names, or a regular expression for them
    "layers",  # indices of layers
    "sizes_by_pattern",
    "numbers_by_pattern",
    "ranks_by_pattern",  # sizes, or for each rank whether it was kept
    "table",  # anything; for records that nothing reads
]
KeyRule = KeyKind | tuple[Any, ...]
"""Which values a key may have; a tuple lists them. Null is allowed for every key."""

Dimension = tuple[str, int]
"""A part of a tensor's name and the index of one of its dimensions."""


@dataclass(frozen=True)
class Tuner:
    """A PEFT type: one of PEFT's own, or one of `engine.worker.adapters.tuners`.

    `keys` are the keys of its configuration that no option of its methods declares, or that may have more values than
    the option. `sizes` name the dimension that a size is checked against; a size that is not here must be limited by
    the base model's own layers. `tensors` are the prefixes of its tensors' names, "<type>_" by default; with
    `virtual_tokens` they are whole names besides "prompt_embeddings". `virtual_tokens` says where trained vectors are
    inserted: before the input, or as keys and values. `hooks` is the path of a
    `engine.worker.adapters.method_hooks.MethodHooks` for what PEFT does not do.
    `is_own` says that plain PEFT does not know the type.
    """

    peft_type: str
    hooks: str = ""
    keys: Mapping[str, KeyRule] = field(default_factory=dict)
    sizes: Mapping[str, tuple[Dimension, ...]] = field(default_factory=dict)
    tensors: tuple[str, ...] = ()
    virtual_tokens: Literal["", "input", "keys_and_values"] = ""
    is_own: bool = False

    @property
    def tensor_names(self) -> tuple[str, ...]:
        """The prefixes of its tensors' names; the whole names where it trains virtual tokens."""
        if self.virtual_tokens:
            return ("prompt_embeddings", *self.tensors)
        return self.tensors or (f"{self.peft_type.lower()}_",)


Rule = Callable[[Any, BaseFacts], "Problem | None"]
"""Returns why the method's options can't be used on a base, or None."""


@dataclass(frozen=True)
class Preset:
    """The learning rate of a method on one family, and the options that differ from their defaults."""

    learning_rate: float
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Variant:
    """A named set of options: a published refinement of the method.

    `summary` describes it in one line. `tables` are values of other tables of the recipe that belong to it:
    {"base_model": {"quantization": "nf4"}}.
    """

    id: str
    title: str
    options: Mapping[str, Any]
    tables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    summary: str = ""


@dataclass(frozen=True)
class Method:
    """One way of adapting a base model.

    `tuner` is None for what trains nothing. `merges` says whether the adapter can be merged into the base model,
    `identity_at_start` whether the untrained adapter leaves the base's outputs unchanged. `peft_defaults` are settings
    of PEFT that are no options. `places` say where the trainable parameters are, `placed` where the options decide it,
    `sketch` draws what is trained if it is not drawn as `places` are. `nearest` is the method to take where this one
    can't be used. `linear_only` says that it can't change Conv1D layers; a quantized base has linear layers instead.
    `rule` says what else it can't do beyond families and quantizations. `checkpoints_activations` says whether
    activation checkpointing works with it, `shards` whether the base model can be sharded over GPUs, `whole_in_file`
    whether an adapter's file holds all trained parameters, so that a later run can continue from it.
    `beyond_peft` says what of its training PEFT alone can't do, "" if it can do all.
    """

    id: str
    title: str
    group: Group
    summary: str
    explanation: str
    options: type[Options]
    tuner: Tuner | None
    presets: Mapping[Family, Preset]
    quantizations: tuple[Quantization, ...] = ("none",)
    merges: bool = False
    identity_at_start: bool = True
    variants: tuple[Variant, ...] = ()
    peft_defaults: Mapping[str, Any] = field(default_factory=dict)
    short: Callable[[Any], str] = lambda _: ""
    places: tuple[Place, ...] = ("weights",)
    placed: Callable[[Any], tuple[Place, ...]] | None = None
    sketch: Sketch | None = None
    nearest: str = "lora"
    linear_only: bool = False
    rule: Rule = lambda options, base: None  # noqa: ARG005
    checkpoints_activations: bool = True
    shards: bool = True
    whole_in_file: Callable[[Any], bool] = lambda _: True
    beyond_peft: Callable[[Any, BaseFacts], str] = lambda options, base: ""  # noqa: ARG005

    def read_options(self, table: Mapping[str, Any]) -> tuple[Options | None, list[Problem]]:
        """Return the options that a recipe's table gives, None if they can't be read, and every problem."""
        return check(self.options, table, "method")

    def refusal(self, options: Options | None, base: BaseFacts) -> Problem | None:
        """Return why the method can't be used on `base` with these options, None if it can; the hint says what works.

        Without options (they can't be read) only what is true of all of them is checked.
        """
        if base.family is not None and base.family not in self.presets:
            message = say("{} doesn't work with {} models.", self.title, base.family)
            return Problem(
                "method.id", message, say("The closest method that works: {}.", named(self.nearest))
            )
        if base.quantization not in self.quantizations:
            return self._quantization_refusal(options, base)
        return self._rule_refusal(options, base)

    def _rule_refusal(self, options: Options | None, base: BaseFacts) -> Problem | None:
        if options is None:
            return None
        if self.linear_only and base.model_type in CONV1D_MODELS and base.quantization == "none":
            return Problem(
                "method.id",
                say("{} needs linear layers; {} has Conv1D.", self.title, base.model_type),
                say("The closest method that works: {}.", named("lora")),
            )
        return self.rule(options, base)

    def _quantization_refusal(self, options: Options | None, base: BaseFacts) -> Problem | None:
        """Return which quantizations work, or the refusal of a rule that none of them satisfies."""
        refusals = {
            kind: self._rule_refusal(options, replace(base, quantization=kind)) for kind in self.quantizations
        }
        works = [_BASES[kind] for kind, problem in refusals.items() if problem is None]
        if not works:
            return refusals[self.quantizations[0]]
        message = say("{} doesn't work on {}.", self.title, _BASES[base.quantization])
        return Problem("base_model.quantization", message, say("It works on {}.", " or ".join(works)))

    def places_of(self, options: Options) -> tuple[Place, ...]:
        """Return where the trainable parameters are under these options."""
        return self.placed(options) if self.placed else self.places

    def sketch_of(self, options: Options | None = None) -> Sketch:
        """Return the drawing of what is trained, under these options if there are any."""
        places = self.places_of(options) if options is not None else self.places
        return self.sketch or DEFAULTS[places[0]]

    @property
    def trains(self) -> bool:
        """Whether anything is trained; prompting trains nothing."""
        return self.tuner is not None

    @property
    def peft_type(self) -> str:
        """The name in PEFT's registry, "" if nothing is trained."""
        return self.tuner.peft_type if self.tuner else ""

    @property
    def families(self) -> tuple[Family, ...]:
        return tuple(family for family in FAMILIES if family in self.presets)

    def preset_options(self, family: Family) -> dict[str, Any]:
        """Return the value of every option in a new recipe for `family`."""
        values = {info.name: info.default for info in describe(self.options)}
        return values | dict(self.presets[family].options)

    def peft_settings(self, options: Options) -> dict[str, Any]:
        """Return `options` as PEFT's settings, without those that are None or that PEFT does not have."""
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
            "trains": self.trains,
            "variants": [
                {
                    "id": variant.id,
                    "title": variant.title,
                    "summary": variant.summary,
                    "options": dict(variant.options),
                    **variant.tables,
                }
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


REGISTRY: list[Method] = []
"""Every method, in the order in which they are offered; `engine.methods` fills it."""


def method(method_id: str) -> Method:
    """Return the entry with this id. Raises KeyError for an unknown one."""
    for entry in REGISTRY:
        if entry.id == method_id:
            return entry
    raise KeyError(method_id)


def methods_of(peft_type: str) -> list[Method]:
    """Return the methods of a PEFT type; several may share one."""
    return [entry for entry in REGISTRY if entry.tuner is not None and entry.peft_type == peft_type]


def tuner_of(peft_type: str) -> Tuner | None:
    """Return the tuner of a PEFT type, None for one that no method uses."""
    return next((entry.tuner for entry in methods_of(peft_type)), None)


def named(method_id: str) -> str:
    """Return what a text calls a method: its title, as the form shows it."""
    return method(method_id).title
