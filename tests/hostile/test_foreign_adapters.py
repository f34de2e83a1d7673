"""A stranger's folder of an adapter brings its own files along, and nothing that lies behind a link, by every way."""

import os
import re
import zipfile
from pathlib import Path

import pytest

from engine.adapters import hub_adapters, library
from engine.adapters import metadata as adapter_toml
from engine.adapters.import_checks import KINDS
from engine.adapters.library import Adapter
from engine.errors import AdapterError
from engine.system import foreign_files
from engine.system.paths import adapters_folder
from tests.helpers.homes import add_adapter
from tests.helpers.systems import special_files

pytestmark = special_files
SECRET = "my private words"


@pytest.fixture
def theirs(tmp_path):
    """A stranger's folder, with all files of an adapter and traps beside them."""
    adapter = add_adapter("theirs")
    (adapter.folder / "README.md").write_text("A card.", encoding="utf-8")
    folder = adapter.folder.rename(tmp_path / "theirs")
    (tmp_path / "secret").write_text(SECRET, encoding="utf-8")
    (folder / "notes.txt").symlink_to(tmp_path / "secret")
    (folder / "weights.bin").symlink_to("/dev/zero")
    (folder / "below").symlink_to(tmp_path)
    (folder / "diary.txt").write_text(SECRET, encoding="utf-8")
    os.mkfifo(folder / "pipe")
    return folder


def to_zip(folder: Path, target: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(library.export_zip(library.find(str(folder)), target)) as archive:
        return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}


def to_folder(folder: Path, target: Path) -> dict[str, bytes]:
    return contents(library.export_folder(library.find(str(folder)), target))


def to_hub(folder: Path, target: Path) -> dict[str, bytes]:
    target.mkdir()
    hub_adapters.write_copy(library.find(str(folder)), target, with_conversations=False)
    return contents(target) | {"README.md": b"made anew"}


def to_library(folder: Path, _target: Path) -> dict[str, bytes]:
    return contents(library.import_adapter(folder).folder)


def contents(folder: Path) -> dict[str, bytes]:
    assert not [path for path in folder.rglob("*") if path.is_symlink() or not path.is_file()]
    return {path.name: path.read_bytes() for path in folder.iterdir()}


WAYS = pytest.mark.parametrize("take", [to_zip, to_folder, to_hub, to_library])


@WAYS
def test_only_its_own_files_come_along(theirs, tmp_path, take):
    taken = take(theirs, tmp_path / "out")
    assert set(taken) == set(KINDS)
    assert not [name for name, content in taken.items() if SECRET.encode() in content]


@WAYS
@pytest.mark.parametrize("trap", ["link", "dangling", "device", "pipe", "folder"])
@pytest.mark.parametrize("name", KINDS)
def test_a_trap_in_the_place_of_one_is_refused_by_its_name(theirs, tmp_path, take, trap, name):
    path = theirs / name
    kept = path.rename(tmp_path / "kept")
    if trap == "pipe":
        os.mkfifo(path)
    elif trap == "folder":
        path.mkdir()
    else:
        path.symlink_to({"link": kept, "dangling": tmp_path / "gone", "device": "/dev/zero"}[trap])
    before = {each.name for each in tmp_path.iterdir()}
    # What is not there is not sent: weights that a link leads nowhere to are none.
    with pytest.raises(AdapterError, match=f"{re.escape(name)}|without weights"):
        take(theirs, tmp_path / "out")
    assert {each.name for each in tmp_path.iterdir()} - {"out"} == before
    assert not [path.name for path in (tmp_path / "out").rglob("*") if path.name == name]
    assert list(adapters_folder().iterdir()) == []


@WAYS
@pytest.mark.parametrize("name", KINDS)
def test_a_file_far_too_large_for_its_kind_fills_no_disk(theirs, tmp_path, take, name):
    with (theirs / name).open("r+b") as stream:
        stream.truncate(1 << 40)
    with pytest.raises(AdapterError, match=re.escape(name)):
        take(theirs, tmp_path / "out")
    left = [path for folder in (tmp_path / "out", adapters_folder()) for path in folder.rglob("*")]
    assert sum(path.stat().st_blocks for path in left) * 512 < 1 << 20


def test_a_file_of_holes_fills_no_disk(theirs, tmp_path):
    (theirs / adapter_toml.FILE_NAME).unlink()
    with (theirs / library.WEIGHTS_NAME).open("r+b") as stream:
        stream.truncate(1 << 33)
    with pytest.raises(AdapterError, match="it was hardly written at all"):
        library.export_folder(library.find(str(theirs)), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_link_put_there_after_the_look_is_not_followed(theirs, tmp_path, monkeypatch):
    (theirs / "README.md").unlink()
    (theirs / "README.md").symlink_to(tmp_path / "secret")
    monkeypatch.setattr(Path, "is_symlink", lambda _: False)
    with pytest.raises(OSError, match="Too many levels"):
        foreign_files.copy(theirs / "README.md", tmp_path / "copy", KINDS["README.md"])


def test_a_link_in_the_place_of_a_checkpoint_s_recipe_is_refused(theirs, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    checkpoint = theirs.rename(run / "checkpoint-3")
    (run / adapter_toml.RECIPE_NAME).symlink_to(tmp_path / "secret")
    (checkpoint / adapter_toml.RECIPE_NAME).unlink()
    with pytest.raises(AdapterError, match="it is a link"):
        library.promote(checkpoint, "mine")
    assert isinstance(library.find(str(checkpoint)), Adapter)
    assert list(adapters_folder().iterdir()) == []
