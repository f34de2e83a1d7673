"""The troubles a person can be told about, each with what happened, what to do, and the field it belongs to.

    AppError(message, hint, field)
    ├ RecipeError        the recipe contradicts itself, its file or the base model; carries every problem at once
    ├ DataError          conversations that are missing, empty or in the wrong shape
    ├ BaseModelError     not found, not a text model, gated, not loadable
    ├ OfflineError       something is not on this computer and no connection may or can be opened
    ├ DeviceError        the device is missing, taken or too small
    │ └ OutOfMemoryError
    ├ AdapterError       damaged, foreign, or made for another base model
    ├ ArenaError         damaged, taken, or asked for an entry that does not compare with the others
    ├ StorageError       a folder is gone, full or not writable
    ├ TrainingError      the run itself went wrong, for example the loss is no number
    └ WorkerError        the worker could not be started or does not answer

Anything else is a bug. It is caught in two places only: the worker's main function and the window's excepthook.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Problem:
    """One finding of a validation: the dotted field, what is wrong, and what to do about it."""

    field: str
    message: str
    hint: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return the problem in the shape that the command line prints."""
        return asdict(self)


class AppError(Exception):
    """A trouble with a message for the user, a hint of what to do, and the form field it belongs to, if any."""

    def __init__(self, message: str, hint: str = "", field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.field = field

    @property
    def kind(self) -> str:
        """The error's class name, as `job_ended` carries it."""
        return type(self).__name__

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The error as problems, so that one error and many are shown the same way."""
        return (Problem(self.field or "", self.message, self.hint),)


class RecipeError(AppError):
    """A recipe that cannot be run, with all its problems."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        first = problems[0]
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(first.message + more, first.hint, first.field)
        self._problems = problems

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Every problem, in the order of the recipe's fields."""
        return self._problems


class DataError(AppError):
    """Conversations that are missing, empty or in the wrong shape."""


class BaseModelError(AppError):
    """A base model that is not there, not a text model, or cannot be loaded."""


class OfflineError(AppError):
    """Something is not on this computer, and no connection may or can be opened."""


class DeviceError(AppError):
    """A device that is missing, taken or too small."""


class OutOfMemoryError(DeviceError):
    """The device's memory does not hold the work."""


class AdapterError(AppError):
    """An adapter that is damaged, foreign, or made for another base model."""


class ArenaError(AppError):
    """An arena that is damaged or taken, or an entry that is not there or does not compare with the others."""


class StorageError(AppError):
    """A folder that is gone, full or not writable."""


class TrainingError(AppError):
    """A run that went wrong while training."""


class WorkerError(AppError):
    """A worker that could not be started or does not answer."""
