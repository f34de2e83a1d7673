import pytest

from engine.worker.runtime import sleep_inhibitor
from engine.worker.runtime.sleep_inhibitor import SleepInhibitor, helper_command
from tests.helpers.systems import sleep_helpers

pytestmark = sleep_helpers


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """A folder that is the whole PATH, for programs that are there or are not."""
    monkeypatch.setenv("PATH", str(tmp_path))

    def put(*names):
        for name in names:
            (tmp_path / name).write_text("#!/bin/sh\nexec /bin/sleep 60\n")
            (tmp_path / name).chmod(0o700)

    return put


def test_each_system_is_asked_in_its_own_way(programs):
    programs("systemd-inhibit", "tail", "caffeinate")
    linux = helper_command("linux", 42)
    assert linux[0] == "systemd-inhibit"
    assert "--what=idle:sleep" in linux
    assert "--pid=42" in linux
    assert helper_command("darwin", 42) == ["caffeinate", "-i", "-w", "42"]


def test_where_nothing_can_be_asked_nothing_is_done(programs):
    assert helper_command("linux", 42) == helper_command("darwin", 42) == helper_command("aix", 42) == []
    inhibitor = SleepInhibitor()
    inhibitor.inhibit()
    inhibitor.release()


def test_the_helper_lives_from_inhibit_to_release(programs):
    programs("systemd-inhibit", "tail", "caffeinate")
    inhibitor = SleepInhibitor()
    inhibitor.inhibit()
    helper = inhibitor.helper
    inhibitor.inhibit()
    assert inhibitor.helper is helper
    assert helper.poll() is None
    inhibitor.release()
    inhibitor.release()
    assert helper.poll() is not None


def test_a_system_that_refuses_ends_no_run(tmp_path, monkeypatch):
    monkeypatch.setattr(sleep_inhibitor, "helper_command", lambda *_: [str(tmp_path / "is-not-there")])
    inhibitor = SleepInhibitor()
    inhibitor.inhibit()
    inhibitor.release()
