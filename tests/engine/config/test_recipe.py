from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.config import recipe
from engine.config.recipe import Recipe
from engine.config.training import TrainingOptions, total_steps
from engine.errors import Problem, RecipeError
from engine.methods import METHODS
from engine.methods.low_rank import LoraOptions
from engine.options import describe
from engine.runs import run_store
from engine.system import paths
from tests.helpers import declarations
from tests.helpers.repository import GOLDEN

PRESETS = sorted(paths.presets_folder().glob("*.toml"))
MINIMAL: dict[str, Any] = {
    "base_model": {"id": "starter"}, "data": {"source": "sample"}, "method": {"id": "lora"},
}  # fmt: skip

every_method = pytest.mark.parametrize("entry", METHODS, ids=[entry.id for entry in METHODS])


def changed(**tables: Any) -> dict[str, Any]:
    return {**MINIMAL, **{name: {**MINIMAL.get(name, {}), **table} for name, table in tables.items()}}


def problems_of(tables: dict[str, Any]) -> tuple[Problem, ...]:
    with pytest.raises(RecipeError) as caught:
        recipe.from_tables(tables)
    return caught.value.problems


def fields_of(tables: dict[str, Any]) -> list[str]:
    return [problem.field for problem in problems_of(tables)]


# What stands beside the method's own table is drawn anew with each of forty methods.
def test_a_recipe_that_an_editor_of_windows_saved_is_the_same(tmp_path):
    text = recipe.dumps(recipe.load(PRESETS[0]))
    (tmp_path / "recipe.toml").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert recipe.load(tmp_path / "recipe.toml") == recipe.loads(text)


@every_method
@settings(max_examples=4, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_what_is_written_is_read_back_as_the_same_value(entry, data):
    parsed = recipe.from_tables(data.draw(declarations.tables(entry)))
    assert recipe.loads(recipe.dumps(parsed)) == parsed


@every_method
def test_every_setting_stands_in_the_file_with_its_help(entry):
    # A base of which nothing is known here: not every method works with the starter.
    tables = changed(
        base_model={"id": "somebody/model"},
        method={"id": entry.id, **entry.preset_options(entry.families[0])},
    )
    text = recipe.dumps(recipe.from_tables(tables))
    for name, declaration in declarations.TABLES.items():
        assert f"[{name}]" in text
        for info in describe(declaration):
            if info.kind != "table" and not info.optional:
                assert f"# {info.help}" in text


@pytest.mark.parametrize("path", PRESETS, ids=[path.stem for path in PRESETS])
def test_every_preset_is_valid_and_survives_a_round_trip(path):
    preset = recipe.load(path)
    assert recipe.loads(recipe.dumps(preset)) == preset
    assert recipe.problems(preset) == ()


def test_the_first_schema_is_still_read():
    found = recipe.load(GOLDEN / "recipe_v1.toml")
    assert found.name == "flan-t5-base on SAMSum with LoRA"
    assert found.base_model.id == "google/flan-t5-base"
    assert found.data.every == 12
    assert found.data.prompt == "Summarize the following conversation.\n\n{conversation}\n\nSummary: "
    assert found.method.id == "lora"
    # What was added to the method since is at its defaults.
    assert found.method.options == LoraOptions(rank=32, alpha=32, dropout=0.05, target_modules=("q", "v"))
    assert (found.training.epochs, found.training.learning_rate) == (10, 1e-3)
    assert found.evaluation.bootstrap == 1000


def test_an_option_that_is_gone_is_left_out_with_a_remark_where_it_was_set():
    made = recipe.from_tables(changed(training={"step_parts": 4, "seed": 7}))
    assert made.training.seed == 7
    assert "step_parts" not in recipe.dumps(made)
    [remark] = made.remarks
    assert remark.startswith("training.step_parts is ignored.")
    assert recipe.from_tables(changed(training={"step_parts": 0})).remarks == ()


def test_a_recipe_that_0_1_0_wrote_is_plain_and_one_written_by_hand_is_auto():
    assert recipe.load(GOLDEN / "recipe_v1.toml").data.prompt_format == "plain"
    tables = {
        "base_model": {"id": "starter"}, "data": {"source": "sample", "shots": 2}, "method": {"id": "lora"},
    }  # fmt: skip
    assert recipe.from_tables(tables).data.prompt_format == "auto"
    again = recipe.from_tables(recipe.from_tables(tables).as_tables())
    assert again.data.prompt_format == "auto"


@pytest.mark.parametrize(("limit", "steps"), [(0, 6), (2, 2), (6, 6), (200, 6)])
def test_a_run_ends_with_its_epochs_or_its_steps_whichever_come_first(limit, steps):
    training = TrainingOptions(epochs=2, batch_size=8, max_steps=limit)
    assert total_steps(24, training) == (steps, 3)


def test_only_three_keys_have_no_default():
    assert recipe.from_tables(MINIMAL).training == TrainingOptions()
    assert fields_of({}) == ["base_model.id", "data.source", "method.id"]


def test_an_absent_learning_rate_is_the_method_s_for_the_family():
    parsed = recipe.from_tables(MINIMAL)
    presets = parsed.method.method.presets
    assert parsed.learning_rate("encoder-decoder") == presets["encoder-decoder"].learning_rate
    assert parsed.learning_rate("decoder-only") == presets["decoder-only"].learning_rate
    assert recipe.from_tables(changed(training={"learning_rate": 0.5})).learning_rate("decoder-only") == 0.5


def test_all_problems_are_reported_at_once_in_the_order_of_the_file():
    found = fields_of(
        {
            "nmae": "x",
            "base_model": {"id": ""},
            "data": {"source": "sample", "every": 0, "max_tran": 5},
            "method": {"id": "lora", "rank": 0, "dropuot": 0.1},
            "training": {"epochs": "ten", "learning_rate": 20.0},
            "evaluation": {"split": "tset"},
        }
    )
    assert found == [
        "nmae", "base_model.id", "data.every", "data.max_tran", "method.rank", "method.dropuot",
        "training.epochs", "training.learning_rate", "evaluation.split",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("tables", "field", "meant"),
    [
        (changed(training={"epcohs": 3}), "training.epcohs", "epochs"),
        (changed(method={"rnak": 3}), "method.rnak", "rank"),
        (changed(method={"id": "lroa"}), "method.id", "lora"),
        ({**MINIMAL, "trainnig": {}}, "trainnig", "training"),
    ],
)
def test_a_misspelt_key_gets_the_one_that_was_meant(tables, field, meant):
    (problem,) = problems_of(tables)
    assert (problem.field, problem.hint) == (field, f"Did you mean {meant}?")


@pytest.mark.parametrize(
    ("tables", "field"),
    [
        ({**MINIMAL, "training": 3}, "training"),
        ({**MINIMAL, "method": "lora"}, "method"),
        ({**MINIMAL, "name": 3}, "name"),
        ({**MINIMAL, "schema": 2}, "schema"),
        (changed(method={"id": 3}), "method"),
        (changed(data={"prompt": "Summarize."}), "data.prompt"),
        (changed(data={"mask": ["names"]}), "data.mask"),
        (changed(data={"exclude": ["everything"]}), "data.exclude"),
        (changed(method={"id": "full"}, base_model={"quantization": "nf4"}), "base_model.quantization"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(tables, field):
    assert fields_of(tables) == [field]


@pytest.mark.parametrize(
    ("language", "hint"),
    [("german", "Did you mean de (German)?"), ("Klingon", "Use auto, or a code such as de.")],
)
def test_an_unknown_language_is_a_problem_of_its_field(language, hint):
    (problem,) = problems_of(changed(evaluation={"language": language}))
    assert (problem.field, problem.hint) == ("evaluation.language", hint)


@pytest.mark.parametrize("content", [b"epochs = = 3", b"\xff\xfe\x00", b"name = 3\n[data\n"])
def test_a_file_that_is_no_recipe_is_refused(tmp_path, content):
    path = tmp_path / "recipe.toml"
    path.write_bytes(content)
    with pytest.raises(RecipeError):
        recipe.load(path)


def test_paths_beside_the_recipe_are_meant_from_there(tmp_path):
    (tmp_path / "chats.jsonl").write_text("", encoding="utf-8")
    path = tmp_path / "recipe.toml"
    recipe.save(recipe.from_tables(changed(data={"source": "chats.jsonl"})), path)
    assert recipe.load(path).data.source == str(tmp_path / "chats.jsonl")


@pytest.mark.parametrize("field", ["data.source", "base_model.id", "method.start_from"])
def test_a_name_that_no_file_can_have_is_a_problem_and_no_crash(tmp_path, field):
    path = tmp_path / "recipe.toml"
    recipe.save(recipe.from_tables(MINIMAL), path)
    for name in ("/" + "x" * 5000, "./" + "x" * 5000):
        problems = run_store.problems(recipe.load(path, [f"{field}='{name}'"]))
        assert [problem.field for problem in problems] == [field]
    # Without a slash it may be meant as a name of the hub.
    problems = run_store.problems(recipe.load(path, [f"{field}='{'x' * 5000}'"]))
    assert {problem.field for problem in problems} <= {field}


def load_with(tmp_path: Path, *overrides: str) -> Recipe:
    path = tmp_path / "recipe.toml"
    recipe.save(recipe.from_tables(MINIMAL), path)
    return recipe.load(path, overrides)


def test_overrides_take_toml_and_bare_words(tmp_path):
    adapter = load_with(
        tmp_path, "training.epochs=2", "training.schedule=cosine", 'method.target_modules=["q", "v"]',
        "name=Second try", "data.prompt=Short: {conversation} =",
    )  # fmt: skip
    assert adapter.training.epochs == 2
    assert adapter.training.schedule == "cosine"
    assert adapter.method.as_table()["target_modules"] == ("q", "v")
    assert adapter.name == "Second try"
    assert adapter.data.prompt == "Short: {conversation} ="


@pytest.mark.parametrize("override", ["training.epochs", "epochs=2", "="])
def test_an_override_without_table_or_value_is_refused(tmp_path, override):
    with pytest.raises(RecipeError, match=r"is not table\.key=value"):
        load_with(tmp_path, override)
