"""Where things lie."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from engine.adapters import library
from engine.errors import StorageError
from engine.system import paths
from tests.helpers.homes import add_adapter

FOLDERS = [
    paths.runs_folder,
    paths.adapters_folder,
    paths.trash_folder,
    paths.jobs_folder,
    paths.results_folder,
    paths.intake_folder,
    paths.cache_folder,
    paths.config_folder,
    paths.cluster_folder,
]


def test_one_variable_moves_everything(home: Path):
    made = [folder() for folder in FOLDERS]
    assert len(set(made)) == len(FOLDERS)
    assert all(folder.is_dir() and folder.is_relative_to(home) for folder in made)


def test_without_it_the_system_s_places_are_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.delenv("TUNESMITH_HOME")
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "LOCALAPPDATA", "APPDATA"):
        monkeypatch.setenv(name, str(tmp_path))
    assert all(folder().is_relative_to(tmp_path) for folder in FOLDERS)
    assert "tunesmith" in paths.runs_folder().parts


def test_a_folder_that_cannot_be_made_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("TUNESMITH_HOME", str(tmp_path / "file"))
    with pytest.raises(StorageError, match="cannot be made"):
        paths.runs_folder()


def test_what_ships_lies_beside_the_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    shipped = (paths.starter_folder(), paths.sample_folder(), paths.presets_folder())
    assert all(folder.parent == paths.resources_folder() for folder in shipped)
    assert (paths.application_root() / "engine").is_dir()
    monkeypatch.setattr("sys._MEIPASS", str(tmp_path), raising=False)
    assert paths.resources_folder() == tmp_path / "resources"


@pytest.fixture
def umask():
    """Set the umask; it is what it was afterwards."""
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


@pytest.mark.skipif(os.name != "posix", reason="folders have other rights there")
@pytest.mark.parametrize("bits", [0o000, 0o022, 0o077, 0o177])
def test_everything_that_is_kept_is_private_under_any_umask(home, umask, bits):
    umask(bits)
    made = [
        getattr(paths, name)()
        for name in sorted(vars(paths))
        if name.endswith("_folder") and name not in {"resources_folder", "starter_folder", "sample_folder"}
    ]
    kept = [folder for folder in made if folder.is_relative_to(home.resolve())]
    assert {"runs", "adapters", "jobs", "results", "intake", "labelling", "arenas", "tries"} <= {
        folder.name for folder in kept
    }
    assert {folder.stat().st_mode & 0o777 for folder in (*kept, home)} == {0o700}


@pytest.mark.skipif(os.name != "posix", reason="folders have other rights there")
def test_what_is_imported_and_unpacked_lies_in_private_folders(home, umask, tmp_path, monkeypatch):
    umask(0)
    made: list[Path] = []
    directory = tempfile.TemporaryDirectory

    def recorded(**options):
        made.append(options["dir"])
        return directory(**options)

    monkeypatch.setattr(tempfile, "TemporaryDirectory", recorded)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    library.export_zip(add_adapter(), tmp_path / "sent.zip")
    library.import_adapter(tmp_path / "sent.zip")
    assert made
    assert {folder.stat().st_mode & 0o777 for folder in made} == {0o700}


def test_a_path_that_was_sent_leads_to_where_it_is_on_the_node(monkeypatch: pytest.MonkeyPatch):
    assert paths.path_here("/desk/chats.csv") == Path("/desk/chats.csv")
    monkeypatch.setenv(paths.SENT_FILES, '{"/desk/chats.csv": "/node/sent/chats.csv"}')
    assert paths.path_here("/desk/chats.csv") == Path("/node/sent/chats.csv")
    assert paths.path_here("~/other.csv") == Path("~/other.csv").expanduser()
