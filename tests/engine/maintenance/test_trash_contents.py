import pytest

from engine import arena as arenas
from engine import voting
from engine.adapters import library, trash
from engine.errors import StorageError
from engine.maintenance import trash_contents
from engine.runs import run_store
from engine.system import paths
from tests.helpers.arenas import make_arena
from tests.helpers.blind_votes import made
from tests.helpers.homes import add_adapter, add_run, make_recipe


def test_each_kind_is_told_by_its_name_and_goes_back_to_its_place():
    adapter = add_adapter("tea")
    run, arena, comparison = add_run(make_recipe("a run")), make_arena("lora", name="methods"), made()
    library.delete(adapter)
    run_store.delete_run(run)
    arenas.delete(arena)
    voting.delete(comparison)
    found = trash_contents.contents()
    assert [(each.kind, each.name) for each in found] == [
        ("comparison", comparison.name), ("arena", "methods"), ("run", "a run"), ("adapter", "tea"),
    ]  # fmt: skip
    assert all(each.size_bytes > 0 for each in found)
    assert [trash_contents.restore(each) for each in found] == [
        comparison.folder, arena.folder, run.folder, adapter.folder,
    ]  # fmt: skip
    assert trash_contents.contents() == []
    assert library.find("tea") == adapter


def test_what_tunesmith_does_not_know_can_only_be_deleted():
    strange = paths.runs_folder() / "strange"
    strange.mkdir()
    trash.to_trash(strange, paths.runs_folder(), "run")
    [found] = trash_contents.contents()
    assert (found.kind, found.name) == ("unknown", "strange")
    with pytest.raises(StorageError, match="is unknown and can't be restored"):
        trash_contents.restore(found)
    trash_contents.delete(found)
    assert trash_contents.contents() == []


def test_something_is_found_by_id_beginning_or_name():
    for name in ("tea-1", "tea-2"):
        library.delete(add_adapter(name))
    assert trash_contents.find("tea-1").id == "tea-1"
    with pytest.raises(StorageError, match="2 items in the trash"):
        trash_contents.find("tea")
    with pytest.raises(StorageError, match='no "coffee" in the trash'):
        trash_contents.find("coffee")
