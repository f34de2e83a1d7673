"""A data file that disappears between the check and Start, and one that comes back."""

from engine.api import run_store
from tests.helpers.train_stage import COMPLETE, texts

ROW = '{"dialogue": "Ann: tea?\\nBo: yes", "summary": "Bo wants tea."}\n'


def test_start_says_that_the_data_is_gone_and_can_be_pressed_once_it_is_back(stage, qtbot, tmp_path):
    panel, file = stage.page.panel, tmp_path / "chats.jsonl"
    file.write_text(ROW, "utf-8")
    stage.page.use_data({"source": str(file)})
    assert panel.start_button.isEnabled()

    file.unlink()
    panel.start_button.click()
    assert run_store.list_jobs() == []
    assert stage.manager.current is None
    gone = f"{file} doesn't exist."
    assert gone in texts(panel.form.field("data.source").around)
    assert gone in texts(panel.foot)
    assert not panel.start_button.isEnabled()

    file.write_text(ROW, "utf-8")
    panel.check_files()
    assert gone not in texts(panel)
    assert panel.start_button.isEnabled()
    # As when the window comes back.
    file.unlink()
    panel.check_files()
    assert gone in texts(panel.foot)
    file.write_text(ROW, "utf-8")
    panel.check_files()
    assert stage.run(qtbot, COMPLETE).ending.outcome == "completed"
    # The data of a run is not looked for.
    file.unlink()
    panel.check_files()
    assert "doesn't exist" not in texts(panel)
