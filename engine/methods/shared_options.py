"""Options that several methods have in common, and the short name that tells an adapter's rank."""

from __future__ import annotations

from typing import Any, TypeAlias

from engine.messages import say
from engine.options import Options, option

Targets: TypeAlias = tuple[str, ...] | None


def rank_option(default: int, help: str, *, maximum: int = 512, peft_name: str = "r") -> Any:
    """Declare the rank of a method; `help` says what it is a rank of."""
    return option(default, "Rank", help, control="slider", peft_name=peft_name, ge=1, le=maximum)


def alpha_option(default: int, help: str, *, maximum: int = 4096, peft_name: str = "") -> Any:
    """Declare the strength of a method's change."""
    return option(default, "Alpha", help, peft_name=peft_name, ge=1, le=maximum)


def dropout_option(peft_name: str, default: float = 0.05) -> Any:
    """Declare the fraction of an adapter's inputs that is dropped in training."""
    return option(
        default,
        "Dropout",
        "Fraction of the adapter's inputs dropped in training.",
        peft_name=peft_name,
        ge=0.0,
        lt=1.0,
    )


def target_modules_option(what: str) -> Any:
    """Declare which layers a method changes; `what` says how."""
    return option(
        None,
        "Applied to",
        say(
            'Weight matrices that {}. Empty: the method\'s default. "all-linear": every linear layer '
            "but the output head.",
            what,
        ),
        control="chips",
        min_length=1,
    )


class NoOptions(Options):
    """A method without settings of its own."""


def rank_text(options: Any) -> str:
    """Return the rank in a few letters: "r 32"."""
    return f"r {options.rank}"
