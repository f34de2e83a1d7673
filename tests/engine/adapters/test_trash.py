from pathlib import Path

import pytest

from engine.adapters import trash
from engine.errors import StorageError
from engine.system import paths


def folder(parent: Path, name: str) -> Path:
    made = parent / name
    made.mkdir()
    (made / "file").write_text("text", encoding="utf-8")
    return made


def test_what_was_deleted_is_listed_the_last_first_and_comes_back(tmp_path):
    trashed = [trash.to_trash(folder(tmp_path, name), tmp_path, "folder") for name in ("one", "two~b")]
    assert trash.trashed_folders() == trashed[::-1]
    assert [trash.former_name(each) for each in trashed] == ["one", "two~b"]
    assert trash.trashed_at(trashed[0]) <= trash.trashed_at(trashed[1])
    assert trash.restore(trashed[1], tmp_path) == tmp_path / "two~b"
    assert (tmp_path / "two~b" / "file").read_text(encoding="utf-8") == "text"


def test_a_folder_does_not_come_back_in_place_of_another(tmp_path):
    trashed = trash.to_trash(folder(tmp_path, "one"), tmp_path, "folder")
    folder(tmp_path, "one")
    with pytest.raises(StorageError, match="already exists"):
        trash.restore(trashed, tmp_path)
    assert trashed.exists()


def test_only_what_is_old_is_emptied(tmp_path):
    trash.to_trash(folder(tmp_path, "one"), tmp_path, "folder")
    (paths.trash_folder() / "somebody's file").write_text("", encoding="utf-8")
    assert trash.empty_old_trash(older_than_days=1) == 0
    assert trash.empty_old_trash(older_than_days=0) == 1
    assert [path.name for path in paths.trash_folder().iterdir()] == ["somebody's file"]


@pytest.mark.parametrize("name", [".", "", "one/.."])
def test_the_place_itself_is_never_deleted_by_a_name_of_it(tmp_path, monkeypatch, name):
    folder(tmp_path, "one")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StorageError, match="is not in"):
        trash.to_trash(Path(name), tmp_path, "folder")
    assert (tmp_path / "one" / "file").exists()
