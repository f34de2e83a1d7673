"""What a run is called that nobody named: its base model, its data and its method with the main setting.

Such a name is never written down, since it would stay when what it names changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath

from engine.config.data_options import DataOptions
from engine.methods import Method, Variant
from engine.options import Options
from engine.text.escaping import file_name

SEPARATOR = " · "


def automatic_name(
    base_id: str, data: DataOptions, method: Method, options: Options, around: Mapping[str, Options]
) -> str:
    """Return a name such as `starter · chats.csv · LoRA r 32`, or `starter (int8) · …` of a quantized base.

    `around` has the tables of a recipe that decide the method's variant too: `base_model` and `training`.
    """
    variant = _variant(method, options, around)
    quantization = getattr(around["base_model"], "quantization", "none")
    in_variant = variant is not None and "quantization" in variant.tables.get("base_model", {})
    bits = quantization if quantization.startswith("int") else quantization.upper()
    form = "" if quantization == "none" or in_variant else f" ({bits})"
    title = f"{_method_title(method, variant)} {main_setting(data, method, options)}".strip()
    return SEPARATOR.join((_last_part(base_id) + form, _last_part(data.source), title))


def shared_name(base_id: str, data: DataOptions) -> str:
    """Return a name for several runs on one base model and one data set: `starter · chats.csv`."""
    return SEPARATOR.join((_last_part(base_id), _last_part(data.source)))


def _variant(method: Method, options: Options, around: Mapping[str, Options]) -> Variant | None:
    """Return the variant that a recipe is, the one that says most of it."""
    matching = [
        variant
        for variant in method.variants
        if all(getattr(options, name) == value for name, value in variant.options.items())
        and all(
            getattr(around[table], name) == value
            for table, values in variant.tables.items()
            if table in around
            for name, value in values.items()
        )
    ]
    return max(matching, key=lambda variant: len(variant.options) + len(variant.tables), default=None)


def _method_title(method: Method, variant: Variant | None) -> str:
    """Return the name that the variant has by itself (QLoRA), or the method's with it."""
    if variant is None:
        return method.title
    stands_alone = " " not in variant.title or method.title in variant.title
    return variant.title if stands_alone else f"{method.title}, {variant.title},"


def main_setting(data: DataOptions, method: Method, options: Options) -> str:
    """Return what tells a method's adapters apart at a glance; of a prompt, how many examples it shows."""
    if method.trains:
        return method.short(options)
    return f"{data.shots}-shot" if data.shots else "zero-shot"


def given_name(name: str, base_id: str, data: DataOptions, method: Method) -> str:
    """Return the name in a recipe if a person gave it, else "": 0.1.0 wrote its own down too."""
    own = f"{PurePath(base_id).name} on {PurePath(data.source).stem} with {method.title}"
    return "" if name == own else name


def plain_file_name(name: str) -> str:
    """Return a name as that of a file or folder, easy to type: `starter-chats.csv-lora-r-32`."""
    return file_name("-".join(name.replace(SEPARATOR, " ").lower().split()))


def at_step(name: str, step: int) -> str:
    """Return the name of an adapter as it is at a step of its run."""
    return f"{name}{SEPARATOR}step {step}"


def _last_part(place: str) -> str:
    return PurePath(place).name or place
