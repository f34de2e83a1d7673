"""Keeps how many tokens at a time suit a card best, as the probe of a run found, for the next run of the same.

The file lies beside the cached plan, under the digest of all that the plan depends on: card, base model, recipe, data.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from engine.errors import StorageError
from engine.system.files import write_atomically
from engine.system.foreign_files import FileKind, read_text

SUFFIX = "-tokens.json"


class ProbedTokens:
    """The size of micro-batches that a probe found; `tokens` is 0 where none has, or the file can't be read."""

    def __init__(self, plan_file: Path) -> None:
        self._file = plan_file.with_name(plan_file.stem + SUFFIX)
        self.tokens = self._read()

    def _read(self) -> int:
        try:
            tokens = int(read_text(self._file, FileKind.CACHED))
            os.utime(self._file)
        except (OSError, ValueError):
            return 0
        return max(0, tokens)

    def save(self, tokens: int) -> None:
        """Keep a size. A full disk is ignored: the next run probes again."""
        self.tokens = tokens
        with suppress(StorageError, OSError):
            write_atomically(self._file, str(tokens))
