import json

from engine.config import recipe as recipes
from engine.config.run_identity import identity


def recipe_of(source, **training):
    tables = {
        "base_model": {"id": "starter"},
        "data": {"source": str(source)},
        "method": {"id": "lora"},
        "training": training,
    }
    return recipes.from_tables(tables)


def write(folder, text):
    folder.mkdir(parents=True)
    file = folder / "chats.jsonl"
    file.write_text(json.dumps({"dialogue": text, "summary": "A."}))
    return file


def test_the_same_conversations_elsewhere_are_the_same_run(tmp_path):
    here, there = write(tmp_path / "here", "Ann: hi"), write(tmp_path / "there", "Ann: hi")
    assert identity(recipe_of(here)) == identity(recipe_of(there))
    assert identity(recipe_of(here.parent))["data"] == identity(recipe_of(there.parent))["data"]


def test_other_settings_and_other_conversations_are_told_apart(tmp_path):
    file = write(tmp_path / "here", "Ann: hi")
    before = identity(recipe_of(file))
    assert identity(recipe_of(file, seed=7))["recipe"] != before["recipe"]
    file.write_text(file.read_text().replace("hi", "ho"))
    after = identity(recipe_of(file))
    assert after["data"] != before["data"]
    assert after["recipe"] == before["recipe"]


def test_one_letter_in_the_middle_of_large_conversations_is_noticed(tmp_path):
    long = "x" * (2 << 20)
    here, there = write(tmp_path / "here", f"{long}a{long}"), write(tmp_path / "there", f"{long}b{long}")
    assert identity(recipe_of(here))["data"] != identity(recipe_of(there))["data"]
