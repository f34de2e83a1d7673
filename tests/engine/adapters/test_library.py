import errno
import json
import os
import pickle
import zipfile
from pathlib import Path

import pytest

from engine.adapters import library, metadata
from engine.adapters.library import Adapter
from engine.errors import AdapterError, StorageError
from engine.system import paths
from tests.helpers.homes import (
    add_adapter,
    add_checkpoint,
    add_run,
    make_metadata,
    make_recipe,
    score_card,
    write_peft_files,
    write_safetensors,
)
from tests.helpers.systems import synced_names


def names() -> list[str]:
    return [adapter.name for adapter in library.scan()[0]]


@pytest.fixture
def foreign(tmp_path):
    folder = tmp_path / "clinic-lokr"
    folder.mkdir()
    write_peft_files(folder)
    (folder / "notes.txt").write_text("not the adapter's", encoding="utf-8")
    return folder


def zipped(folder: Path, target: Path, top: str = "") -> Path:
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, f"{top}{path.name}")
    return target


def test_folders_that_are_no_adapters_are_listed_with_the_reason():
    add_adapter("good")
    (paths.adapters_folder() / "empty").mkdir()
    library.partial_folder("half")
    (paths.adapters_folder() / "file.txt").write_text("", encoding="utf-8")
    _, unreadable = library.scan()
    assert [(found.folder.name, found.reason) for found in unreadable] == [
        ("empty", "empty has no adapter.toml.")
    ]
    assert names() == ["good"]


def test_an_adapter_that_a_program_or_a_cloud_held_is_there_once_it_lets_go(monkeypatch):
    add_adapter("held")

    def refuse(*_):
        raise OSError(errno.EINVAL, "The cloud file provider is not running")

    with monkeypatch.context() as patch:
        patch.setattr(metadata, "read_toml", refuse)
        _, [unreadable] = library.scan()
    assert unreadable.reason == "adapter.toml of held can't be read."
    assert names() == ["held"]


def test_an_adapter_is_found_by_id_name_and_folder(foreign):
    adapter = add_adapter("a-id")
    adapter = library.update(adapter, name="Nice name")
    for name in ("a-id", "Nice name", str(adapter.folder)):
        assert library.find(name).metadata == adapter.metadata
    assert library.find(str(foreign)).metadata.origin == "imported"
    with pytest.raises(AdapterError, match='There is no adapter "gone"'):
        library.find("gone")


def test_the_beginning_of_an_id_finds_the_one_adapter_that_begins_so_where_a_person_types_it():
    one, two = add_adapter("20261126-0810-lora-3f9a"), add_adapter("20261126-0815-lora-77c2")
    add_adapter("20261126-0815-lora-77c2-step-40")
    assert library.find("20261126-0810", shortened=True).id == one.id
    # A whole id is no beginning of a longer one.
    assert library.find(two.id, shortened=True).id == two.id
    with pytest.raises(AdapterError, match='2 adapters begin with "20261126-0815"') as caught:
        library.find("20261126-0815", shortened=True)
    assert caught.value.hint == "Type more of the id; `main.py adapters` lists them."
    for name, shortened in (("", True), ("20261126-0810", False)):
        with pytest.raises(AdapterError, match=f'There is no adapter "{name}"'):
            library.find(name, shortened=shortened)


def test_an_adapter_knows_its_size_its_recipe_and_whether_its_files_are_its_own():
    follows = make_recipe(rank=8)
    adapter = add_adapter(recipe=follows)
    assert adapter.size_bytes == sum(path.stat().st_size for path in adapter.folder.iterdir())
    assert adapter.recipe() == follows
    assert adapter.changed_files() == []
    write_safetensors(adapter.folder / library.WEIGHTS_NAME, {"other": (3,)})
    (adapter.folder / metadata.RECIPE_NAME).unlink()
    assert adapter.changed_files() == [library.WEIGHTS_NAME, metadata.RECIPE_NAME]
    assert adapter.recipe() is None


def test_name_tags_and_notes_change_and_nothing_else():
    adapter = add_adapter(scores=[score_card(0.48)])
    changed = library.update(adapter, name="  New \n name ", tags=["short"], notes="Good.")
    assert (changed.name, changed.id) == ("New name", adapter.id)
    assert library.find(adapter.id).metadata == changed.metadata
    kept = changed.metadata.model_copy(update={"name": adapter.name, "tags": [], "notes": ""})
    assert kept == adapter.metadata
    assert changed.changed_files() == []


@synced_names
def test_an_adapters_name_is_on_the_disk_before_it_is_told(monkeypatch):
    library_folder = paths.adapters_folder()
    seen = []

    def note(descriptor: int) -> None:
        if os.path.samestat(os.fstat(descriptor), library_folder.stat()):
            seen.append([path.name for path in library_folder.iterdir()])

    partial = library.partial_folder("a-id")
    write_peft_files(partial)
    monkeypatch.setattr(os, "fsync", note)
    library.install(partial, make_metadata("a-id"))
    assert seen == [["a-id"]]


def test_a_deleted_adapter_comes_back_whole():
    adapter = add_adapter()
    place = library.delete(adapter)
    assert names() == []
    assert library.restore_adapter(place) == adapter
    assert names() == [adapter.name]
    assert adapter.changed_files() == []


@pytest.mark.parametrize("export", [library.export_folder, library.export_zip])
def test_what_is_exported_can_be_imported_again(tmp_path, export):
    adapter = library.update(add_adapter(scores=[score_card(0.48)]), name="a/b: ../c", notes="Good.")
    target = export(adapter, tmp_path / "out")
    assert not list(tmp_path.glob("*.partial")) + list(tmp_path.glob(".*.partial"))
    again = library.import_adapter(target)
    assert again.id != adapter.id
    assert again.metadata.origin == "imported"
    assert adapter.metadata.imported is None
    assert again.metadata.imported is not None
    same = {"id": adapter.id, "origin": "trained", "imported_at": None}
    assert again.metadata.model_copy(update=same) == adapter.metadata
    assert again.changed_files() == []


def test_an_export_overwrites_nothing_unasked(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out.zip").write_text("mine", encoding="utf-8")
    adapter = add_adapter()
    with pytest.raises(StorageError, match="already exists"):
        library.export_folder(adapter, tmp_path / "out")
    with pytest.raises(StorageError, match="already exists"):
        library.export_zip(adapter, tmp_path / "out.zip")
    assert (tmp_path / "out.zip").read_text(encoding="utf-8") == "mine"
    assert library.export_zip(adapter, tmp_path / "out.zip", replace=True).stat().st_size > 100


def check_foreign(adapter: Adapter) -> None:
    found = adapter.metadata
    assert (found.name, found.origin) == ("clinic-lokr", "imported")
    assert (found.base_model.id, found.method.peft_type, found.method.targets) == (
        "google/flan-t5-base", "LORA", ["q", "v"],
    )  # fmt: skip
    assert set(found.files) == {library.CONFIG_NAME, library.WEIGHTS_NAME}
    assert adapter.recipe() is None
    assert names() == ["clinic-lokr"]


def test_an_adapter_of_another_program_gets_a_metadata(foreign):
    check_foreign(library.import_adapter(foreign))
    assert (foreign / "notes.txt").exists()


@pytest.mark.parametrize("top", ["", "folder/inside/"])
def test_a_zip_may_hold_it_at_any_depth(foreign, tmp_path, top):
    check_foreign(library.import_adapter(zipped(foreign, tmp_path / "clinic-lokr.zip", top)))
    assert not [path for path in paths.adapters_folder().iterdir() if path.name.endswith(library.PARTIAL)]


def refused(source: Path, match: str) -> None:
    with pytest.raises(AdapterError, match=match) as caught:
        library.import_adapter(source)
    assert caught.value.hint
    assert list(paths.adapters_folder().iterdir()) == []


def test_weights_that_could_run_code_are_refused(foreign):
    (foreign / library.WEIGHTS_NAME).unlink()
    (foreign / "adapter_model.bin").write_bytes(pickle.dumps({"a": 1}))
    refused(foreign, r"has no adapter_model.safetensors, but adapter_model\.bin")


@pytest.mark.parametrize(
    "content", [b"", b"junk", b"\xff" * 64, b"\x02\0\0\0\0\0\0\0[]", b"\x08\0\0\0\0\0\0\0{}      "[:12]]
)
def test_damaged_weights_are_refused(foreign, content):
    path = foreign / library.WEIGHTS_NAME
    path.write_bytes(path.read_bytes()[:-1])
    refused(foreign, "is truncated")
    path.write_bytes(content)
    refused(foreign, "is damaged")


@pytest.mark.parametrize("content", ["", "no json", "[]", "{}", json.dumps({"peft_type": 3})])
def test_a_configuration_that_names_no_method_is_refused(foreign, content):
    (foreign / library.CONFIG_NAME).write_text(content, encoding="utf-8")
    with pytest.raises(AdapterError):
        library.import_adapter(foreign)
    assert names() == []


def test_weights_that_are_not_those_of_the_metadata_are_refused(tmp_path):
    target = library.export_folder(add_adapter(), tmp_path / "out")
    write_safetensors(target / library.WEIGHTS_NAME, {"other": (3,)})
    with pytest.raises(AdapterError, match="changed since it was saved"):
        library.import_adapter(target)


@pytest.mark.parametrize(
    "member",
    [
        "../escape.txt", "/tmp/escape.txt", "a/../../escape.txt", "..\\escape.txt", "C:\\escape.txt",
        "a/../escape.txt",
    ],
)  # fmt: skip
def test_a_zip_that_writes_outside_its_folder_is_refused(tmp_path, member):
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        archive.writestr(member, "gotcha")
    refused(tmp_path / "bad.zip", "a path outside its folder")
    assert not list(tmp_path.rglob("escape.txt"))


def test_a_zip_with_a_link_is_refused(foreign, tmp_path):
    path = zipped(foreign, tmp_path / "bad.zip")
    with zipfile.ZipFile(path, "a") as archive:
        link = zipfile.ZipInfo("recipe.toml")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    refused(path, 'contains "recipe.toml", a link')


def test_a_zip_that_unpacks_to_far_more_than_it_is_is_refused_before_it_does(tmp_path, monkeypatch):
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(library.WEIGHTS_NAME, bytes(65 << 20))
    monkeypatch.setattr(zipfile.ZipFile, "extractall", lambda *_: pytest.fail("it was unpacked"))
    refused(tmp_path / "bomb.zip", "too much for an adapter")


def test_a_damaged_zip_is_refused(foreign, tmp_path):
    path = zipped(foreign, tmp_path / "bad.zip")
    content = bytearray(path.read_bytes())
    content[80:120] = bytes(40)
    path.write_bytes(content)
    refused(path, "can't be unpacked")


def test_a_checkpoint_becomes_an_adapter_without_what_only_resuming_needs():
    job = add_run()
    checkpoint = add_checkpoint(job, 20)
    adapter = library.promote(checkpoint, " Step 20 ")
    assert adapter.name == "Step 20"
    assert (adapter.metadata.training.run, adapter.metadata.training.step) == (job.id, 20)
    assert not adapter.metadata.training.stopped
    assert adapter.metadata.scores == []
    assert set(adapter.metadata.files) == {library.CONFIG_NAME, library.WEIGHTS_NAME, metadata.RECIPE_NAME}
    assert adapter.recipe() == make_recipe()
    assert adapter.changed_files() == []
    assert (checkpoint / "optimizer.pt").exists()
    assert names() == ["Step 20"]


@pytest.mark.parametrize(
    ("tops", "told"), [([], "contains no adapter_config.json"), (["a/", "b/"], "contains 2 adapters")]
)
def test_a_zip_of_no_adapter_or_of_two_is_refused(foreign, tmp_path, tops, told):
    with zipfile.ZipFile(tmp_path / "sent.zip", "w") as archive:
        archive.writestr("photo.txt", "a cat")
        for top in tops:
            for path in foreign.iterdir():
                archive.write(path, f"{top}{path.name}")
    refused(tmp_path / "sent.zip", told)
    refused(foreign / "notes.txt", "neither an adapter's folder nor its zip")
