"""Typed options with title, help, bounds and unit, declared once.

Forms, validation, the comments in recipe files, the help page and tests derive from the declarations. Knows nothing of
Qt and of no particular option.
"""

from __future__ import annotations

import difflib
import math
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, cast

import tomlkit
import tomlkit.items
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, PydanticKnownError

from engine.errors import Problem, each
from engine.messages import say

# As most programs hold a whole number, the window's controls among them.
MAX_WHOLE = 2**31 - 1
# Of an unknown key so many characters are told.
MAX_KEY = 100

Level = Literal["basic", "advanced"]
Kind = Literal["int", "float", "bool", "choice", "text", "texts", "table"]


class Options(BaseModel):
    """A group of options: frozen, and strict about unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, validate_default=True)

    @field_validator("*")
    @classmethod
    def _is_not_immense(cls, value: object) -> object:
        if isinstance(value, int) and abs(value) > MAX_WHOLE:
            raise PydanticKnownError("less_than_equal", {"le": MAX_WHOLE})
        return value


T = TypeVar("T", bound=Options)


def option(
    default: Any,
    title: str,
    help: str,
    *,
    level: Level = "advanced",
    unit: str = "",
    peft_name: str = "",
    control: str = "",
    suggestions: tuple[str, ...] = (),
    zero: str = "",
    form: str = "",
    follows: str = "",
    **bounds: Any,
) -> Any:
    """Declare one option.

    `level` is the first form level that shows it, `unit` is shown after the control, `peft_name` is PEFT's name for it
    ("": the same name, "-": PEFT has no such option), `control` asks for a special control ("slider", "chips",
    "patterns", "prompt", "source", "model"), `suggestions` are values to offer where others are allowed too, `zero` is
    the word for 0 where it is no amount ("all", "none"), `form` is the message for a text that its `pattern` refuses.
    `follows` is the table of a recipe that the value is chosen for ("base_model", "data"): a form sets it anew with
    another one. `bounds` are pydantic's: ge, gt, le, lt, min_length, pattern.
    """
    extra: dict[str, Any] = {
        "level": level,
        "unit": unit,
        "peft_name": peft_name,
        "control": control,
        "suggestions": suggestions,
        "zero": zero,
        "form": form,
        "follows": follows,
    }
    return Field(default, title=title, description=help, json_schema_extra=extra, **bounds)


@dataclass(frozen=True)
class OptionInfo:
    """The declaration of one option, for forms, comments and the help page."""

    name: str
    title: str
    help: str
    kind: Kind
    default: Any
    optional: bool
    level: Level
    unit: str
    control: str
    peft_name: str
    choices: tuple[str, ...]
    suggestions: tuple[str, ...]
    zero: str
    follows: str
    minimum: float | None
    minimum_excluded: bool
    maximum: float | None
    maximum_excluded: bool


def describe(options: type[Options]) -> tuple[OptionInfo, ...]:
    """Return the options of a group, in the order of declaration."""
    return tuple(_info(name, field) for name, field in options.model_fields.items())


def _info(name: str, field: FieldInfo) -> OptionInfo:
    extra = cast(dict[str, Any], field.json_schema_extra or {})
    kind, choices, optional = _kind(field.annotation)
    minimum, minimum_excluded = _bound(field, "ge", "gt")
    maximum, maximum_excluded = _bound(field, "le", "lt")
    return OptionInfo(
        name=name,
        title=field.title or name,
        help=field.description or "",
        kind=kind,
        default=field.get_default(call_default_factory=True),
        optional=optional,
        level=extra.get("level", "advanced"),
        unit=extra.get("unit", ""),
        control=extra.get("control", ""),
        peft_name=extra.get("peft_name", "") or name,
        choices=choices,
        zero=extra.get("zero", ""),
        follows=extra.get("follows", ""),
        suggestions=extra.get("suggestions", ()),
        minimum=minimum,
        minimum_excluded=minimum_excluded,
        maximum=maximum,
        maximum_excluded=maximum_excluded,
    )


def _kind(annotation: Any) -> tuple[Kind, tuple[str, ...], bool]:
    members = (annotation,)
    if isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union:
        members = typing.get_args(annotation)
    optional = type(None) in members
    inner = next(member for member in members if member is not type(None))
    origin = typing.get_origin(inner)
    if origin is Literal:
        return "choice", tuple(typing.get_args(inner)), optional
    if origin in (list, tuple):
        return "texts", (), optional
    if origin is dict:
        return "table", (), optional
    kinds: dict[Any, Kind] = {bool: "bool", int: "int", float: "float", str: "text"}
    return kinds[inner], (), optional


def commented_table(values: Mapping[str, Any], options: type[Options]) -> tomlkit.items.Table:
    """Return a group's values as a TOML table with the help of each option beside its value."""
    table = tomlkit.table()
    declared = {info.name: info for info in describe(options)}
    for name, value in values.items():
        if isinstance(value, dict):
            inline = tomlkit.inline_table()
            inline.update(value)
            table.add(name, inline)
            continue
        item = tomlkit.item(value)
        if info := declared.get(name):
            # The file says what 0 means, where the form has a word instead.
            item.comment(f"{info.help} 0: {info.zero}." if info.zero else info.help)
        table.add(name, item)
    return table


def _bound(field: FieldInfo, inclusive: str, exclusive: str) -> tuple[float | None, bool]:
    for rule in field.metadata:
        for attribute, excluded in ((inclusive, False), (exclusive, True)):
            value = getattr(rule, attribute, None)
            if value is not None:
                return float(value), excluded
    return None, False


def check(options: type[T], values: Mapping[str, Any], prefix: str) -> tuple[T | None, list[Problem]]:
    """Validate `values` against a declaration; return the options, or None and every problem.

    The fields of problems are dotted names below `prefix`.
    """
    unknown = unknown_keys(
        [name for name in values if name not in options.model_fields], options.model_fields, prefix
    )
    try:
        found = options.model_validate(_known(options, values))
    except ValidationError as error:
        # Of a list with many wrong values the first is told.
        first = {detail["loc"][:1]: detail for detail in reversed(error.errors())}
        return None, [*(_problem(options, detail, prefix) for detail in reversed(first.values())), *unknown]
    return (None if unknown else found), unknown


def _known(options: type[Options], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of known options; lists are converted for tuples, nothing else is."""
    return {
        name: tuple(values[name]) if isinstance(values[name], list) else values[name]
        for name in options.model_fields
        if name in values
    }


def _problem(options: type[Options], detail: ErrorDetails, prefix: str) -> Problem:
    name = str(detail["loc"][0]) if detail["loc"] else ""
    field = f"{prefix}.{name}" if prefix and name else prefix or name
    if detail["type"] == "missing":
        declared = options.model_fields.get(name)
        return Problem(field, say("{} is missing.", field), _info(name, declared).help if declared else "")
    return Problem(field, _message(options, name, detail))


def unknown_keys(names: Sequence[str], known: Iterable[str], prefix: str) -> list[Problem]:
    """Return the problems of unknown keys in a table, each with the nearest known one as its hint."""
    return each(names, lambda name: unknown_key(f"{prefix}." if prefix else "", name, known), prefix)


def unknown_key(prefix: str, name: str, known: Iterable[str]) -> Problem:
    """Return the problem of an unknown key, with the nearest known one as its hint."""
    field, near = f"{prefix}{name[:MAX_KEY]}", difflib.get_close_matches(name[:MAX_KEY], list(known), n=1)
    return Problem(field, say("{} is not known.", field), say("Did you mean {}?", near[0]) if near else "")


# A field of a form shows what follows its own title.
_MESSAGES = {
    "greater_than_equal": "{}: at least {}.",
    "greater_than": "{}: more than {}.",
    "less_than_equal": "{}: at most {}.",
    "less_than": "{}: less than {}.",
    "literal_error": "{}: one of {}.",
    "int_type": "{}: a whole number.",
    "float_type": "{}: a number.",
    "bool_type": "{}: true or false.",
    "string_type": "{}: a text.",
    "tuple_type": "{}: a list.",
    "dict_type": "{}: a table.",
    "string_too_short": "{}: it is empty.",
    "too_short": "{}: choose at least one.",
    "finite_number": "{}: a finite number.",
}


def _message(options: type[Options], name: str, detail: ErrorDetails) -> str:
    declared = options.model_fields.get(name)
    kind, title = detail["type"], (declared.title if declared and declared.title else name) or "The value"
    if kind == "string_pattern_mismatch":
        extra = options.model_fields[name].json_schema_extra
        return str(extra["form"]) if isinstance(extra, dict) else ""
    if isinstance(detail["input"], float) and math.isnan(detail["input"]):
        return say("{}: a number.", title)
    message = _MESSAGES.get(kind)
    if message is None:
        return say("{}: {}.", title, detail["msg"].removeprefix("Value error, ").rstrip(".").lower())
    return say(message, title, *map(_limit_text, detail.get("ctx", {}).values()))


def _limit_text(value: object) -> str:
    """Return a limit as people write it; of names that may be chosen pydantic quotes each."""
    if isinstance(value, (int, float)):
        return f"{int(value):,}" if value == int(value) else f"{value:g}"
    return str(value).replace("'", "")
