"""Reads single cells: text, lists of turns, several references, and the places inside them.

A list of turns may be a list of texts, a list of objects, one object with a list for each key, or any of these as JSON
text, as in csv files. Cells that are objects, or lists with one object, have places that are columns too, such as
`input.conversation` and `answers[0].text`; lists of turns are left whole.
"""

from __future__ import annotations

import ast
import io
import itertools
import json
import re
import tokenize
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from engine.data import column_names
from engine.errors import DataError
from engine.messages import say
from engine.text.conversations import Turn, turn_head

SYSTEM_SPEAKERS = ("system", "developer")
MIN_INSTRUCTED = 3
MAX_PYTHON_CHARACTERS = 200_000
# What may be strings side by side; telling it takes longer.
SIDE_BY_SIDE = re.compile(r"""['"]\s+['"]""")
MAX_NUMBER_CHARACTERS = 60
NUMBER = re.compile(r"[+-]?\d[\d.,']*(?:e[+-]?\d+)? ?%?|nan|[+-]?inf", re.IGNORECASE)
TRUTHS = {"true", "false", "yes", "no", "t", "f", "y", "n", "wahr", "falsch", "ja", "nein"}
MIN_CLASSIFIED, MIN_REPEATED, MAX_CLASS_CHARACTERS, MAX_CLASS_WORDS = 4, 2, 40, 3
MAX_SPEAKER_CHARACTERS = 60
# Letters of scripts that write no spaces between words.
UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\ua4cf\uac00-\ud7af\uf900-\ufaff]")
# So many single words in a row are no turns, unless as many items are more.
MIN_WORDS, FEW_TURNS = 16, 0.1
MIN_MEAN_WORDS = 5
# In lists that are longer, speakers come again.
MIN_TURNS = 2
# Keys of texts, which name no one.
NO_NAMES = {*column_names.TEXT_NAMES, *column_names.CONVERSATION_NAMES, *column_names.SUMMARY_NAMES}
ANSWERING_SPEAKERS = ("assistant", "gpt", "model", "bot", "chatgpt", "ai", "chatbot")


class NamedTurn(dict[str, str]):
    """A turn that was a pair of name and text, or a text under a name."""


@dataclass(frozen=True)
class Keys:
    """The keys of speaker and text in a turn; both are "" for turns that are texts."""

    speaker: str = ""
    text: str = ""


def as_list(value: Any) -> list[Any] | None:
    """Return the items of a cell with a list in any form, None for other cells."""
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            value = _of_python(value)
    if isinstance(value, dict) and value and all(isinstance(each, list) for each in value.values()):
        # Lists of different lengths are no turns.
        if len({len(each) for each in value.values()}) > 1:
            return None
        return [dict(zip(value, turn, strict=True)) for turn in zip(*value.values(), strict=True)]
    if isinstance(value, (list, tuple)):
        return _with_names(list(value))
    return None


def _with_names(items: list[Any]) -> list[Any]:
    """Return pairs of name and text, and objects of one text under a name, as turns; other items as they are.

    Items that are lists with texts become objects, with the numbers of their parts as keys.
    """
    if items and all(map(_is_pair, items)):
        return [NamedTurn(speaker=name, text=text) for name, text in items]
    if items and all(map(_is_named_text, items)):
        return [NamedTurn(speaker=name, text=text) for item in items for name, text in item.items()]
    if items and all(
        isinstance(item, list) and any(isinstance(part, str) for part in item) for item in items
    ):
        return [{str(number): part for number, part in enumerate(item, start=1)} for item in items]
    return items


def _is_pair(item: Any) -> bool:
    return (
        isinstance(item, (list, tuple))
        and len(item) == 2
        and all(isinstance(each, str) for each in item)
        and 0 < len(item[0].strip()) <= MAX_SPEAKER_CHARACTERS
        and not item[0].isdecimal()
    )


def _is_named_text(item: Any) -> bool:
    if not isinstance(item, dict) or len(item) != 1:
        return False
    ((name, text),) = item.items()
    return isinstance(text, str) and column_names.plain(str(name)) not in NO_NAMES


def _of_python(text: str) -> Any:
    """Return a value as Python writes it, as in tables of pandas: ['a', "b's"]; None for other texts."""
    if len(text) > MAX_PYTHON_CHARACTERS or (SIDE_BY_SIDE.search(text) and _has_strings_side_by_side(text)):
        return None
    return python_literal(text)


def python_literal(text: str) -> Any:
    """Return the value that a text is in Python, None for any other text; nothing is executed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
        return None


def _has_strings_side_by_side(text: str) -> bool:
    """Tell whether strings follow one another, as in numpy's arrays: Python would make one of them."""
    try:
        tokens = [each.type for each in tokenize.generate_tokens(io.StringIO(text).readline)]
    except (tokenize.TokenError, SyntaxError):
        return True
    kinds = [kind for kind in tokens if kind != tokenize.NL]
    return any(one == other == tokenize.STRING for one, other in itertools.pairwise(kinds))


def find_keys(cells: Iterable[Any], speaker: str = "", text: str = "") -> Keys | None:
    """Return the keys of the turns in `cells`, None if they are no lists of turns.

    `speaker` and `text` are keys given by hand. Empty cells are skipped.
    """
    items: list[Any] = []
    cells_read: list[list[Any]] = []
    for cell in cells:
        if cell in (None, "", []):
            continue
        listed = as_list(cell)
        if listed is None:
            return None
        items += listed
        cells_read.append(listed)
    if items and all(isinstance(item, str) for item in items):
        return None if text or _are_words(items) else Keys()
    turns = [item for item in items if isinstance(item, dict)]
    # A few other items are broken; they are reported when their row is read.
    if not turns or len(turns) * 2 <= len(items):
        return None
    items = turns
    if all(isinstance(item, NamedTurn) for item in items) and not _names_come_again(cells_read):
        return None
    keys = keys_of(items)
    text_key = text if text in keys else "" if text else _first_text_key(items, keys)
    if not text_key:
        return None
    named = [key for key in keys if key != text_key]
    speaker_key = speaker or _speaker_key(items, named)
    is_words = not speaker_key and _are_words([item.get(text_key) for item in items])
    return None if is_words else Keys(speaker_key, text_key)


def _are_words(items: Sequence[Any]) -> bool:
    """Tell whether many items are nearly all single words, as speech recognition lists them, and no turns."""
    texts = [item for item in items if isinstance(item, str) and item.strip()]
    several = sum(" " in text.strip() or bool(UNSPACED.search(text)) for text in texts)
    return len(texts) >= MIN_WORDS and several < FEW_TURNS * len(texts)


def joined_words(value: Any) -> Any:
    """Return a list of single words, as tokenizers write texts, as a text; any other value as it is."""
    items = as_list(value) if isinstance(value, list) else None
    if not items or not all(isinstance(item, str) and " " not in item.strip() for item in items):
        return value
    return " ".join(items)


def are_lists_of_words(cells: Iterable[Any]) -> bool:
    """Tell whether cells are lists of single words, and more of them than of tags."""
    lists = [items for cell in cells if (items := as_list(cell))]
    items = [item for each in lists for item in each]
    return _are_words(items) and len(items) >= MIN_MEAN_WORDS * len(lists)


def named_turn_keys(cells: Iterable[Any]) -> Keys | None:
    """Return the keys of turns that are all names with texts, whether names come again or not; None for others."""
    items = [item for cell in cells for item in as_list(cell) or ()]
    return Keys("speaker", "text") if items and all(isinstance(item, NamedTurn) for item in items) else None


def _names_come_again(lists: Sequence[Sequence[Any]]) -> bool:
    """Tell whether names come again in most lists of three turns or more, as speakers do and properties don't."""
    long = [[item["speaker"] for item in each] for each in lists if len(each) > MIN_TURNS]
    return bool(long) and sum(len(set(names)) < len(names) for names in long) * 2 > len(long)


def are_numbers(cells: Iterable[Any]) -> bool:
    """Tell whether all cells are numbers, also as text; empty ones are skipped."""
    filled = [cell for cell in cells if cell is not None and cell != ""]
    return bool(filled) and all(
        len(cell) <= MAX_NUMBER_CHARACTERS and NUMBER.fullmatch(cell.strip()) is not None
        if isinstance(cell, str)
        else isinstance(cell, (int, float)) and not isinstance(cell, bool)
        for cell in filled
    )


def are_truths(cells: Iterable[Any]) -> bool:
    """Tell whether all cells are true or false, also as a word; empty ones are skipped."""
    filled = [cell for cell in cells if cell is not None and cell != ""]
    return bool(filled) and all(
        isinstance(cell, bool) or (isinstance(cell, str) and cell.strip().lower() in TRUTHS)
        for cell in filled
    )


def are_classes(cells: Iterable[Any]) -> bool:
    """Tell whether cells are a few words that repeat, as the names of classes do."""
    filled = [cell for cell in cells if cell is not None and cell != ""]
    if len(filled) < MIN_CLASSIFIED or not all(isinstance(cell, str) for cell in filled):
        return False
    different = {cell.strip() for cell in filled}
    short = all(
        len(cell) <= MAX_CLASS_CHARACTERS and len(cell.split()) <= MAX_CLASS_WORDS for cell in different
    )
    return short and len(different) * MIN_REPEATED <= len(filled)


def keys_of(items: Iterable[Any]) -> list[str]:
    """Return the keys of all items, in the order of their first appearance."""
    return list(dict.fromkeys(str(key) for item in items if isinstance(item, dict) for key in item))


def _first_text_key(items: Sequence[Mapping[str, Any]], keys: Sequence[str]) -> str:
    """Return the likeliest key of texts, or the other one of two keys if one is a speaker.

    A list as a value holds the parts of a message.
    """
    held = [key for key in keys if any(isinstance(item.get(key), (str, list)) for item in items)]
    named = column_names.exact(held, (*column_names.TEXT_NAMES, *column_names.CONVERSATION_NAMES))
    speakers = [key for key in keys if column_names.plain(key) in column_names.SPEAKER_NAMES]
    others = [key for key in held if key not in speakers]
    is_pair = len(keys) == 2 and len(speakers) == len(others) == 1
    is_said = is_pair and any(len(_message_text(item.get(others[0])).split()) > 1 for item in items)
    return named or (others[0] if is_said else "")


def _speaker_key(items: Sequence[Mapping[str, Any]], keys: Sequence[str]) -> str:
    """Return the likeliest key that every turn has, else the likeliest of all: "name" is often optional."""
    held = [key for key in keys if any(item.get(key) not in (None, "") for item in items)]
    common = [key for key in held if all(item.get(key) is not None for item in items)]
    return (
        column_names.exact(common, column_names.SPEAKER_NAMES)
        or column_names.exact(held, column_names.SPEAKER_NAMES)
        or ""
    )


def turns_of(value: Any, keys: Keys, column: str) -> list[Turn]:
    """Return the turns in a cell, without empty ones.

    `column` is for messages. Raises DataError with the field `data.conversation`.
    """
    if value is None or value == "":
        return []
    items = as_list(value)
    if items is None:
        if isinstance(value, dict):
            raise _no_turns(column, say("It has: {}.", ", ".join(map(str, value))))
        return [Turn("", text_of(value))]
    return [turn for item in items if (turn := _turn(item, keys, column)).text]


def _turn(item: Any, keys: Keys, column: str) -> Turn:
    if not isinstance(item, dict):
        if isinstance(item, (list, tuple)):
            raise _no_turns(column, "Its items are lists.")
        if keys.text:
            raise _no_turns(
                column,
                say('Expected a turn with "{}", found {}.', keys.text, repr(text_of(item)[:40])),
            )
        return _spoken(text_of(item).strip())
    if keys.text not in item and keys.speaker not in item:
        keys_text = ", ".join(map(str, item)) or "nothing"
        raise _no_turns(column, say('A turn has no "{}"; it has: {}.', keys.text, keys_text))
    return Turn(name_of(item.get(keys.speaker)), _message_text(item.get(keys.text)).strip())


def _spoken(text: str) -> Turn:
    """Return a text as a turn; a leading name counts only if later lines look like names too."""
    first, *rest = text.splitlines() or [""]
    named = turn_head(first) if any(map(turn_head, rest)) else None
    return Turn(named[0], "\n".join([named[1], *rest]).strip()) if named else Turn("", text)


def name_of(value: Any) -> str:
    """Return a speaker's name on one line: that of an object, or all names of a list."""
    if isinstance(value, str):
        return " ".join(value.split())
    parts = value if isinstance(value, (list, tuple)) else [value]
    return ", ".join(
        filter(None, (" ".join(text_of(_inside(part, column_names.SPEAKER_NAMES)).split()) for part in parts))
    )


def _message_text(value: Any) -> str:
    """Return the text of a message, or the text parts of a message with parts."""
    if isinstance(value, str):
        return text_of(value)
    parts = value if isinstance(value, (list, tuple)) else [value]
    # The words of one text; without spaces between words, a text may be one item.
    if len(parts) > 1 and all(
        isinstance(part, str) and len(part.split()) == 1 and not UNSPACED.search(part) for part in parts
    ):
        return " ".join(parts)
    return "\n".join(filter(None, (text_of(_inside(part, ("text",))) for part in parts)))


def _inside(value: Any, keys: Sequence[str]) -> Any:
    """Return a plain value, or the value of an object under the likeliest of `keys`; nested values have no text."""
    if isinstance(value, dict):
        key = column_names.exact([str(key) for key in value], keys)
        value = value[key] if key else None
    return None if isinstance(value, (list, tuple, dict)) else value


def _no_turns(column: str, why: str) -> DataError:
    return DataError(
        say('column "{}" contains no turns.', column),
        say("{} Repair the row, or name other keys in data.columns.", why),
        "data.conversation",
    )


def in_row(where: str, error: DataError) -> DataError:
    """Return the error of a cell, with its row named."""
    return DataError(say("{}: {}", where, error.message), error.hint, error.field, error.choices)


def texts_of(value: Any, column: str) -> list[str]:
    """Return the references in a cell of summaries, without blank items of a list.

    Raises DataError with the field `data.summary`.
    """
    items = as_list(value) if not isinstance(value, str) or value.lstrip().startswith(('["', "['")) else None
    if items is None:
        if isinstance(value, dict):
            raise DataError(
                say('column "{}" contains tables, not text.', column),
                "Choose a column of texts.",
                "data.summary",
            )
        return [text_of(value)]
    keys = find_keys([items]) or Keys()
    if any(isinstance(item, (list, dict)) for item in items) and not keys.text:
        raise DataError(
            say('the lists in "{}" don\'t contain text.', column),
            "Choose a column of texts.",
            "data.summary",
        )
    texts = [
        _message_text(item.get(keys.text)) if isinstance(item, dict) else text_of(item) for item in items
    ]
    return [text for text in texts if text.strip()]


def listed_texts(value: Any) -> list[str]:
    """Return the texts of a list in a cell, none for other cells and lists of something else."""
    if isinstance(value, str) and not value.lstrip().startswith("["):
        return []
    try:
        return texts_of(value, "") if as_list(value) is not None else []
    except DataError:
        return []


def text_of(value: Any) -> str:
    """Return a plain value as text with LF line ends; None is ""."""
    return "" if value is None else str(value).replace("\r\n", "\n")


def shared_instruction(texts: Sequence[str]) -> str:
    """Return the common first lines of at least three different texts, "" if there are none or they are turns."""
    if len(set(texts)) < MIN_INSTRUCTED:
        return ""
    # The last line of a text is never an instruction alone.
    by_line = zip(*(text.splitlines(keepends=True)[:-1] for text in texts), strict=False)
    shared = [lines[0] for lines in itertools.takewhile(lambda lines: len(set(lines)) == 1, by_line)]
    has_turns = any((head := turn_head(line)) and head[1] for line in shared)
    return "" if has_turns or not "".join(shared).strip() else "".join(shared)


def without_system(spoken: Sequence[Turn]) -> list[Turn]:
    """Return the turns without system messages."""
    return [turn for turn in spoken if turn.speaker.lower() not in SYSTEM_SPEAKERS]


def is_answered(spoken: Sequence[Turn]) -> bool:
    """Tell whether turns are one text and a shorter answer by an assistant."""
    turns = without_system(spoken)
    return (
        len(turns) == 2
        and turns[1].speaker.lower() in ANSWERING_SPEAKERS
        and len(turns[1].text) < len(turns[0].text)
    )


# Below a column; a place further inside, and more places than these, are for nobody to choose from.
MAX_LEVELS = 4
MAX_PLACES = 40
FIRST_ITEM = "[0]"


@dataclass(frozen=True)
class Place:
    """A place inside the cells of a column: its name as a column, and the keys that lead there from the row."""

    name: str
    keys: tuple[str, ...]

    def value(self, row: Mapping[str, Any]) -> tuple[Any, bool]:
        """Return what stands there in a row, None for nothing, and whether it is in the first of several objects."""
        value: Any = row
        is_first = False
        for key in self.keys:
            if isinstance(value, list):
                is_first = is_first or len(value) > 1
                value = value[0] if value else None
            value = value.get(key) if isinstance(value, Mapping) else None
        return value, is_first


def find_places(rows: Sequence[Mapping[str, Any]]) -> list[Place]:
    """Return the places with texts or turns in the cells of the first rows, none that is called as a column is."""
    columns = keys_of(rows)
    found = (
        place for name in columns for place in _places_inside(name, (name,), [row.get(name) for row in rows])
    )
    return list(islice((place for place in found if place.name not in columns), MAX_PLACES))


def holding_places(columns: Sequence[str]) -> set[str]:
    return {
        name
        for name in columns
        if any(other.startswith((f"{name}.", f"{name}{FIRST_ITEM}")) for other in columns)
    }


def _places_inside(name: str, keys: tuple[str, ...], values: Sequence[Any]) -> Iterator[Place]:
    objects, mark = _objects(values)
    if len(keys) > MAX_LEVELS:
        return
    for key in keys_of(objects):
        inner = [each.get(key) for each in objects]
        place = Place(f"{name}{mark}.{key}", (*keys, key))
        if not key.strip():
            continue
        if _objects(inner)[0]:
            yield from _places_inside(place.name, place.keys, inner)
        elif _are_texts(inner):
            yield place


def _objects(values: Sequence[Any]) -> tuple[list[dict[str, Any]], str]:
    """Return the objects that all filled values are, or hold as the one item of a list, and that list's mark."""
    filled = [value for value in values if value not in (None, "", [], {})]
    if not filled or any(not isinstance(value, (dict, list)) for value in filled):
        return [], ""
    turns = find_keys(filled)
    if turns is not None and turns.speaker:
        # Lists of turns with speakers stay whole.
        return [], ""
    if all(isinstance(value, dict) for value in filled):
        return filled, ""
    if all(isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict) for value in filled):
        return [value[0] for value in filled], FIRST_ITEM
    return [], ""


def _are_texts(values: Sequence[Any]) -> bool:
    filled = [value for value in values if value not in (None, "", [], {})]
    if filled and all(isinstance(value, str) for value in filled):
        return True
    return (
        bool(filled) and not any(isinstance(value, str) for value in filled) and find_keys(filled) is not None
    )
