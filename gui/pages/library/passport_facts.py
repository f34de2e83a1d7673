"""What a passport says, as pairs of label and value in words. Knows no widget."""

from __future__ import annotations

from typing import Any

from engine.api import METHODS, Passport, describe, prompts
from gui.look.format import bytes_text, compact, number, plain
from gui.models.words import base_words, grouped_digits

Fact = tuple[str, str]
_METHODS = {entry.id: entry for entry in METHODS}
_HIDDEN = {"target_modules", "bias", "rs_lora"}
MOST_TARGETS = 4


def made_from(passport: Passport) -> list[Fact]:
    """Return where an adapter comes from."""
    base, data, training = passport.base_model, passport.data, passport.training
    trained_on = f"{number(data.train)} examples" if data.train else ""
    if data.excluded:
        trained_on += f", {number(data.excluded)} excluded"
    if data.masked:
        trained_on += f", personal data masked in {number(data.masked)} places"
    return [
        ("Base model", base_words(base.id)),
        ("Revision", base.revision if base.revision not in {"", "main"} else ""),
        ("Precision", _precision(passport)),
        ("Data", data.source),
        ("Data fingerprint", grouped_digits(data.fingerprint[:12])),
        ("Data licence", data.licence),
        ("Trained on", trained_on),
        ("Went on from", training.start_from),
        ("Run", training.run),
    ]


def _precision(passport: Passport) -> str:
    base = passport.base_model
    return (
        base.precision
        if base.quantization == "none"
        else f"{base.precision}, {base.quantization.upper()}".strip(", ")
    )


def method_facts(passport: Passport) -> list[Fact]:
    """Return how an adapter was trained."""
    method, training = passport.method, passport.training
    return [
        (
            method.title or method.id,
            _options(method.id, method.options) or ("as imported" if not training.run else ""),
        ),
        ("Applied to", _applied_to(passport)),
        ("Trainable", _trainable(passport)),
        ("Prompt", _prompt(passport)),
        (
            "Examples in it",
            number(len(passport.prompt.shots)) if passport.prompt and passport.prompt.shots else "",
        ),
        ("Learning rate", plain(method.learning_rate) if method.learning_rate else ""),
        ("Kept step", _kept_step(passport)),
        ("Peak memory", bytes_text(training.peak_memory_bytes) if training.peak_memory_bytes else ""),
        ("Seed", str(training.seed) if training.run else ""),
        ("Made with", _made_with(passport.versions)),
    ]


def _options(method_id: str, options: dict[str, Any]) -> str:
    """Return the options that matter most: "rank 32, alpha 32, dropout 0.05"."""
    entry = _METHODS.get(method_id)
    titles = {info.name: info.title.lower() for info in describe(entry.options)} if entry else {}
    shown = []
    for name, value in options.items():
        if name in _HIDDEN and not (name == "rs_lora" and value):
            continue
        title = titles.get(name, name)
        if isinstance(value, bool):
            shown += [title] if value else []
        elif isinstance(value, int | float):
            shown.append(f"{title} {plain(value)}")
        elif isinstance(value, str):
            shown.append(f"{title} {value}")
    return ", ".join(shown)


def _applied_to(passport: Passport) -> str:
    targets = passport.method.targets
    if not targets:
        return ""
    names = ", ".join(targets[:MOST_TARGETS]) + ("…" if len(targets) > MOST_TARGETS else "")
    return f"{names} in {number(passport.method.matrices)} matrices" if passport.method.matrices else names


def _trainable(passport: Passport) -> str:
    training = passport.training
    if not training.trainable_parameters:
        return ""
    return f"{number(training.trainable_parameters)} of {compact(training.all_parameters)}"


def _prompt(passport: Passport) -> str:
    """Return the name of the template that an adapter was made with; the words of one that has none."""
    if passport.prompt is None:
        return ""
    named = prompts.named(passport.prompt.template)
    return named.name if named else " ".join(passport.prompt.template.split())


def _kept_step(passport: Passport) -> str:
    training = passport.training
    if not training.step:
        return ""
    told = (
        f"{number(training.step)} of {number(training.total_steps)}"
        if training.total_steps
        else number(training.step)
    )
    return f"{told}, stopped early" if training.stopped else told


def _made_with(versions: dict[str, str]) -> str:
    wanted = (("tunesmith", "Tunesmith"), ("peft", "peft"))
    return ", ".join(f"{title} {versions[name]}" for name, title in wanted if name in versions)
