import os

import pytest

from engine.config import known_plans, recipe
from engine.system.paths import results_folder

PLAN = {
    "steps": 200, "examples": {"train": 8}, "problems": [], "missing": [],
    "learned_preview": {"pieces": [["Ann: tea?", False]]}, "prompt": {"conversation": "Ann: tea?"},
}  # fmt: skip


@pytest.fixture
def made(home, tmp_path):
    data, base = tmp_path / "chats.csv", tmp_path / "base"
    data.write_text("dialogue,summary\n", "utf-8")
    base.mkdir()
    (base / "config.json").write_text("{}", "utf-8")
    return recipe.from_tables(
        {"base_model": {"id": str(base)}, "data": {"source": str(data)}, "method": {"id": "lora"}}
    )


def changed(made, **tables):
    values = made.as_tables()
    return recipe.from_tables(values | {name: values[name] | table for name, table in tables.items()})


def test_a_plan_is_known_without_texts_of_the_data(made):
    known_plans.save(made, PLAN)
    assert known_plans.load(made) == {"steps": 200, "examples": {"train": 8}, "problems": [], "missing": []}
    assert "tea" not in next(results_folder().iterdir()).read_text("utf-8")


def test_another_recipe_or_changed_files_are_another_plan(made, tmp_path):
    known_plans.save(made, PLAN)
    assert known_plans.load(changed(made, method={"rank": 3})) is None
    os.utime(tmp_path / "chats.csv", ns=(1, 1))
    assert known_plans.load(made) is None
    known_plans.save(made, PLAN)
    (tmp_path / "base" / "model.safetensors").write_bytes(b"1")
    assert known_plans.load(made) is None
    known_plans.save(made, PLAN)
    (tmp_path / "chats.csv").unlink()
    assert known_plans.load(made) is None


@pytest.mark.parametrize("plan", [PLAN | {"problems": [{"field": "data"}]}, PLAN | {"missing": ["a/b"]}])
def test_a_plan_that_can_change_by_itself_is_not_kept(plan, made):
    known_plans.save(made, plan)
    assert known_plans.load(made) is None
