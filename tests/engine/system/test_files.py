"""Small files: written whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.system.files import write_atomically


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path):
    path = tmp_path / "file.toml"
    write_atomically(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(path, "new \ud800")
    assert path.read_text(encoding="utf-8") == "old"
    write_atomically(path, "new")
    assert path.read_text(encoding="utf-8") == "new"
