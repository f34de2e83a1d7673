import pytest

from engine.api import library, paths, run_store
from gui.core.preferences import Preferences
from gui.dialogs.disk_dialog import CheckpointCleanup, DiskDialog
from tests.helpers.background import wait_for
from tests.helpers.homes import RunSpec, add_adapter, add_checkpoint, add_run, make_recipe


@pytest.fixture
def done(home):
    """A completed run with its checkpoint and its adapter."""
    job = add_run(make_recipe(), RunSpec())
    add_checkpoint(job, 3)
    made = add_adapter(recipe=make_recipe())
    library.update(made, training=made.metadata.training.model_copy(update={"run": job.id}))
    return job


@pytest.fixture
def dialog(qtbot, done):
    (paths.results_folder() / "a.safetensors").write_bytes(bytes(5_000_000))
    (paths.converted_models_folder() / "one").mkdir()
    (paths.converted_models_folder() / "one" / "model.bin").write_bytes(bytes(2_000_000))
    made = qtbot.add(DiskDialog(CheckpointCleanup(Preferences())))
    qtbot.waitUntil(made.free_button.isEnabled)
    return made


def test_the_button_says_what_it_frees_and_frees_that(dialog, qtbot, done):
    assert dialog.sizes["results"].text() == "5.0 MB"
    assert dialog.free_button.text() == "Free 7.0 MB"
    said = "checkpoints of 1 completed run, 5.0 MB of cached results and 2.0 MB of converted models."
    assert said in dialog.said.text()
    dialog.free_button.click()
    qtbot.waitUntil(lambda: dialog.free_button.text() == "Nothing to free")
    assert not dialog.free_button.isEnabled()
    assert not run_store.checkpoints(done)
    assert run_store.open_run(done).outcome == "completed"
    assert dialog.sizes["results"].text() == dialog.sizes["converted"].text() == "0 bytes"


def test_without_a_rule_nothing_goes_and_a_chosen_one_is_kept_and_followed(dialog, qtbot, done):
    checkpoint_cleanup = CheckpointCleanup(Preferences())
    assert dialog.rules.key() == checkpoint_cleanup.rule == "always"
    checkpoint_cleanup.follow()
    wait_for(checkpoint_cleanup)
    assert run_store.checkpoints(done)
    dialog.rules.set_key("0")
    dialog.rules.chosen.emit("0")
    qtbot.waitUntil(lambda: not run_store.checkpoints(done))
    assert CheckpointCleanup(Preferences()).rule == "0"
    assert list(paths.results_folder().iterdir())
    wait_for(dialog)


def test_a_rule_that_nobody_knows_keeps_everything(home):
    preferences = Preferences()
    preferences.set("keep_checkpoints", "soon")
    assert CheckpointCleanup(preferences).rule == "always"
