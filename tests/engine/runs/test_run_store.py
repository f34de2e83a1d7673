from dataclasses import replace

import pytest

from engine.config import recipe
from engine.errors import RecipeError, WorkerError
from engine.jobs.events import read_all
from engine.runs import run_store
from tests.helpers.homes import RunSpec, add_adapter, add_run, make_recipe


def test_a_new_run_is_a_folder_with_its_recipe():
    made = make_recipe()
    job = run_store.create_run(made)
    assert job.request() == {"kind": "train"}
    assert recipe.load(job.recipe_path) == made
    run = run_store.open_run(job)
    assert (run.id, run.recipe, run.outcome, run.running) == (job.id, made, None, False)


def test_a_recipe_with_a_missing_file_makes_no_run():
    with pytest.raises(RecipeError) as caught:
        run_store.create_run(make_recipe(source="/nowhere/chats.csv"))
    assert caught.value.problems[0].field == "data.source"
    assert run_store.list_jobs() == []


def test_a_run_without_a_last_word_and_without_a_worker_has_crashed():
    job = add_run(spec=RunSpec(outcome=None))
    assert run_store.open_run(job).outcome == "crashed"
    with job.lock():
        run = run_store.open_run(job)
        assert (run.outcome, run.running) == (None, True)


def test_runs_are_listed_newest_first_and_damaged_ones_too():
    old = add_run(spec=RunSpec(started_at=1_773_000_000))
    new = add_run(spec=RunSpec(started_at=1_773_100_000))
    broken = add_run(spec=RunSpec(started_at=1_773_200_000))
    broken.recipe_path.write_text("no = = toml", encoding="utf-8")
    assert [job.id for job in run_store.list_jobs()] == [broken.id, new.id, old.id]


def test_a_run_is_found_by_id_beginning_and_folder():
    job = add_run()
    for name in (job.id, job.id[:15], str(job.folder)):
        assert run_store.find_job(name) == job
    with pytest.raises(WorkerError, match="There is no run"):
        run_store.find_job("1999")


@pytest.mark.parametrize("name", ["", "/nowhere/at/all", "../runs", "*", "[", ".."])
def test_what_is_no_beginning_of_an_id_is_no_run(name):
    add_run()
    with pytest.raises(WorkerError, match="There is no run"):
        run_store.find_job(name)


def test_a_run_that_goes_on_from_no_adapter_is_not_made():
    recipe = make_recipe(start_from="gone")
    with pytest.raises(RecipeError) as caught:
        run_store.create_run(recipe)
    assert [problem.field for problem in caught.value.problems] == ["method.start_from"]
    adapter = add_adapter("here")
    assert run_store.problems(make_recipe(start_from=adapter.id)) == ()
    assert run_store.problems(make_recipe(start_from=str(adapter.folder))) == ()


def test_a_deleted_run_comes_back_whole():
    job = add_run()
    events = list(read_all(job.events_path))
    trashed = run_store.delete_run(job)
    assert run_store.list_jobs() == []
    assert run_store.restore_run(trashed) == job
    assert list(read_all(job.events_path)) == events


def test_a_run_gets_another_name_and_its_own_again():
    job = add_run(replace(make_recipe(rank=8), given_name=""))
    own = run_store.open_run(job).recipe.name
    assert run_store.rename(job, "  Monday's\n run ").name == "Monday's run"
    assert run_store.current_name(job, make_recipe()) == "Monday's run"
    assert run_store.rename(job, " ").name == own
    job.recipe_path.write_text("broken")
    assert run_store.current_name(job, make_recipe()) == make_recipe().name
