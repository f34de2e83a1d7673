"""The general text on which a run measures what the model forgets: the shipped one, or a file of the user's.

A text is a list of passages, separated by blank lines. Knows nothing of tokens and of losses.
"""

from __future__ import annotations

from pathlib import Path

from engine.errors import Problem, RecipeError
from engine.messages import say
from engine.system.foreign_files import open_regular
from engine.system.paths import general_text_file, path_here
from engine.text import encodings

AUTO, NONE = "auto", "none"
FIELD = "evaluation.general_text"
# Of the table in a scoring protocol that says which text was measured.
KEY = "general_text"
# Enough for any text whose tokens are read; the rest of a longer file is left out.
MAX_BYTES = 1 << 20
HINT = 'Choose a text file with blank lines between passages, or "auto".'


def is_file(choice: str) -> bool:
    """Tell whether a choice is a file of the user's."""
    return choice not in (AUTO, NONE)


def problems(choice: str) -> tuple[Problem, ...]:
    """Return why a choice can't be read; nothing if it can."""
    try:
        read(choice)
    except RecipeError as error:
        return error.problems
    return ()


def read(choice: str) -> tuple[str, ...]:
    """Return the passages of a choice, none for "none".

    Raises RecipeError for a file that is missing, no text, or empty.
    """
    if choice == NONE:
        return ()
    path = path_here(choice) if is_file(choice) else general_text_file()
    found = passages(_text(path, choice))
    if not found:
        raise _error(say("There is no text in {}.", choice))
    return found


def passages(text: str) -> tuple[str, ...]:
    """Return the passages of a text, each on one line."""
    found: list[list[str]] = [[]]
    for line in text.split("\n"):
        if line.strip():
            found[-1].append(line.strip())
        elif found[-1]:
            found.append([])
    return tuple(" ".join(lines) for lines in found if lines)


def _text(path: Path, choice: str) -> str:
    try:
        if not path.is_file():
            raise _error(say("There is no file at {}.", choice))
        with open_regular(path) as stream:
            return encodings.decode(stream.read(MAX_BYTES))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise _error(say("{} can't be read: {}.", choice, reason)) from error


def _error(message: str) -> RecipeError:
    return RecipeError((Problem(FIELD, message, HINT),))
