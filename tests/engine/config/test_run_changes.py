import pytest

from engine.config import recipe as recipes
from engine.errors import RecipeError, WorkerError
from engine.runs import run_store
from tests.helpers.homes import RunSpec, add_checkpoint, add_run, make_recipe

SMALLER = {"training.micro_batch_tokens": 1024, "training.activation_checkpointing": True}


def stopped_run(**recipe):
    job = add_run(make_recipe(**recipe), RunSpec(outcome="failed", kind="OutOfMemoryError"))
    add_checkpoint(job, 20)
    return job


def fields(error):
    return [problem.field for problem in error.value.problems]


def test_what_is_changed_is_kept_with_the_recipe_and_examples_stay_as_asked():
    job = stopped_run()
    asked = recipes.load(job.recipe_path)
    changed = run_store.change(job, SMALLER)
    assert recipes.load(job.recipe_path) == changed
    assert (changed.training.micro_batch_tokens, changed.training.activation_checkpointing) == (1024, True)
    assert changed.training.batch_size == asked.training.batch_size
    told = [(each.step, each.field, each.before, each.after) for each in changed.changes]
    assert told == [
        (20, name, before, SMALLER[name]) for name, before in zip(SMALLER, (0, False), strict=True)
    ]
    assert changed.changes[0].as_text() == "Since step 20: Micro-batch 1,024 (was automatic)."


def test_a_second_change_keeps_the_record_of_the_first_and_none_of_what_stays():
    job = stopped_run()
    run_store.change(job, SMALLER)
    changed = run_store.change(job, SMALLER | {"training.micro_batch_tokens": 512})
    assert [each.after for each in changed.changes] == [1024, True, 512]


@pytest.mark.parametrize("name", ["training.batch_size", "training.seed", "method.rank", "nothing"])
def test_what_would_make_it_another_run_is_refused(name):
    job = stopped_run()
    before = job.recipe_path.read_bytes()
    with pytest.raises(RecipeError) as caught:
        run_store.change(job, {name: 1})
    assert fields(caught) == [name]
    assert job.recipe_path.read_bytes() == before


def test_an_optimizer_goes_on_with_what_it_can_read_alone():
    job = stopped_run()
    with pytest.raises(RecipeError) as caught:
        run_store.change(job, {"training.optimizer": "adafactor"})
    assert fields(caught) == ["training.optimizer"]
    assert run_store.change(job, {"training.optimizer": "adamw_8bit"}).training.optimizer == "adamw_8bit"


def test_a_start_from_the_bases_own_numbers_keeps_the_base_once_something_is_trained():
    fewer = {"base_model.quantization": "nf4"}
    with pytest.raises(RecipeError) as caught:
        run_store.change(stopped_run(initialisation="pissa"), fewer)
    assert fields(caught) == ["base_model.quantization"]
    assert run_store.change(stopped_run(), fewer).base_model.quantization == "nf4"


def test_a_run_that_trains_or_is_completed_is_not_changed():
    job = stopped_run()
    with job.lock(), pytest.raises(WorkerError):
        run_store.change(job, SMALLER)
    with pytest.raises(WorkerError):
        run_store.change(add_run(spec=RunSpec()), SMALLER)


@pytest.mark.parametrize(
    "record", ["changes = 3", "[[changes]]\nstep = 2\nfield = 3", "[[changes]]\nstep = -1"]
)
def test_a_record_that_is_none_is_refused_by_name(record):
    text = f'[base_model]\nid = "starter"\n[data]\nsource = "sample"\n[method]\nid = "lora"\n{record}\n'
    if record.startswith("changes"):
        text = f"{record}\n{text.replace(record, '')}"
    with pytest.raises(RecipeError) as caught:
        recipes.loads(text)
    assert fields(caught) == ["changes"]
