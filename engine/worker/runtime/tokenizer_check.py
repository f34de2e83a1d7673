"""Tries the tokenizer of a model in the sandbox before it is used: its rules are its maker's.

A pattern may never end, a rule may multiply the text, and the library may end its process over either. A tokenizer that
was tried is known by its files from then on, so that only its first use takes longer.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import tokenizers

from engine.errors import AppError, BaseModelError, first_line
from engine.messages import say
from engine.system import cache, sandbox
from engine.system.foreign_files import FileKind, UnreadableFileError, open_regular, read_json
from engine.system.paths import starter_folder
from engine.system.sandbox import LimitError, Limits

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

FIELD = "base_model.id"
HINT = "Don't trust this model, or copy its original tokenizer files."
# Counted up whenever what is tried changes.
VERSION = 1
# The files that tokenizers are made of, whatever their names.
SUFFIXES = {".json", ".txt", ".model", ".spm", ".bpe", ".tiktoken", ".codes"}
MEMORY_BYTES = 1 << 30
MEMORY_RATIO = 16
SECONDS = 4
SECONDS_PER_MIB = 4
# Known tokenizers have some thousands, patterns of 300 characters, and rules that double a character.
MAX_ADDED_TOKENS = 50_000
MAX_PATTERN = 10_000
MAX_GROWTH = 1_000
# A character may be several bytes, each a token.
MAX_TOKENS_PER_CHARACTER = 16
MAX_TOKENS_AROUND = 1_000
TRIED_LENGTH = 1_000
END = "☃"
TEXTS = (
    # What fits a pattern to the last but one character makes it try all other ways.
    *(
        f"{character * TRIED_LENGTH}{END}"
        for character in f"{string.printable}äßéñ漢あ한ع🙂\u0301\u200b\u00a0"
    ),
    *(pair * TRIED_LENGTH + END for pair in ("ab", "a ", "a1", " .")),
    "Ann:\tHi,\t7:30’s\tOK?\r\n" * 50,
)
Encode = Callable[[str], Sequence[int]]
Library = Literal["tokenizers", "transformers"]

_IMPORTS: dict[Library, list[str]] = {
    "tokenizers": [],
    "transformers": ["transformers.models.auto.tokenization_auto"],
}
_tried: set[str] = set()


def loaded(folder: Path, name: str) -> PreTrainedTokenizerBase:
    """Return the tokenizer in a model's folder, as transformers reads it. Raises BaseModelError."""
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    except Exception as error:
        raise BaseModelError(
            say("The tokenizer of {} can't be loaded: {}", name, first_line(error)),
            "Copy its tokenizer files too.",
            FIELD,
        ) from error


def require_checked(folder: Path, name: str, library: Library) -> None:
    """Raise BaseModelError unless the tokenizer that a library reads from a model's folder is one that ends in time."""
    if folder == starter_folder():
        return
    try:
        files = list(_files(folder))
    except OSError as error:
        raise _unusable(name, f"{Path(error.filename).name}: {error.strerror}") from error
    # No copy can have the time at which a file's entry was changed.
    known = [
        (str(path.resolve()), each.st_size, each.st_mtime_ns, each.st_ctime_ns, each.st_ino)
        for path in files
        for each in (path.stat(),)
    ]
    mark = cache.place("tokenizer", [VERSION, library, tokenizers.__version__, known], "")
    if mark.name in _tried or mark.exists():
        return
    size = sum(path.stat().st_size for path in files)
    limits = Limits(MEMORY_BYTES + MEMORY_RATIO * size, SECONDS + SECONDS_PER_MIB * (size >> 20))
    try:
        sandbox.result(partial(check, folder.absolute(), name, library), limits, _IMPORTS[library])
    except LimitError as error:
        raise _unusable(name, str(error)) from error
    except AppError:
        raise
    except Exception as error:
        raise _unusable(name, first_line(error).rstrip(".")) from error
    _tried.add(mark.name)
    # Without the mark it is tried again.
    with suppress(OSError):
        mark.touch()


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files that may be a part of the tokenizer. Raises OSError for what is no file, or too large."""
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in SUFFIXES and not path.is_dir():
            open_regular(path).close()
            if path.stat().st_size > FileKind.TOKENIZER.max_bytes:
                raise UnreadableFileError("it is too large for a tokenizer", path)
            yield path


def check(folder: Path, name: str, library: Library) -> None:
    """Look at a tokenizer's rules, and encode texts with it. Raises ValueError and BaseModelError."""
    path = folder / "tokenizer.json"
    if path.exists():
        require_bounded(read_json(path, FileKind.TOKENIZER))
    if library == "transformers":
        encode: Encode = partial(loaded(folder, name).encode, verbose=False)
    else:
        tokenizer = tokenizers.Tokenizer.from_file(str(path))
        encode = lambda text: tokenizer.encode(text).ids  # noqa: E731
    for text in TEXTS:
        count = len(encode(text))
        if count > MAX_TOKENS_AROUND + MAX_TOKENS_PER_CHARACTER * len(text):
            raise ValueError(say("it turns {:,} characters into {:,} tokens", len(text), count))


def require_bounded(described: Any) -> None:
    """Raise ValueError for a tokenizer.json with more added tokens, patterns or rules than any known one has."""
    if not isinstance(described, dict):
        # The library says what it is not.
        return
    added = described.get("added_tokens")
    if isinstance(added, list) and len(added) > MAX_ADDED_TOKENS:
        raise ValueError(say("it adds {:,} tokens; the limit is {:,}", len(added), MAX_ADDED_TOKENS))
    for part in ("normalizer", "pre_tokenizer", "post_processor", "decoder"):
        growth = 1.0
        for rule in _rules(described.get(part)):
            pattern = rule.get("Regex")
            if isinstance(pattern, str) and (len(pattern) > MAX_PATTERN or may_never_end(pattern)):
                raise ValueError(say("its pattern {} may never finish", repr(pattern[:80])))
            growth *= max(1.0, _growth(rule))
        if growth > MAX_GROWTH:
            raise ValueError(say("its rules may make text {:,} times longer", MAX_GROWTH))


def _rules(value: Any) -> Iterator[dict[str, Any]]:
    """Yield all objects in a part of a tokenizer."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            yield each
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each


def _growth(rule: dict[str, Any]) -> float:
    """Return how many times as long a rule that replaces text may make it."""
    content, pattern = rule.get("content"), rule.get("pattern")
    if not isinstance(content, str) or not isinstance(pattern, dict):
        return 1
    replaced = pattern.get("String")
    return len(content) / max(1, len(replaced) if isinstance(replaced, str) else 1)


def may_never_end(pattern: str) -> bool:
    """Return whether a pattern repeats without end what repeats without end itself, as `(a+)+` does.

    The time of such a pattern may double with every character. No known tokenizer has one.
    """
    repeats = [False]
    position = 0
    while position < len(pattern):
        character = pattern[position]
        position += 1
        if character == "\\":
            position += 1
        elif character == "[":
            position = _behind_class(pattern, position)
        elif character == "(":
            repeats.append(False)
        elif character == ")" and len(repeats) > 1:
            inner = repeats.pop()
            is_repeated = _repeats(pattern, position)
            if inner and is_repeated:
                return True
            repeats[-1] = repeats[-1] or inner or is_repeated
        elif _repeats(pattern, position - 1):
            repeats[-1] = True
    return False


def _behind_class(pattern: str, position: int) -> int:
    """Return the position behind a class of characters that is open."""
    depth = 1
    while depth and position < len(pattern):
        step = pattern[position]
        position += 2 if step == "\\" else 1
        depth += (step == "[") - (step == "]")
    return position


def _repeats(pattern: str, position: int) -> bool:
    """Return whether there is a quantifier without an upper limit."""
    if pattern[position : position + 1] in {"*", "+"}:
        return True
    least, comma, rest = pattern[position + 1 : position + 12].partition(",")
    return (
        pattern[position : position + 1] == "{" and bool(comma) and least.isdigit() and rest.startswith("}")
    )


def _unusable(name: str, reason: str) -> BaseModelError:
    return BaseModelError(say("The tokenizer of {} can't be used: {}.", name, reason), HINT, FIELD)
