"""What a run is called that nobody named: its base model, its data and its method with the main setting.

Such a name is never written down, since it would stay when what it names changes.
"""

from __future__ import annotations

from pathlib import PurePath

from engine.config.data_options import DataOptions
from engine.methods import Method
from engine.options import Options

SEPARATOR = " · "


def automatic_name(
    base_id: str, quantization: str, data: DataOptions, method: Method, options: Options
) -> str:
    """Return a name such as `starter · chats.csv · LoRA r 32`, or `starter (NF4) · …` of a quantized base."""
    form = "" if quantization == "none" else f" ({quantization.upper().replace('INT', 'int')})"
    title = f"{method.title} {main_setting(data, method, options)}".strip()
    return SEPARATOR.join((_last_part(base_id) + form, _last_part(data.source), title))


def main_setting(data: DataOptions, method: Method, options: Options) -> str:
    """Return what tells a method's adapters apart at a glance; of a prompt, how many examples it shows."""
    if method.trains:
        return method.short(options)
    return f"{data.shots}-shot" if data.shots else "zero-shot"


def given_name(name: str, base_id: str, data: DataOptions, method: Method) -> str:
    """Return the name in a recipe if a person gave it, else "": 0.1.0 wrote its own down too."""
    own = f"{PurePath(base_id).name} on {PurePath(data.source).stem} with {method.title}"
    return "" if name == own else name


def at_step(name: str, step: int) -> str:
    """Return the name of an adapter as it is at a step of its run."""
    return f"{name}{SEPARATOR}step {step}"


def _last_part(place: str) -> str:
    return PurePath(place).name or place
