"""Output of the command line: JSON lines for programs, or text and tables for people.

With `--json` standard output has JSON lines only. Remarks go to standard error in both cases. A reader may leave, as
`head` does; output that can't be written is an error.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TextIO

from engine.data import questions
from engine.errors import AppError, Problem, StorageError
from engine.messages import to_json
from engine.text.escaping import encodable, escaped, in_one_line


class Output:
    """The two streams of one command."""

    def __init__(self, *, as_json: bool, command: Sequence[str] = ()) -> None:
        """`command` is what was typed, if the verb takes `--set`: problems show how to repeat it with an answer."""
        self._command = command
        for stream in (sys.stdout, sys.stderr):
            # A stream that the parent closed is None.
            if hasattr(stream, "reconfigure"):
                # Characters that a terminal or locale can't show become question marks instead of raising. Windows
                # would write files and pipes in the encoding of the country.
                own = None if stream.isatty() or os.name != "nt" else "utf-8"
                stream.reconfigure(encoding=own, errors="replace")
        self.as_json = as_json
        self._closed: set[TextIO | None] = set()
        self._status = ""
        self._live = not as_json and sys.stdout is not None and sys.stdout.isatty()

    @property
    def live(self) -> bool:
        """Whether output goes to a terminal, where a line can be rewritten."""
        return self._live

    def json(self, value: Any) -> None:
        """Write one JSON line with `--json`.

        In ASCII, since some readers take U+2028 or U+0085 for the end of a line.
        """
        if self.as_json:
            self._write(sys.stdout, to_json(value, allow_nan=False, separators=(",", ":")) + "\n")

    def lines(self, lines: Iterable[str]) -> None:
        """Write lines of text, unless with `--json`; escaped on a terminal, unchanged into a file."""
        if not self.as_json:
            self._clear()
            shown = map(escaped if self._live else encodable, lines)
            self._write(sys.stdout, "".join(f"{line}\n" for line in shown))

    def line(self, line: str) -> None:
        """Write one line of text, unless with `--json`."""
        self.lines([line])

    def status(self, text: str) -> None:
        """Rewrite the status line; only on a terminal."""
        if self._live and text != self._status:
            width = max(1, shutil.get_terminal_size().columns - 1)
            self._write(sys.stdout, _blank(width) + escaped(text).replace("\n", " ")[:width])
            self._status = text

    def remark(self, line: str) -> None:
        """Write a line to standard error, with `--json` too; failures are ignored."""
        with suppress(OSError, StorageError):
            self._clear()
            # A line end in a name must not start another remark.
            self._write(sys.stderr, escaped(line).replace("\n", "\n    ") + "\n")

    def problems(self, problems: Sequence[Problem]) -> None:
        """Write problems of arguments or recipe: one JSON line, or text on standard error."""
        self.json({"problems": [problem.as_dict() for problem in problems]})
        if not self.as_json:
            for problem in problems:
                named = bool(problem.field) and problem.field not in problem.message
                self.remark(f"{problem.field}: {problem.message}" if named else problem.message)
                if problem.hint:
                    self.remark(f"    {problem.hint}")
                for override in questions.overrides(problem) if self._command else ():
                    self.remark(f"    {shlex.join([*self._command, '--set', override])}")

    def failure(self, error: AppError) -> None:
        """Write an error: one JSON line, or text on standard error."""
        self.json({"outcome": "failed", "kind": error.kind, "message": error.message, "hint": error.hint})
        if not self.as_json or sys.stdout in self._closed:
            self.remark(" ".join(filter(None, (error.message, error.hint))))

    def _clear(self) -> None:
        if self._status:
            self._write(sys.stdout, _blank(shutil.get_terminal_size().columns - 1))
            self._status = ""

    def _write(self, stream: TextIO | None, text: str) -> None:
        """Write without buffering. Only the first failure is an error; later text is dropped.

        Raises BrokenPipeError if the reader has left, and StorageError for a closed stream or a full disk.
        """
        if stream in self._closed:
            return
        if stream is None:
            self._closed.add(stream)
            raise StorageError("The output can't be written because it is closed.")
        try:
            stream.write(text)
            stream.flush()
        except OSError as error:
            self._closed.add(stream)
            _drop(stream)
            if isinstance(error, BrokenPipeError):
                raise
            raise StorageError(f"The output can't be written: {error.strerror}.") from error


def _blank(width: int) -> str:
    """Return what empties a line: spaces, since some consoles of Windows know no command for it."""
    return f"\r{' ' * width}\r"


def _drop(stream: TextIO) -> None:
    """Redirect a stream to the null device, so that Python flushes its buffer without an error at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def lengths_text(spread: Mapping[str, int]) -> str:
    """Return token lengths as text: median, 95th percentile and maximum."""
    return f"{spread['median']:,} · {spread['p95']:,} · {spread['max']:,}"


def notice_line(event: Mapping[str, Any]) -> str:
    """Return a notice as a line: its level, message and hint."""
    title = "Warning" if event.get("level") == "warning" else "Note"
    return " ".join(filter(None, (f"{title}: {event['message']}", event.get("hint", ""))))


def table_lines(
    head: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str] = (), *, empty: str = ""
) -> list[str]:
    """Return aligned lines; the columns named in `right` are aligned on the right. `empty` is said without a row."""
    if empty and not rows:
        return [empty]
    rows = [[in_one_line(cell) for cell in row] for row in rows]
    widths = [max(len(row[index]) for row in [head, *rows]) for index in range(len(head))]
    lines = []
    for row in [head, *rows]:
        cells = [
            text.rjust(width) if title in right else text.ljust(width)
            for text, title, width in zip(row, head, widths, strict=True)
        ]
        lines.append("  ".join(cells).rstrip())
    return lines


def fact_lines(pairs: Sequence[tuple[str, str]]) -> list[str]:
    """Return a line for each name and value, with aligned values."""
    width = max((len(name) for name, _ in pairs), default=0)
    return [f"{name.ljust(width)}  {in_one_line(value)}".rstrip() for name, value in pairs]
