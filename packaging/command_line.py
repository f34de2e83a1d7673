"""Writes docs/command-line.md from the parser of the command line: `dev.py docs` calls it, and a test compares.

The man page gets its list of verbs from here when the package is built.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from engine.commands.cli import add_verbs  # noqa: E402
from engine.commands.parser import make_parser  # noqa: E402
from engine.system import command_name  # noqa: E402

PAGE = ROOT / "docs" / "command-line.md"
HEAD = """\
# Command line

The same engine without a window, for servers and scripts. In a checkout, `tunesmith` is `.venv/bin/python main.py`.

- A unique beginning of the id of a run or an adapter is enough.
- Exit codes: 0 completed, 1 failed or crashed, 2 a mistake in the recipe or the command, 130 stopped.
- Every verb takes `--json` (write JSON lines, for programs) and `--offline` (open no connection).
- Runs, adapters and caches are in the usual folders of the system, or below `TUNESMITH_HOME`.
- A *recipe* is a commented TOML file that holds every setting of a run
  ([the starter's](../resources/recipes/starter.toml)).

This page is written from the parser by `python3 packaging/dev.py docs`.
"""
COMMON = {"json", "offline", "help"}


def text() -> str:
    """Return the page: every verb with what it does and its arguments."""
    return HEAD + "".join(_part(path, verb) for path, verb in _verbs(_parser(), ()))


def manual() -> str:
    """Return the list of all verbs in the language of man pages."""
    return "".join(
        f".TP\n.B {_roff(' '.join(path))}\n{_roff(verb.description or '')}\n"
        for path, verb in _verbs(_parser(), ())
    )


def _parser() -> argparse.ArgumentParser:
    with patch.dict(os.environ, {command_name.VARIABLE: "tunesmith"}):
        return make_parser(add_verbs)[0]


def _verbs(
    parser: argparse.ArgumentParser, before: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], argparse.ArgumentParser]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, verb in action.choices.items():
                yield (*before, name), verb
                yield from _verbs(verb, (*before, name))


def _part(path: tuple[str, ...], verb: argparse.ArgumentParser) -> str:
    head = f"\n{'#' * min(4, len(path) + 1)} {' '.join(path)}\n\n{_plain(verb.description or '')}\n"
    rows = [_row(each) for each in verb._actions if each.dest not in COMMON and _has_row(each)]
    return head + ("\n| argument | what it does |\n|---|---|\n" + "".join(rows) if rows else "")


def _has_row(action: argparse.Action) -> bool:
    return action.help != argparse.SUPPRESS and not isinstance(action, argparse._SubParsersAction)


def _row(action: argparse.Action) -> str:
    value = action.metavar or (
        "{" + ",".join(map(str, action.choices)) + "}" if action.choices else action.dest.upper()
    )
    value = " ".join(value) if isinstance(value, tuple) else value
    names = ", ".join(action.option_strings)
    shown = value if not names else names if action.nargs == 0 else f"{names} {value}"
    return f"| `{shown}` | {_plain((action.help or '') % {'default': action.default})} |\n".replace(
        "||", "\\|\\|"
    )


def _plain(words: str) -> str:
    """Return a text without what Markdown would read as markup."""
    return re.sub(r"([\\`*_<\[|])", r"\\\1", words)


def _roff(words: str) -> str:
    """Return a text without what a man page would read as markup: commands at its begin, hyphens that break."""
    return re.sub(r"^([.'])", r"\\&\1", words.replace("\\", "\\e").replace("-", "\\-"))


if __name__ == "__main__":
    PAGE.write_text(text(), encoding="utf-8")
