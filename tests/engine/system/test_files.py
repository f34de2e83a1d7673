import errno
import shutil
from collections.abc import Callable
from pathlib import Path
from threading import Timer

import pytest

from engine.errors import StorageError
from engine.system import files
from engine.system.csv_file import write_csv
from engine.system.files import write_atomically, write_export
from engine.system.units import size
from tests.helpers.systems import WINDOWS


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "file.toml"
    write_atomically(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(path, "new \ud800")
    assert path.read_text(encoding="utf-8") == "old"
    write_atomically(path, "new")
    assert path.read_text(encoding="utf-8") == "new"


WAYS = pytest.mark.parametrize(
    "write", [lambda path: write_export(path, "text"), lambda path: write_csv(path, ["a"], [["b"]])]
)


@WAYS
def test_an_export_takes_no_partial_file_of_the_user_s(tmp_path, write):
    own = tmp_path / "out.csv.partial"
    own.write_text("mine", encoding="utf-8")
    write(tmp_path / "out.csv")
    assert own.read_text(encoding="utf-8") == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.csv", own.name]


@WAYS
def test_an_export_that_fails_leaves_nothing(tmp_path, write):
    (tmp_path / "folder").mkdir()
    with pytest.raises(StorageError, match="can't be written"):
        write(tmp_path / "folder")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


@pytest.fixture
def held(monkeypatch):
    """Have a scanner hold a file: so many times it can't be replaced, renamed or deleted."""

    def hold(times: int) -> list[str]:
        monkeypatch.setattr(files, "PAUSES", (0.0, 0.0))
        refused: list[str] = []
        for name in ("replace", "rename", "unlink"):
            monkeypatch.setattr(Path, name, _refusing(getattr(Path, name), refused, times))
        return refused

    return hold


def _refusing(does: Callable, refused: list[str], times: int):
    def change(*arguments: Path):
        if len(refused) < times:
            refused.append(does.__name__)
            raise PermissionError(errno.EACCES, "It is used by another process")
        return does(*arguments)

    return change


def test_a_file_that_a_scanner_holds_is_written_once_it_lets_go(tmp_path, held):
    write_atomically(tmp_path / "file.toml", "old")
    refused = held(2)
    write_atomically(tmp_path / "file.toml", "new")
    assert len(refused) == 2
    assert [path.read_text() for path in tmp_path.iterdir()] == ["new"]


def test_a_path_that_windows_finds_too_long_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MAX_PATH", 10)
    write_atomically(tmp_path / "file.toml", "old")
    with pytest.raises(StorageError, match="can't be written: its path is longer than Windows allows"):
        write_export(tmp_path / "missing" / "file.toml", "new")


def test_a_reader_for_two_seconds_only_makes_a_write_wait(tmp_path):
    """As a virus scanner is; elsewhere nobody has to wait."""
    path = tmp_path / "file.toml"
    write_atomically(path, "old")
    reader = path.open()
    release = Timer(2.0 if WINDOWS else 0.1, reader.close)
    release.start()
    write_atomically(path, "new")
    release.join()
    assert path.read_text() == "new"


def test_a_file_that_is_held_for_good_stays_as_it_was(tmp_path, held):
    path = tmp_path / "file.toml"
    write_atomically(path, "old")
    refused = held(3)
    with pytest.raises(PermissionError):
        write_atomically(path, "new")
    assert refused == ["replace"] * 3
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


def test_what_is_held_is_deleted_and_moved_once_it_is_free(tmp_path, held):
    folder = tmp_path / "folder"
    folder.mkdir()
    refused = held(2)
    files.move(folder, tmp_path / "moved")
    files.delete(tmp_path / "moved")
    files.delete(tmp_path / "moved")
    assert refused == ["rename"] * 2
    assert not any(tmp_path.iterdir())


def test_a_temporary_folder_that_a_scanner_looks_into_fails_nothing(tmp_path, held, monkeypatch):
    refused = held(0)
    monkeypatch.setattr(shutil, "rmtree", _refusing(shutil.rmtree, refused, 2))
    with files.temporary_folder(tmp_path) as folder:
        (folder / "weights").touch()
    assert refused == ["rmtree"] * 2
    assert not any(tmp_path.iterdir())


def test_what_goes_to_another_disk_is_there_whole_or_not_at_all(tmp_path, monkeypatch):
    folder, target = tmp_path / "folder", tmp_path / "target"
    folder.mkdir()
    (folder / "file").write_text("text")
    copytree, rename = shutil.copytree, Path.rename

    def to_another_disk(source: Path, goal: Path):
        if source == folder:
            raise OSError(errno.EXDEV, "Another disk")
        return rename(source, goal)

    def full(source: Path, goal: Path, **_):
        copytree(source, goal)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "rename", to_another_disk)
    monkeypatch.setattr(shutil, "copytree", full)
    with pytest.raises(OSError, match="No space"):
        files.move(folder, target)
    assert [path.name for path in tmp_path.rglob("*")] == ["folder", "file"]
    monkeypatch.setattr(shutil, "copytree", copytree)
    files.move(folder, target)
    assert [path.name for path in tmp_path.rglob("*")] == ["target", "file"]


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (14_200_000, "14.2 MB"), (3e9, "3.0 GB"),
        (2e12, "2.0 TB"),
    ],
)  # fmt: skip
def test_a_size_takes_the_unit_that_suits_it(count, text):
    assert size(count) == text
