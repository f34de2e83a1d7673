import ctypes
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from engine.system import processes
from tests.helpers.systems import WINDOWS


@pytest.fixture
def system(tmp_path, monkeypatch):
    """The kernel's files, of a computer that counted nine kills."""
    monkeypatch.setattr(processes, "GROUPS", tmp_path / "groups")
    monkeypatch.setattr(processes, "GROUPS_FOLDER", tmp_path)
    monkeypatch.setattr(processes, "WHOLE_COMPUTER", tmp_path / "vmstat")
    (tmp_path / "vmstat").write_text("nr_free_pages 5\noom_kill 9\n", encoding="utf-8")
    return tmp_path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_the_count_is_that_of_the_own_group(system):
    write(system / "groups", "0::/user.slice/app.scope\n")
    write(system / "user.slice/app.scope/memory.events", "oom 3\noom_kill 2\noom_group_kill 0\n")
    assert processes.memory_kills() == 2


def test_the_first_version_of_groups_counts_elsewhere(system):
    write(system / "groups", "9:name=systemd:/\n4:cpu,memory:/x\n3:memory:/box/1\n0::/\n")
    write(system / "memory/box/1/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 4\n")
    assert processes.memory_kills() == 4


def test_without_a_group_it_is_the_computers(system):
    write(system / "groups", "0::/\n")
    assert processes.memory_kills() == 9


@pytest.mark.skipif(WINDOWS, reason="Windows has the functions that are replaced here")
def test_a_worker_of_windows_takes_what_it_started_with_it(monkeypatch):
    kernel = Mock()
    kernel.CreateJobObjectW.return_value, kernel.GetCurrentProcess.return_value = 7, 8
    monkeypatch.setattr(ctypes, "windll", SimpleNamespace(kernel32=kernel), raising=False)
    monkeypatch.setattr(processes.sys, "platform", "win32")
    processes.end_all_with_this_process()
    [(job, kind, limits, size)] = [call.args for call in kernel.SetInformationJobObject.call_args_list]
    assert (job.value, kind, size) == (7, 9, 144)
    # LimitFlags of a JOBOBJECT_EXTENDED_LIMIT_INFORMATION.
    assert int.from_bytes(bytes(limits)[16:20], "little") == 0x2000
    [(job, process)] = [call.args for call in kernel.AssignProcessToJobObject.call_args_list]
    assert (job.value, process.value) == (7, 8)
