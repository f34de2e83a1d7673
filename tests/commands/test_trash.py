from engine.adapters import library
from engine.maintenance import trash_contents
from tests.helpers.homes import add_adapter


def test_what_was_deleted_is_listed_and_restored(call):
    adapter = add_adapter("tea-lora-1")
    size = adapter.size_bytes
    call("adapters", "delete", "tea-lora-1")
    [[listed]] = call("trash", "--json").json
    assert (listed["id"], listed["kind"], listed["name"]) == (adapter.id, "adapter", "tea-lora-1")
    assert listed["bytes"] == size
    told = call("trash").out
    assert "tea-lora-1" in told
    assert "for 30 days" in told
    [restored] = call("trash", "restore", "tea", "--json").json
    assert restored["path"] == str(adapter.folder)
    assert library.find("tea-lora-1") == adapter


def test_what_is_deleted_for_good_is_gone(call):
    for name in ("a", "b", "c"):
        library.delete(add_adapter(name))
    assert call("trash", "delete", "b").out.startswith("Deleted b permanently, ")
    assert [each.name for each in trash_contents.contents()] == ["c", "a"]
    [emptied] = call("trash", "empty", "--json").json
    assert emptied["deleted"] == ["c", "a"]
    assert trash_contents.contents() == []
