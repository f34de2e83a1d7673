"""A process that hangs, or is gone, is noticed and named."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from engine.jobs.job import this_process
from engine.worker.runtime import heartbeat
from engine.worker.runtime.heartbeat import HOST, Heartbeat, Peer

HERE = this_process().place


class Store(dict):
    """As torch's, in this process."""

    def add(self, key, amount):
        self[key] = self.get(key, 0) + amount
        return self[key]


@pytest.fixture
def watch(monkeypatch):
    """Return what watches one other process until it is lost, and gives the reason; seconds are short."""
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.02)
    monkeypatch.setattr(heartbeat, "SILENT_SECONDS", 0.2)

    def until_lost(peer, store):
        lost, reasons = threading.Event(), []

        def on_loss(reason):
            reasons.append(reason)
            lost.set()

        beats = Heartbeat(store, 0, [peer], on_loss)
        beats.start()
        assert lost.wait(20)
        beats.stop()
        return reasons

    return until_lost


def test_a_process_of_another_computer_that_stands_still_is_lost(watch):
    [reason] = watch(Peer(3, "far-away", 1, "far-away"), Store())
    assert reason.startswith("Process 3 (on far-away) has not answered for")


def test_a_process_of_this_computer_that_is_gone_is_lost_at_once(watch):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    [reason] = watch(Peer(1, HOST, gone.pid, HERE), Store())
    assert "ended or was killed" in reason


def test_a_process_of_another_container_is_not_looked_up_here_nor_killed(watch):
    """What has its id here is another process, though containers may share the computer's name."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)"]) as unrelated:
        [reason] = watch(Peer(1, HOST, unrelated.pid, f"{HOST} pid:[1]"), Store())
        assert "has not answered for" in reason
        unrelated.terminate()
    assert unrelated.returncode == -signal.SIGTERM


def test_a_process_of_this_computer_that_hangs_is_killed(watch):
    hanging = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)"])
    [reason] = watch(Peer(1, HOST, hanging.pid, HERE), Store())
    assert "It hangs" in reason
    assert hanging.wait(20) < 0


def test_a_lost_connection_is_a_loss(watch):
    class Broken(Store):
        def add(self, key, amount):
            raise RuntimeError("Connection reset by peer\nmore")

    [reason] = watch(Peer(1, HOST, os.getpid(), HERE), Broken())
    assert reason == "The connection of the processes is lost: Connection reset by peer"
