from dataclasses import replace

import pytest

from engine.config import recipe

BASIC: dict[str, dict[str, object]] = {
    "base_model": {"id": "starter"}, "data": {"source": "sample"}, "method": {"id": "lora", "rank": 32},
}  # fmt: skip


@pytest.mark.parametrize(
    ("table", "values", "name"),
    [
        ("method", {}, "starter · sample · LoRA r 32"),
        ("method", {"rank": 4}, "starter · sample · LoRA r 4"),
        ("data", {"source": "/home/me/chats.csv"}, "starter · chats.csv · LoRA r 32"),
        ("data", {"source": "knkarthick/samsum"}, "starter · samsum · LoRA r 32"),
        ("base_model", {"id": "google/flan-t5-base"}, "flan-t5-base · sample · LoRA r 32"),
        ("base_model", {"quantization": "nf4"}, "starter (NF4) · sample · LoRA r 32"),
        ("base_model", {"quantization": "int8"}, "starter (int8) · sample · LoRA r 32"),
        ("method", {"dora": True}, "starter · sample · DoRA r 32"),
        ("method", {"initialisation": "gaussian"}, "starter · sample · LoRA, Gaussian start, r 32"),
    ],
)
def test_base_data_and_method_with_its_main_setting(table, values, name):
    tables = {key: dict(each) for key, each in BASIC.items()}
    tables[table] |= values
    assert recipe.from_tables(tables).name == name


def test_a_variant_of_base_and_training_has_its_own_name():
    tables = {
        **BASIC,
        "base_model": {"id": "starter", "quantization": "nf4"},
        "training": {"optimizer": "paged_adamw_8bit"},
    }
    assert recipe.from_tables(tables).name == "starter · sample · QLoRA r 32"


def test_a_prompt_is_named_by_the_examples_that_it_shows():
    tables = {**BASIC, "method": {"id": "prompt_only"}}
    shown = recipe.from_tables({**tables, "data": {"source": "sample", "shots": 2}})
    assert recipe.from_tables(tables).name.endswith("zero-shot")
    assert shown.name.endswith("2-shot")


def test_only_a_name_that_a_person_gave_is_written_down():
    unnamed = recipe.from_tables(BASIC)
    assert "name" not in unnamed.as_tables()
    assert "name =" not in recipe.dumps(unnamed)
    named = replace(unnamed, given_name="Monday")
    assert (recipe.loads(recipe.dumps(named)).name, named.as_tables()["name"]) == ("Monday", "Monday")


def test_a_name_that_0_1_0_made_is_made_anew():
    old = recipe.from_tables({**BASIC, "name": "starter on sample with LoRA"})
    assert (old.given_name, old.name) == ("", "starter · sample · LoRA r 32")
