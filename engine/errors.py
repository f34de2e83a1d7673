"""The errors that are shown to a person, each with a message, a hint and the field it belongs to.

    AppError(message, hint, field)
    ├ RecipeError        the recipe contradicts itself, its file or the base model; carries every problem at once
    ├ DataError          conversations that are missing, empty or in the wrong shape
    │ └ UnlabelledError  conversations none of which has a summary yet
    ├ BaseModelError     not found, not a text model, gated, not loadable
    │ └ ChatTemplateError
    ├ OfflineError       something is not on this computer and no connection may or can be opened
    ├ DeviceError        the device is missing, taken or too small
    │ └ OutOfMemoryError
    ├ AdapterError       damaged, not importable, or made for another base model
    ├ ArenaError         damaged, in use, or without the entry that was asked for
    ├ StorageError       a folder is gone, full or not writable
    ├ TrainingError      the run itself failed, for example by a loss that is not finite
    ├ ComputerError      another computer can't be reached, lets nobody in, or does not fit
    ├ WorkerError        the worker could not be started or does not answer
    │ └ ProcessLostError  a process that computes for the run is dead, hangs, or can't be reached
    └ SettingError       an environment variable has a value that nobody knows

Anything else is a bug. It is caught in two places only: the worker's main function and the window's excepthook.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from engine.messages import say

# A recipe may hold any number of entries that are wrong in the same way.
MAX_ALIKE = 20
T = TypeVar("T")


@dataclass(frozen=True)
class Problem:
    """One problem that a validation found: the dotted field, a message, and what to do about it.

    `choices` are the values of the field that would do, where they depend on the data.
    """

    field: str
    message: str
    hint: str = ""
    choices: Sequence[str] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the problem in the shape that the command line prints, with the choices if there are any."""
        named = {"field": self.field, "message": self.message, "hint": self.hint}
        return named | ({"choices": list(self.choices)} if self.choices else {})


def each(wrong: Sequence[T], problem: Callable[[T], Problem], field: str) -> list[Problem]:
    """Return the problem of each wrong entry of a field; of very many the first ones, and how many more there are."""
    more = len(wrong) - MAX_ALIKE
    rest = [Problem(field, say("And {:,} more like this.", more))] if more > 0 else []
    return [*map(problem, wrong[:MAX_ALIKE]), *rest]


class AppError(Exception):
    """An error with a message for the user, a hint of what to do, and its form field and values for it, if any."""

    def __init__(
        self, message: str, hint: str = "", field: str | None = None, choices: Sequence[str] = ()
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.field = field
        self.choices = choices

    @property
    def kind(self) -> str:
        """The error's class name, as `job_ended` carries it."""
        return type(self).__name__

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The error as problems, so that one and several are shown in the same way."""
        return (Problem(self.field or "", self.message, self.hint, self.choices),)


class RecipeError(AppError):
    """A recipe that can't be run, with all its problems."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        first = problems[0]
        more = say(" (and {} more)", len(problems) - 1) if len(problems) > 1 else ""
        super().__init__(first.message + more, first.hint, first.field)
        self._problems = problems

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Every problem, in the order of the recipe's fields."""
        return self._problems


class DataError(AppError):
    """Conversations that are missing, empty or in the wrong shape."""


class UnlabelledError(DataError):
    """Conversations none of which has a summary yet; `count` of them."""

    def __init__(self, message: str, hint: str = "", field: str | None = None, count: int = 0) -> None:
        super().__init__(message, hint, field)
        self.count = count


class BaseModelError(AppError):
    """A base model that is missing, not a text model, or can't be loaded."""


class ChatTemplateError(BaseModelError):
    """A base model's chat template that is missing, fails or exceeds its limits."""


class OfflineError(AppError):
    """Something is not on this computer, and no connection may or can be opened."""


class DeviceError(AppError):
    """A device that is missing, in use or too small."""


class OutOfMemoryError(DeviceError):
    """The memory of the device does not suffice."""


class AdapterError(AppError):
    """An adapter that is damaged, not importable, or made for another base model."""


class ArenaError(AppError):
    """An arena that is damaged or in use, or an entry that is missing or can't be compared with the others."""


class StorageError(AppError):
    """A folder that is gone, full or not writable."""


def first_line(error: BaseException) -> str:
    """Return the first words of a library's error, which may be long; those that only announce others with them."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    count = 2 if lines and lines[0].endswith(":") else 1
    return " ".join(lines[:count])[:300] or type(error).__name__


@contextmanager
def disk_errors(template: str, *values: object, hint: str = "", field: str | None = None) -> Iterator[None]:
    """Translate an OSError inside into StorageError; the last place of `template` is for the system's reason."""
    try:
        yield
    except OSError as error:
        raise StorageError(say(template, *values, error.strerror or error), hint, field) from error


class TrainingError(AppError):
    """A run that failed while training."""


class WorkerError(AppError):
    """A worker that could not be started or does not answer."""


class ComputerError(AppError):
    """Another computer that can't be reached, does not accept the token, or does not fit this one."""


class ProcessLostError(WorkerError):
    """A process that computes for the run is dead, hangs, or can't be reached."""


class SettingError(AppError):
    """An environment variable with a value that nobody knows; `field` is its name."""
