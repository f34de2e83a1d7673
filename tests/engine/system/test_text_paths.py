"""Paths whose bytes are no UTF-8 are used through links whose paths are; recipes, jobs and events stay text."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from engine.adapters import library
from engine.commands import cli
from engine.config import recipe as recipes
from engine.runs import run_store
from engine.system import paths, text_paths
from tests.helpers.homes import add_adapter, make_recipe

pytestmark = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names are Unicode there")


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """A folder whose name is Latin-1."""
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
    monkeypatch.setattr(text_paths.tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TUNESMITH_HOME", str(odd / "home"))
    assert text_paths.is_text(paths.runs_folder())
    adapter = add_adapter()
    assert text_paths.is_text(adapter.folder)
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
    assert text_paths.is_text(library.find(str(odd / "out")).folder)
    for source in (odd / "out", odd / "out.zip"):
        assert library.import_adapter(source).changed_files() == []


def test_a_merge_into_a_name_that_is_no_text_is_a_problem(home, tmp_path, capsys):
    target = str(tmp_path / os.fsdecode(b"\xff"))
    assert cli.run(cli.parse(["adapters", "merge", add_adapter().id, target])) == 2
    assert "is no text in UTF-8" in capsys.readouterr().err
