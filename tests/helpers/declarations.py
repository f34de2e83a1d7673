"""All settings, found by introspection, and hypothesis strategies for their values."""

from typing import Any

from hypothesis import strategies as st

from engine.config.data_options import DataOptions
from engine.config.decoding import SummarizeOptions
from engine.config.recipe import BaseModelOptions
from engine.config.training import EvaluationOptions, TrainingOptions
from engine.methods import METHODS, BaseFacts, Method
from engine.options import MAX_WHOLE, OptionInfo, Options, describe
from engine.text import languages

TABLES: dict[str, type[Options]] = {
    "base_model": BaseModelOptions,
    "data": DataOptions,
    "training": TrainingOptions,
    "evaluation": EvaluationOptions,
}

DECLARATIONS: dict[str, type[Options]] = (
    TABLES | {"summarize": SummarizeOptions} | {f"method.{entry.id}": entry.options for entry in METHODS}
)

SETTINGS: list[tuple[type[Options], OptionInfo]] = [
    (declaration, info) for declaration in DECLARATIONS.values() for info in describe(declaration)
]

# What one form field can hold: no control characters, which TOML has no way to write in a plain string.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
# These may only be empty, or follow a pattern, or go with other settings only, in this version.
FIXED: dict[str, st.SearchStrategy[Any]] = {
    "columns": st.just({}),
    "exclude": st.just(()),
    "mask": st.just(()),
    "device": st.sampled_from(["auto", "cpu", "mps", "xpu", "cuda", "cuda:3"]),
    "language": st.sampled_from(["auto", *languages.LANGUAGES]),
    "prompt": TEXT.map(lambda text: text + "{conversation}"),
    "quantization": st.just("none"),
    "best_by": st.just("loss"),
    "max_summary_tokens": st.just(0) | st.integers(4, 65_536),
}


def values(info: OptionInfo) -> st.SearchStrategy[Any]:
    """Return a strategy for every value that one setting can have."""
    if info.name in FIXED:
        return FIXED[info.name]
    drawn = _KINDS[info.kind](info)
    return st.none() | drawn if info.optional else drawn


def _whole(info: OptionInfo) -> st.SearchStrategy[int]:
    least = int(info.minimum if info.minimum is not None else -MAX_WHOLE)
    most = int(info.maximum if info.maximum is not None else MAX_WHOLE)
    return st.integers(least + info.minimum_excluded, most - info.maximum_excluded)


def _real(info: OptionInfo) -> st.SearchStrategy[float]:
    return st.floats(
        info.minimum, info.maximum, exclude_min=info.minimum_excluded, exclude_max=info.maximum_excluded,
        allow_nan=False, allow_infinity=False,
    )  # fmt: skip


_KINDS: dict[str, Any] = {
    "int": _whole,
    "float": _real,
    "bool": lambda _info: st.booleans(),
    "choice": lambda info: st.sampled_from(info.choices),
    "text": lambda _info: TEXT,
    "texts": lambda _info: st.lists(TEXT, min_size=1, max_size=4).map(tuple),
}


def tables(entry: Method) -> st.SearchStrategy[dict[str, Any]]:
    """Return a strategy for the tables of every recipe with one method."""
    drawn = {name: st.fixed_dictionaries(_all(declaration)) for name, declaration in TABLES.items()}
    if not entry.checkpoints_activations:
        drawn["training"] = drawn["training"].map(lambda table: {**table, "activation_checkpointing": False})
    if not entry.shards:
        drawn["training"] = drawn["training"].map(lambda table: {**table, "shard": False})
    settings = st.fixed_dictionaries(_all(entry.options)).map(lambda table: _reconciled(entry, table))
    method = st.builds(lambda table, start_from: _method_table(entry, table, start_from), settings, TEXT)
    return st.fixed_dictionaries({"name": TEXT.filter(str.strip), "method": method, **drawn})


def _reconciled(entry: Method, drawn: dict[str, Any]) -> dict[str, Any]:
    """Return the drawn settings, with the default in the place of each that does not go with those before."""
    found = {info.name: info.default for info in describe(entry.options)}
    for name, value in drawn.items():
        changed = found | {name: value}
        if entry.refusal(entry.options.model_validate(changed), BaseFacts()) is None:
            found = changed
    return found


def _method_table(entry: Method, settings: dict[str, Any], start_from: str) -> dict[str, Any]:
    goes_on = entry.whole_in_file(entry.options.model_validate(settings))
    return {"id": entry.id, "start_from": start_from if goes_on else "", **settings}


def _all(declaration: type[Options]) -> dict[str, st.SearchStrategy[Any]]:
    return {info.name: values(info) for info in describe(declaration)}
