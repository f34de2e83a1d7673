import pytest

from engine.adapters import library
from engine.maintenance import trash_contents
from engine.worker.training import adapter_store
from tests.helpers.homes import add_adapter, make_metadata, write_peft_files

pytestmark = pytest.mark.torch


def test_an_adapter_of_the_same_id_goes_to_the_trash(channel):
    # As if a run of others, which is called like one's own adapter, were resumed here.
    own = add_adapter("own", notes="mine")
    channel.job.recipe_path.write_text("", encoding="utf-8")
    adapter_store.store(channel, make_metadata("own"), write_peft_files)
    assert library.find("own").metadata.notes == ""
    [trashed] = trash_contents.contents()
    stored = library.find("own")
    library.delete(stored)
    assert trash_contents.restore(trashed) == own.folder
    assert library.find("own").metadata.notes == "mine"


def test_a_name_that_is_taken_gets_a_number():
    name = "starter · sample · LoRA r 4"
    assert adapter_store.free_name(name) == name
    add_adapter(name)
    add_adapter(f"{name} (2)")
    assert adapter_store.free_name(name) == f"{name} (3)"
