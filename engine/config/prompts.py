"""Prompt templates: built-in ones and saved ones, a small file each, and the prompts they make.

The name of a saved template is its file name. Knows nothing of tokens.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import tomlkit

from engine.errors import AppError, Problem, StorageError, disk_errors
from engine.messages import say
from engine.system import files
from engine.system.foreign_files import FileKind, read_toml
from engine.system.paths import prompts_folder
from engine.text.escaping import DEVICES

PLACEHOLDER = "{conversation}"
DEFAULT_PROMPT = "Summarize the following conversation.\n\n{conversation}\n\nSummary: "
# Between one worked example and the next.
EXAMPLE_SEPARATOR = "\n\n"
# A label at a prompt's end that the answer continues, such as "Summary: ": a short last line that ends with a colon.
CUE = re.compile(r"(?<=\n)[^\n:：]{1,40}[:：]\s*\Z")
MAX_CUE_WORDS = 4
# More than fits any context window.
MAX_CHARACTERS = 20_000
MAX_EXAMPLE_CHARACTERS = 1_000_000
SCHEMA = 1
SUFFIX = ".toml"
MAX_NAME_CHARACTERS = 60
# Characters that some system does not allow in file names: templates may be moved to any system.
_FORBIDDEN = frozenset('<>:"/\\|?*')


@dataclass(frozen=True)
class Template:
    """A prompt with a name; built-in ones can't be changed or deleted."""

    name: str
    text: str
    built_in: bool = False


@dataclass(frozen=True)
class Part:
    """A part of a prompt: the template's own text, or text of the data."""

    text: str
    own: bool


BUILT_IN = (
    Template("Plain instruction", DEFAULT_PROMPT, built_in=True),
    Template(
        "One sentence",
        "Read the conversation and say in one sentence what it comes to.\n\n{conversation}\n\nIn one sentence: ",
        built_in=True,
    ),
    Template(
        "For someone who missed it",
        "Below is a chat. Write a short summary for someone who was not there: who wants what, what was agreed, "
        "and what is still open. Use the speakers' names and add nothing that they did not say.\n\n"
        "Chat:\n{conversation}\n\nSummary:\n",
        built_in=True,
    ),
    Template("T5's task prefix", "summarize: {conversation}", built_in=True),
    Template("Conversation alone", "{conversation}", built_in=True),
)


def problem(text: str, field: str = "") -> Problem | None:
    """Return the problem that makes `text` no prompt, or None."""
    if len(text) > MAX_CHARACTERS:
        message = say("The prompt has {:,} characters; the limit is {:,}.", len(text), MAX_CHARACTERS)
        return Problem(field, message, "Shorten it.")
    if PLACEHOLDER in text:
        return None
    return Problem(
        field,
        say("The prompt has no {}.", PLACEHOLDER),
        say("Add {} where the conversation goes.", PLACEHOLDER),
    )


def rendered(template: str, conversation: str, shots: Sequence[tuple[str, str]] = ()) -> list[Part]:
    """Return the prompt of a conversation after worked examples: `shots`, pairs of conversation and summary.

    Only the first placeholder of the template is filled. The summary of a shot follows the template like the model's
    own answer.
    """
    before, _, after = template.partition(PLACEHOLDER)

    def asked(text: str) -> list[Part]:
        return [Part(before, own=True), Part(text, own=False), Part(after, own=True)]

    shown = [
        part
        for shot, summary in shots
        for part in (*asked(shot), Part(f"{summary}{EXAMPLE_SEPARATOR}", own=False))
    ]
    return [*shown, *asked(conversation)]


def split_cue(template: str) -> tuple[str, str]:
    """Return a template without the cue at its end, and the cue, "" if there is none.

    In a chat the cue begins the model's answer: models answer better so than with a question that ends in a label.
    What follows the conversation is no cue where nothing else says what is to be done.
    """
    found = CUE.search(template)
    before, _, _ = template.partition(PLACEHOLDER)
    if not found or found.start() < len(before) or len(found[0].split()) > MAX_CUE_WORDS:
        return template, ""
    turn = template[: found.start()]
    return (turn, found[0]) if turn.replace(PLACEHOLDER, "", 1).strip() else (template, "")


def question(template: str, conversation: str) -> list[Part]:
    """Return a user's turn of a chat. Many chat templates strip a turn, so all are stripped."""
    before, _, after = template.partition(PLACEHOLDER)
    return [
        Part(before.lstrip(), own=True),
        Part(conversation.strip(), own=False),
        Part(after.rstrip(), own=True),
    ]


def templates() -> list[Template]:
    """Return the built-in templates and then the readable saved ones by name."""
    readable = (_read(path) for path in _files())
    saved = sorted((each for each in readable if each is not None), key=lambda each: each.name.casefold())
    return [*BUILT_IN, *saved]


def named(text: str) -> Template | None:
    """Return the template with exactly this text, a built-in one first; None if there is none."""
    return next((each for each in templates() if each.text == text), None)


def save(name: str, text: str, *, replace: bool = False) -> Template:
    """Save a template and return it.

    Raises AppError for an invalid name, for one that is taken unless it may be replaced, and for a text without the
    placeholder; StorageError if the file can't be written.
    """
    name = _checked_name(name)
    wrong = problem(text, "prompt")
    if wrong is not None:
        raise AppError(wrong.message, wrong.hint, wrong.field)
    taken = _file_of(name)
    if taken is not None and not replace:
        raise AppError(
            say('There already is a template "{}".', taken.stem),
            "Replace it, or choose another name.",
            "name",
        )
    path = taken or prompts_folder() / (name + SUFFIX)
    document = tomlkit.document()
    document.add("schema", tomlkit.item(SCHEMA))
    document.add("prompt", tomlkit.item(text))
    with disk_errors("{} can't be written: {}.", path.name):
        files.write_atomically(path, tomlkit.dumps(document))
    return Template(taken.stem if taken else name, text)


def rename(name: str, to: str) -> Template:
    """Give a saved template another name and return it. Raises AppError, StorageError."""
    path, to = _saved(name), _checked_name(to)
    taken = _file_of(to)
    if taken is not None and taken != path:
        raise AppError(say('There already is a template "{}".', taken.stem), "Choose another name.", "name")
    template = _read(path)
    if template is None:
        raise StorageError(say('The template "{}" can\'t be read.', name), "Save it again.")
    with disk_errors('The template "{}" can\'t be renamed: {}.', name):
        files.rename(path, path.with_name(to + SUFFIX))
    return Template(to, template.text)


def delete(name: str) -> None:
    """Remove a saved template. Raises AppError if there is none, StorageError."""
    with disk_errors('The template "{}" can\'t be deleted: {}.', name):
        files.delete(_saved(name))


def normalised(name: str) -> str:
    """Return a typed name without superfluous spaces. Raises AppError for one that is empty or too long."""
    plain = " ".join(name.split())
    if not plain:
        raise AppError("Enter a name.", field="name")
    if len(plain) > MAX_NAME_CHARACTERS:
        raise AppError(
            say("The name has {} characters.", len(plain)),
            say("Use at most {}.", MAX_NAME_CHARACTERS),
            "name",
        )
    return plain


def _checked_name(name: str) -> str:
    """Return a normalised name. Raises AppError for one that is empty, too long, built-in or no file name."""
    plain = normalised(name)
    forbidden = sorted({mark for mark in plain if mark in _FORBIDDEN or not mark.isprintable()})
    if forbidden or plain[0] == "." or plain[-1] == "." or plain.partition(".")[0].casefold() in DEVICES:
        hint = (
            say("Leave out {}", " ".join(forbidden))
            if forbidden
            else "Begin and end with a letter or number."
        )
        raise AppError(say('"{}" can\'t be the name of a file.', plain), hint, "name")
    if _same(plain, (each.name for each in BUILT_IN)):
        raise AppError(say('"{}" is a built-in template.', plain), "Choose another name.", "name")
    return plain


def _same(name: str, others: Iterable[str]) -> bool:
    """Tell whether a name is among others, without regard to case."""
    return name.casefold() in {other.casefold() for other in others}


def _files() -> list[Path]:
    return [path for path in prompts_folder().glob(f"*{SUFFIX}") if path.is_file()]


def _file_of(name: str) -> Path | None:
    return next((path for path in _files() if _same(name, [path.stem])), None)


def _saved(name: str) -> Path:
    path = _file_of(name)
    if path is None:
        raise AppError(say('There is no saved template "{}".', name), "", "name")
    return path


def _read(path: Path) -> Template | None:
    """Return the template in a file, None if it can't be read."""
    try:
        table = read_toml(path, FileKind.TEMPLATE)
    except (OSError, ValueError):
        return None
    text = table.get("prompt")
    known = isinstance(text, str) and table.get("schema") == SCHEMA and problem(text) is None
    return Template(path.stem, str(text)) if known else None
