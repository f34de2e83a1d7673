import pytest
from PySide6.QtWidgets import QWidget

from gui.dialogs.quit_dialog import QuitDialog
from tests.helpers.train_stage import STARTED, texts

UNTIL_STOPPED = [["emit", STARTED], ["wait_for_stop", None]]
UNTIL_FAILED = [
    ["emit", STARTED], ["steps", {"count": 10, "per_second": 20}], ["fail", {"message": "No disk."}],
]  # fmt: skip


class Window(QWidget):
    """Counts how often it was asked to close."""

    def __init__(self) -> None:
        super().__init__()
        self.closed = 0

    def closeEvent(self, event) -> None:
        self.closed += 1
        super().closeEvent(event)


@pytest.fixture
def window(qtbot):
    return qtbot.show(Window())


def asked(stage, qtbot, window, script) -> QuitDialog:
    dialog = QuitDialog(stage.start(qtbot, script), parent=window)
    dialog.open()
    return dialog


def ended(stage, qtbot) -> None:
    qtbot.waitUntil(lambda: stage.manager.current is None)


def shown(dialog: QuitDialog) -> list[str]:
    buttons = (dialog.keep_button, dialog.stop_button, dialog.quit_button, dialog.cancel_button)
    return [button.text() for button in buttons if button.isVisibleTo(dialog)]


def test_quit_closes_dialog_and_window_as_if_it_had_not_asked(stage, qtbot, window):
    dialog = asked(stage, qtbot, window, UNTIL_STOPPED)
    stage.manager.current.stop()
    ended(stage, qtbot)
    assert "Stopped" in texts(dialog)
    with qtbot.waitSignal(dialog.finished):
        dialog.quit_button.click()
    assert not dialog.isVisible()
    assert window.closed == 1


def test_cancel_stays_with_what_the_run_has_ended_in(stage, qtbot, window):
    dialog = asked(stage, qtbot, window, UNTIL_FAILED)
    assert shown(dialog) == ["Keep training", "Stop and save", "Cancel"]
    ended(stage, qtbot)
    assert dialog.isVisible()
    assert shown(dialog) == ["Quit", "Cancel"]
    assert "Failed" in texts(dialog)
    assert "No disk." in texts(dialog)
    dialog.cancel_button.click()
    assert not dialog.isVisible()
    assert window.closed == 0
