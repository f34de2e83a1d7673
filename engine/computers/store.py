"""The computers that the user has added, in `computers.toml` beside the preferences."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import tomlkit
from pydantic import TypeAdapter, ValidationError

from engine.computers import computer as checks
from engine.computers.computer import Computer
from engine.errors import ComputerError, Problem, RecipeError, StorageError, disk_errors
from engine.messages import say
from engine.system.command_name import command_name
from engine.system.files import write_atomically
from engine.system.foreign_files import FileKind, read_text, read_toml
from engine.system.locks import locked_file
from engine.system.paths import config_folder

FILE_NAME = "computers.toml"
TABLE = "computer"
_COMPUTERS = TypeAdapter(list[Computer])


def list_computers() -> list[Computer]:
    """Return the computers, oldest first. Raises StorageError for a damaged file."""
    path = _path()
    try:
        return _COMPUTERS.validate_python(read_toml(path, FileKind.WINDOW).get(TABLE, []))
    except FileNotFoundError:
        return []
    except (OSError, ValueError, ValidationError) as error:
        raise StorageError(
            say("{} can't be read.", path), "Delete it, and add the computers again."
        ) from error


def find(name: str) -> Computer:
    """Return a computer by its name. Raises ComputerError."""
    for each in list_computers():
        if each.name == name:
            return each
    hint = say("`{} computers` lists them; `{} computers add` adds one.", command_name(), command_name())
    raise ComputerError(say('There is no computer "{}".', name), hint, "computer")


def add(computer: Computer) -> Computer:
    """Add a computer and return it. Raises RecipeError with all problems."""
    refusals = list(checks.problems(computer))
    if any(each.name == computer.name for each in list_computers()):
        hint = "Choose another name, or remove that one."
        refusals.append(Problem("name", say('There already is a computer "{}".', computer.name), hint))
    if refusals:
        raise RecipeError(tuple(refusals))
    _change(lambda computers: [*computers, computer])
    return computer


def remove(name: str) -> None:
    """Remove a computer; runs there continue. Raises ComputerError."""
    find(name)
    _change(lambda computers: [each for each in computers if each.name != name])


def agree(name: str) -> Computer:
    """Record that the user agreed to send conversations to a computer, and return it. Raises ComputerError."""
    _change(lambda computers: [replace(each, agreed=each.agreed or each.name == name) for each in computers])
    return find(name)


def desk_id() -> str:
    """Return the id that distinguishes this user's runs on a cluster, created once."""
    path = config_folder() / "desk-id"
    with disk_errors("{} can't be written: {}.", path, hint="Free some space."):
        if not path.exists():
            write_atomically(path, secrets.token_hex(4))
        return read_text(path, FileKind.WINDOW).strip()


def _change(change: Callable[[list[Computer]], list[Computer]]) -> None:
    path = _path()
    with (
        disk_errors("{} can't be written: {}.", path, hint="Free some space."),
        locked_file(path.with_suffix(".lock"), "The list of computers"),
    ):
        document = {TABLE: [asdict(each) for each in change(list_computers())]}
        write_atomically(path, tomlkit.dumps(document))


def _path() -> Path:
    # A private folder.
    return config_folder() / FILE_NAME
