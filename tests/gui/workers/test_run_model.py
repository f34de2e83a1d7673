import pytest

from engine.api import Ending, create_job, read_all, recipe, run_store
from gui.workers.engine_thread import EngineThread
from gui.workers.run_model import RunModel
from tests.helpers import scripted_worker
from tests.helpers.train_stage import BASICS, STARTED


@pytest.fixture
def model(tmp_path, qtbot):
    job = create_job(tmp_path, "train", {"script": []})
    return RunModel(recipe.from_tables(BASICS), EngineThread(job))


def step(number: int, at: float) -> dict:
    return {
        "event": "step_finished", "time": at, "step": number, "epoch": 1.0, "loss": 1.0,
        "learning_rate": 1e-3,
    }  # fmt: skip


def live(tmp_path, qtbot, script) -> tuple[RunModel, Ending]:
    job = create_job(tmp_path, "train", {"script": script})
    thread = EngineThread(job, niced=False, command=scripted_worker.command(job))
    made = RunModel(recipe.from_tables(BASICS), thread)
    with qtbot.waitSignal(made.ended) as blocker:
        thread.start()
    thread.wait()
    return made, blocker.args[0]


def test_live_replayed_and_attached_states_are_equal(tmp_path, qtbot):
    script = [["emit", STARTED], ["steps", {"count": 30, "per_second": 1000}]]
    live_model, ending = live(tmp_path, qtbot, script)
    thread = EngineThread(live_model.job, attach=True)
    replayed = RunModel(live_model.recipe, thread)
    with qtbot.waitSignal(replayed.ended):
        thread.start()
    thread.wait()
    assert ending.outcome == "completed"
    assert replayed.state == live_model.state
    assert replayed.state == run_store.replay(read_all(live_model.job.events_path))
    assert live_model.state.step == 30
    assert live_model.state.fraction_done == 0.75


def test_many_events_make_few_redraws(model, qtbot):
    redraws = []
    model.changed.connect(lambda: redraws.append(1))
    for number in range(1, 2_001):
        model.apply([step(number, number / 1000)])
    qtbot.waitUntil(lambda: bool(redraws))
    assert model.state.step == 2_000
    assert len(redraws) == 1


def test_how_long_a_step_or_a_stage_still_takes(model):
    assert model.step_seconds_left(0.0) is None
    model.apply([step(1, 100.0), step(2, 110.0)])
    assert model.step_seconds_left(103.0 + 10.0) == 7.0
    assert model.step_seconds_left(200.0) == 0.0
    progressed = {"event": "stage_progressed", "unit": "examples", "total": 200}
    model.apply([{"event": "stage_entered", "time": 100.0, "stage": "evaluate"}])
    assert model.stage_seconds_left() is None
    model.apply([progressed | {"time": 100.0, "done": 0}])
    assert model.stage_seconds_left() is None
    model.apply([progressed | {"time": 110.0, "done": 50}])
    assert model.stage_seconds_left() == 30.0


def test_a_clock_that_is_set_back_makes_no_step_endless(model):
    model.apply([step(1, 100.0) | {"clock": 5.0}, step(2, 50.0) | {"clock": 15.0}])
    assert model.seconds_a_step() == 10.0
    assert model.step_seconds_left(20.0) == 10.0
