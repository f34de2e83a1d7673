import os
import tempfile
from pathlib import Path

import pytest

from engine.adapters import library
from engine.commands import cli
from engine.config import recipe as recipes
from engine.errors import SettingError, StorageError
from engine.runs import run_store
from engine.system import paths
from engine.system.files import write_export
from tests.helpers.homes import add_adapter, make_recipe
from tests.helpers.systems import LINUX, modes, names_of_bytes

FOLDERS = [
    paths.runs_folder, paths.adapters_folder, paths.trash_folder, paths.jobs_folder, paths.results_folder,
    paths.intake_folder, paths.cache_folder, paths.config_folder, paths.cluster_folder,
]  # fmt: skip


def test_one_variable_moves_everything(home):
    made = [folder() for folder in FOLDERS]
    assert len(set(made)) == len(FOLDERS)
    assert all(folder.is_dir() and folder.is_relative_to(home) for folder in made)


def test_without_it_the_system_s_places_are_used(monkeypatch, tmp_path):
    monkeypatch.delenv("TUNESMITH_HOME")
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "LOCALAPPDATA", "APPDATA"):
        monkeypatch.setenv(name, str(tmp_path))
    assert all(folder().is_relative_to(tmp_path) for folder in FOLDERS)
    assert "tunesmith" in paths.runs_folder().parts


def test_without_a_home_folder_nothing_is_put_into_the_working_folder(monkeypatch, tmp_path):
    """As in a container whose user the system does not know."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TUNESMITH_HOME")
    monkeypatch.setattr(paths.appdirs, "user_data_dir", lambda *_, **__: "~/.local/share/tunesmith")
    with pytest.raises(SettingError, match="has no home folder") as caught:
        paths.runs_folder()
    assert "TUNESMITH_HOME" in caught.value.hint
    assert not list(tmp_path.iterdir())


def test_a_path_that_is_too_long_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv("TUNESMITH_HOME", str(tmp_path / ("long" * 100)))
    with pytest.raises(StorageError, match="can't be created"):
        paths.runs_folder()
    with pytest.raises(StorageError, match="can't be written"):
        write_export(tmp_path / f"{'long' * 100}.html", "text")


def test_a_window_s_python_starts_one_with_a_console(monkeypatch):
    monkeypatch.setattr(paths.sys, "executable", "Scripts/pythonw.exe")
    assert Path(paths.program()[0]) == Path("Scripts/python.exe")


def test_a_folder_that_cannot_be_made_is_told(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("TUNESMITH_HOME", str(tmp_path / "file"))
    with pytest.raises(StorageError, match="can't be created"):
        paths.runs_folder()


def test_what_ships_lies_beside_the_program():
    shipped = (paths.starter_folder(), paths.sample_folder(), paths.presets_folder())
    assert all(folder.parent == paths.resources_folder() for folder in shipped)
    assert (paths.application_root() / "engine").is_dir()


@pytest.fixture
def umask():
    """Set the umask; it is what it was afterwards."""
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


@modes
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


@modes
def test_what_is_imported_and_unpacked_lies_in_private_folders(home, umask, tmp_path, monkeypatch):
    umask(0)
    made: list[Path] = []
    make = tempfile.mkdtemp

    def recorded(suffix, prefix, folder):
        made.append(folder)
        return make(suffix, prefix, folder)

    monkeypatch.setattr(tempfile, "mkdtemp", recorded)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    library.export_zip(add_adapter(), tmp_path / "sent.zip")
    library.import_adapter(tmp_path / "sent.zip")
    assert made
    assert {folder.stat().st_mode & 0o777 for folder in made} == {0o700}


def test_a_path_that_was_sent_leads_to_where_it_is_on_the_node(monkeypatch):
    assert paths.path_here("/desk/chats.csv") == Path("/desk/chats.csv")
    monkeypatch.setenv(paths.SENT_FILES, '{"/desk/chats.csv": "/node/sent/chats.csv"}')
    assert paths.path_here("/desk/chats.csv") == Path("/node/sent/chats.csv")
    assert paths.path_here("~/other.csv") == Path("~/other.csv").expanduser()


@pytest.fixture
def odd(tmp_path):
    """A folder whose name is Latin-1."""
    if not LINUX:
        pytest.skip("names are Unicode there")
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    return folder


def test_a_file_in_an_odd_folder_is_reached_through_a_link(home, odd):
    (odd / "talk.csv").write_text("a", encoding="utf-8")
    path = paths.resolved(odd / "talk.csv")
    assert str(path).encode("utf-8")
    assert path.parts[-2:] == ("caf%E9", "talk.csv")
    assert path.read_text(encoding="utf-8") == "a"
    assert paths.resolved(path) == path


@names_of_bytes
def test_an_odd_name_keeps_its_suffix(home, tmp_path):
    file = tmp_path / os.fsdecode(b"\xff" * 200 + b".jsonl.gz")
    file.write_bytes(b"")
    path = paths.resolved(file)
    assert path.is_file()
    assert path.name.endswith("%FF.jsonl.gz")


def test_odd_folders_of_one_name_are_told_apart(home, odd, tmp_path):
    other = tmp_path / "other" / odd.name
    other.mkdir(parents=True)
    assert paths.resolved(odd) != paths.resolved(other)
    assert paths.resolved(other).resolve() == other


def test_a_home_whose_name_is_no_text(odd, monkeypatch, tmp_path):
    monkeypatch.setattr(paths.tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TUNESMITH_HOME", str(odd / "home"))
    assert paths.is_text(paths.runs_folder())
    adapter = add_adapter()
    assert paths.is_text(adapter.folder)
    assert library.find(adapter.id).folder == adapter.folder
    assert run_store.find_job(str(run_store.create_run(make_recipe()).folder)).request()["kind"] == "train"
    assert (odd / "home" / "adapters" / adapter.id).is_dir()


def test_a_recipe_in_an_odd_folder_names_what_is_beside_it(home, odd):
    (odd / "talk.csv").write_text("dialogue,summary\n", encoding="utf-8")
    (odd / "recipe.toml").write_text(
        '[base_model]\nid = "starter"\n[data]\nsource = "talk.csv"\n[method]\nid = "lora"\n', encoding="utf-8"
    )
    recipe = recipes.load(odd / "recipe.toml")
    assert Path(recipe.data.source).is_file()
    job = run_store.create_run(recipe)
    assert recipes.load(job.recipe_path) == recipe


def test_an_adapter_goes_out_and_in_through_an_odd_folder(home, odd):
    adapter = add_adapter()
    library.export_folder(adapter, odd / "out")
    library.export_zip(adapter, odd / "out.zip")
    assert paths.is_text(library.find(str(odd / "out")).folder)
    for source in (odd / "out", odd / "out.zip"):
        assert library.import_adapter(source).changed_files() == []


@names_of_bytes
def test_a_merge_into_a_name_that_is_no_text_is_a_problem(home, tmp_path, capsys):
    target = str(tmp_path / os.fsdecode(b"\xff"))
    assert cli.run(cli.parse(["adapters", "merge", add_adapter().id, target])) == 2
    assert "is not UTF-8 text" in capsys.readouterr().err
