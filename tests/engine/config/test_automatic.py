import pytest

from engine.config import automatic, recipe
from engine.config.training import MAX_EPOCHS, TrainingOptions, evaluation_interval, patience, total_steps
from engine.errors import RecipeError
from engine.system.paths import presets_folder


@pytest.mark.parametrize(
    ("examples", "batch", "steps", "interval"),
    [
        (1, 8, 60, 6), (11, 16, 60, 6), (13, 8, 60, 6), (27, 8, 60, 8), (100, 8, 65, 13), (267, 8, 102, 34),
        (300, 8, 114, 38), (1000, 8, 375, 125), (14_731, 8, 5526, 1842), (0, 8, 0, 0),
    ],
)  # fmt: skip
def test_an_automatic_length_is_enough_steps_or_three_epochs(examples, batch, steps, interval):
    training = TrainingOptions(batch_size=batch)
    assert total_steps(examples, training)[0] == steps
    assert evaluation_interval(examples, training) == interval


def test_a_length_by_hand_is_evaluated_once_per_epoch_and_never_stops_early():
    training = TrainingOptions(epochs=MAX_EPOCHS)
    assert (total_steps(13, training), evaluation_interval(13, training)) == ((2000, 2), 2)
    assert patience(500, training) == 0


def test_a_run_stops_early_only_where_enough_examples_tell_what_is_better():
    assert [patience(count, TrainingOptions()) for count in (0, 9, 10, 800)] == [0, 0, 3, 3]
    assert patience(800, TrainingOptions(early_stopping_patience=7)) == 7


def test_the_tutorial_s_runs_are_as_long_as_they_were():
    presets = {path.stem: recipe.load(path).training for path in presets_folder().glob("*.toml")}
    assert total_steps(14_731, presets["flan-t5-base-samsum"]) == (18_420, 1842)
    assert total_steps(2400, presets["starter"]) == (200, 150)
    assert all(training.epochs for training in presets.values())


MINIMAL = {"base_model": {"id": "starter"}, "data": {"source": "sample"}, "method": {"id": "lora"}}


@pytest.mark.parametrize(("longest", "limit"), [(0, 64), (64, 64), (65, 128), (200, 256), (90_000, 1024)])
def test_labels_hold_the_longest_summary_up_to_what_no_summary_has(longest, limit):
    assert automatic.label_limit(longest) == limit


def test_what_is_written_holds_all_but_the_longest_hundredth():
    assert automatic.output_limit([40] * 99 + [900]) == 64
    assert automatic.output_limit([40] * 98 + [900] * 2) == 960
    assert automatic.output_limit([40, 900]) == 960
    assert automatic.output_limit([]) == 64


def test_a_recipe_follows_its_data_unless_it_says_otherwise():
    made = recipe.from_tables(MINIMAL)
    assert (made.data.max_summary_tokens, made.evaluation.max_new_tokens) == (0, 0)


def test_a_limit_that_leaves_no_summary_is_refused():
    with pytest.raises(RecipeError) as caught:
        recipe.from_tables(MINIMAL | {"data": {"source": "sample", "max_summary_tokens": 3}})
    (problem,) = caught.value.problems
    assert problem.field == "data.max_summary_tokens"
    assert problem.message == "Reference limit: at least 4, or automatic."
