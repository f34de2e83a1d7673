"""A recipe's `data.columns`: the mapping by hand for data that is not two columns of text.

- `speaker`: who speaks. For lists of turns with keys it is a key, for lists of texts the column with the lists of
  speakers, for turns in rows of their own a column.
- `text`: what is said. For lists of turns with keys it is a key, for turns in rows of their own a column.
- `group`: the column that says which conversation a row belongs to; each row is one turn then.
- `references`: further columns with reference summaries, separated by commas.
- `last_turn`: "summary" if the last turn of each conversation is its summary; the turns before are taken as they stand,
  an instruction that all of them begin with included.
- `id`: the column that names an example.
- `split`: the column that says which split a row is in, where no file's name says it.
- `pause`: of chat exports, how many hours of silence end a conversation; "0" leaves each chat whole.

The columns of conversation and summary themselves are named by `data.conversation` and `data.summary`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from engine.data.column_names import require
from engine.errors import DataError, Problem, each
from engine.messages import say
from engine.options import MAX_KEY, unknown_key

FIELD = "data.columns"
KEYS = ("speaker", "text", "group", "references", "last_turn", "id", "split", "pause")
LAST_TURN = "summary"
# So a night ends a conversation, and so does an afternoon without messages.
PAUSE_HOURS = 4.0
MAX_PAUSE_HOURS = 24 * 365


def problems(mapping: Mapping[str, str]) -> list[Problem]:
    """Return the problems of a mapping that do not depend on data: unknown keys, empty names, a wrong last turn."""
    problems = each([key for key in mapping if key not in KEYS], _unknown_role, FIELD)
    problems += [
        Problem(
            f"{FIELD}.{key}", say('The role "{}" has no column.', key), "Name a column, or remove the role."
        )
        for key in KEYS
        if key in mapping and not mapping[key].strip()
    ]
    if mapping.get("last_turn", "").strip() not in ("", LAST_TURN):
        hint = say('Use "{}", or leave it out.', LAST_TURN)
        problems.append(
            Problem(f"{FIELD}.last_turn", say("The last turn can't be {}.", mapping["last_turn"]), hint)
        )
    if "group" in mapping and "last_turn" in mapping:
        message = "The last turn can't be the summary if each row is a turn."
        hint = "Name the column of summaries instead."
        problems.append(Problem(f"{FIELD}.last_turn", message, hint))
    if "group" in mapping and "id" in mapping:
        message = "A conversation of several rows is named by its group."
        problems.append(Problem(f"{FIELD}.id", message, 'Remove the role "id".'))
    if mapping.get("pause", "").strip() and _hours(mapping["pause"]) is None:
        message = say("A pause can't be {} hours long.", mapping["pause"])
        hint = say("Use 0 to {:,} hours; 0 keeps chats whole.", MAX_PAUSE_HOURS)
        problems.append(Problem(f"{FIELD}.pause", message, hint))
    return problems


def _unknown_role(key: str) -> Problem:
    return replace(unknown_key(f"{FIELD}.", key, KEYS), message=say('There is no role "{}".', key[:MAX_KEY]))


def pause_hours(mapping: Mapping[str, str]) -> float:
    """Return the hours of silence after which a chat's next conversation begins, 0 for never.

    Raises DataError for an invalid number.
    """
    check(mapping)
    hours = _hours(mapping["pause"]) if "pause" in mapping else None
    return PAUSE_HOURS if hours is None else hours


def _hours(text: str) -> float | None:
    try:
        hours = float(text)
    except ValueError:
        return None
    return hours if 0 <= hours <= MAX_PAUSE_HOURS else None


def check(mapping: Mapping[str, str]) -> None:
    """Raise DataError for the first of `problems`."""
    for problem in problems(mapping):
        raise DataError(problem.message, problem.hint, FIELD)


def column(mapping: Mapping[str, str], key: str, names: Sequence[str]) -> str | None:
    """Return the column of `key`, None if it is not mapped. Raises DataError if it does not exist."""
    return require(mapping[key], names, FIELD) if key in mapping else None


def references(mapping: Mapping[str, str], names: Sequence[str]) -> tuple[str, ...]:
    """Return the columns of `references`. Raises DataError if one does not exist."""
    return tuple(require(name, names, FIELD) for name in listed_references(mapping, names))


def listed_references(mapping: Mapping[str, str], names: Sequence[str]) -> list[str]:
    """Return the names in `references`, whether they exist or not; a single name may contain commas."""
    wanted = mapping.get("references", "")
    listed = [wanted] if wanted in names else wanted.split(",")
    return [name.strip() for name in listed if name.strip()]
