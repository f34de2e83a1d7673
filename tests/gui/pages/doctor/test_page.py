import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from engine.api import doctor
from gui.pages.doctor.page import DoctorPage
from gui.shell.navigation_rail import NavigationRail
from tests.helpers.background import wait_for
from tests.helpers.scripted_manager import scripted_manager

FACTS = {
    "devices": [{"id": "cpu", "name": "Processor", "threads": 2}],
    "chosen": "cpu",
    "precision": "float32",
    "precision_reason": "this processor computes in it",
    "built_for": "cpu",
}


class Stage:
    def __init__(self, qtbot):
        self.qtbot = qtbot
        self.script = [["emit", {"event": "result_made", "result": FACTS}]]
        self.asked = 0
        self.manager = scripted_manager(self._script)
        self.page = qtbot.place(DoctorPage(self.manager), 900, 700)

    def _script(self, job):
        assert job.request()["kind"] == "devices"
        self.asked += 1
        return self.script

    def look(self):
        self.page.look()
        self.qtbot.waitUntil(lambda: len(self.page.checks()) == len(doctor.ORDER))
        return {check.id: check for check in self.page.checks()}


@pytest.mark.usefixtures("styled")
def test_it_looks_once_by_itself_and_shows_everything_in_order(stage, qtbot):
    stage.page.shown()
    stage.page.shown()
    assert not stage.page.again_button.isEnabled()
    qtbot.waitUntil(lambda: len(stage.page.checks()) == len(doctor.ORDER))
    assert [check.id for check in stage.page.checks()] == list(doctor.ORDER)
    assert not stage.page.busy.isVisible()
    assert stage.page.again_button.isEnabled()
    tops = [stage.page.rows[each].mapTo(stage.page, stage.page.rect().topLeft()).y() for each in doctor.ORDER]
    QTest.qWait(1)
    assert tops == sorted(tops)
    assert "Everything is installed" in stage.page.header.subtitle()


def test_the_window_is_never_held(stage, monkeypatch):
    """What takes seconds is not done by the call, so the window goes on drawing."""
    calls = []
    monkeypatch.setattr(doctor, "of_computer", lambda: calls.append("computer"))
    pool = stage.page.background._pool
    monkeypatch.setattr(pool, "start", lambda work: calls.append("handed over"))
    stage.page.look()
    assert calls == ["handed over"]


def test_a_worker_that_fails_is_a_problem_with_its_fix_and_the_rest_is_shown(stage):
    stage.script = [["fail", {"message": "No torch.", "hint": "Install it."}]]
    found = stage.look()
    assert (found["device"].state, found["device"].text) == ("problem", "No torch. Install it.")
    assert found["device"].fix
    assert found["folders"].state == "ok"
    assert stage.page.header.subtitle() == "To fix: Device"
    row = stage.page.rows["device"]
    assert row.accessibleName().startswith("Device, Problem: No torch.")
    assert row.fix.isVisible()


def test_devices_that_the_window_knows_are_asked_for_only_when_a_person_checks_again(stage, qtbot):
    with qtbot.waitSignal(stage.manager.devices.found):
        stage.manager.devices.want()
    stage.page.shown()
    qtbot.waitUntil(lambda: len(stage.page.checks()) == len(doctor.ORDER))
    assert stage.asked == 1
    stage.look()
    assert stage.asked == 2


def test_devices_that_never_answer_are_given_up_without_a_verdict_on_them(stage, qtbot):
    stage.script = [["deaf", None]]
    stage.page.look()
    wait_for(stage.page)
    qtbot.waitUntil(lambda: stage.page.checks() != [])
    assert stage.page.cancel_button.isEnabled()
    stage.page.cancel_button.click()
    assert not stage.page.busy.isVisible()
    assert stage.page.again_button.isEnabled()
    assert stage.page.header.subtitle() == "Cancelled. Devices were not checked"
    assert "device" not in {check.id for check in stage.page.checks()}
    stage.script = [["emit", {"event": "result_made", "result": FACTS}]]
    assert stage.look()["device"].state == "ok"


def test_diagnostics_are_copied_without_the_name_of_the_persons_folder(stage, monkeypatch, home, qtbot):
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(home.parent))
    found = stage.look()
    # A late answer of an earlier look is not shown.
    stage.page._take(0, [doctor.Check("disk", "Disk", "problem", "stale")])
    assert stage.page.checks() == doctor.in_order(found.values())
    stage.page.copy_button.click()
    text = QGuiApplication.clipboard().text()
    assert [line.partition(" [")[0] for line in text.splitlines() if not line.startswith(" ")] == [
        check.title for check in stage.page.checks()
    ]
    assert str(home.parent) not in text
    assert "~" in text
    (button,) = [each for each in stage.page.rows["disk"].children() if hasattr(each, "click")]
    with qtbot.waitSignal(stage.page.disk_wanted):
        button.click()


def test_the_meter_in_the_rail_leads_to_the_queue_by_mouse_and_keys(qtbot):
    rail = qtbot.add(NavigationRail())
    rail.set_device("Card", "cuda:0", 1e9, 2e9, 0.5)
    with qtbot.waitActive(rail):
        rail.show()
    received = []
    rail.device_wanted.connect(lambda: received.append(1))
    QTest.mouseClick(rail.meter, Qt.MouseButton.LeftButton)
    rail.meter.setFocus()
    QTest.keyClick(rail.meter, Qt.Key.Key_Space)
    assert received == [1, 1]
    assert rail.meter.accessibleDescription() == "Queue and computers"
