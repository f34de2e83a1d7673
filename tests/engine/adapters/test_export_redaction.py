import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.adapters import library, metadata
from engine.adapters.library import Adapter
from engine.config import recipe
from tests.helpers.homes import add_adapter, make_recipe

SECRET = "/home/secret-person/client-x"
Export = Callable[[Adapter, Path], Path]


@pytest.fixture
def adapter(home):
    follows = make_recipe(
        base=f"{SECRET}/bases/my-t5", source=f"{SECRET}/chats.jsonl", start_from=f"{SECRET}/adapters/first"
    )
    adapter = add_adapter(recipe=follows)
    (adapter.folder / "README.md").write_text(
        f"---\nbase_model: {SECRET}/bases/my-t5\ntags:\n- base_model:adapter:{SECRET}/bases/my-t5\n---\nMine.\n",
        encoding="utf-8",
    )
    facts = adapter.metadata
    told = facts.model_copy(
        update={
            "data": facts.data.model_copy(update={"source": f"{SECRET}/chats.jsonl"}),
            "training": facts.training.model_copy(update={"start_from": f"{SECRET}/adapters/first"}),
            "files": metadata.checksums(adapter.folder),
        }
    )
    metadata.save(told, adapter.folder)
    return library.find(adapter.id)


def as_folder(adapter: Adapter, target: Path) -> Path:
    return library.export_folder(adapter, target)


def as_zip(adapter: Adapter, target: Path) -> Path:
    with zipfile.ZipFile(library.export_zip(adapter, target.with_suffix(".zip"))) as archive:
        archive.extractall(target)
    (folder,) = target.iterdir()
    return folder


@pytest.mark.parametrize("export", [as_folder, as_zip])
def test_an_exported_adapter_names_no_place_on_this_computer(adapter, tmp_path, export):
    before = metadata.checksums(adapter.folder)
    assert any("secret-person" in path.read_text("latin-1") for path in adapter.folder.iterdir())
    folder = export(adapter, tmp_path / "out")
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {path.name for path in files} == {path.name for path in adapter.folder.iterdir()}
    assert [path.name for path in files if b"secret-person" in path.read_bytes()] == []
    told = metadata.load(folder)
    assert (told.base_model.id, told.data.source, told.training.start_from) == (
        "my-t5", "chats.jsonl", "first",
    )  # fmt: skip
    assert metadata.changed(folder, told) == []
    made = recipe.load(folder / "recipe.toml")
    assert (made.base_model.id, made.data.source, made.method.start_from) == ("my-t5", "chats.jsonl", "first")
    config = json.loads((folder / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == "my-t5"
    assert "base_model:adapter:my-t5\n" in (folder / "README.md").read_text()
    assert metadata.checksums(adapter.folder) == before
    assert library.find(adapter.id).metadata == adapter.metadata
    assert library.import_adapter(folder).changed_files() == []


def test_an_export_hides_no_change_of_a_file(adapter, tmp_path):
    with (adapter.folder / "adapter_config.json").open("a", encoding="utf-8") as stream:
        stream.write("\n")
    folder = library.export_folder(adapter, tmp_path / "out")
    assert metadata.changed(folder, metadata.load(folder)) == ["adapter_config.json"]


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("google/flan-t5-base", "google/flan-t5-base"), ("starter", "starter"), ("sample", "sample"),
        ("/a/b/c.jsonl", "c.jsonl"), ("~/models/mine/", "mine"),
        ("C:\\Users\\someone\\chats.csv", "chats.csv"), ("", ""),
    ],
)  # fmt: skip
def test_a_public_name_is_the_last_part_of_a_path_and_else_the_name(told, name):
    assert recipe.public_name(told) == name
