"""The bundled conversations. Knows no widget."""

from __future__ import annotations

import json
from functools import lru_cache
from itertools import islice

from engine.api import Example, StorageError, paths
from gui.look.language import tr

FILE_NAME = "test.jsonl"
MAX_SAMPLES = 200


@lru_cache(maxsize=1)
def samples() -> tuple[Example, ...]:
    """Return the first bundled test conversations. Raises StorageError if the installation lacks them."""
    path = paths.sample_folder() / FILE_NAME
    try:
        with path.open(encoding="utf-8") as stream:
            return tuple(_example(line) for line in islice(stream, MAX_SAMPLES))
    except (OSError, ValueError, KeyError) as error:
        message = tr("The bundled conversations are missing.")
        raise StorageError(message, tr("Install Tunesmith again.")) from error


def _example(line: str) -> Example:
    row = json.loads(line)
    return Example(str(row["id"]), row["dialogue"], row["summary"])
