"""What people ask of a run while it trains: pause, go on, stop, save a checkpoint, evaluate now.

Knows nothing of how any of that is done, but for a pause: that is waiting.
"""

from __future__ import annotations

import time
from collections import deque

from engine.worker.runtime import rank_group
from engine.worker.training.training_run import TrainingRun

PAUSE_POLL_SECONDS = 0.1
# The task of other ranks during a pause, and how often they hear of it.
WAIT, TELL_SECONDS = "wait", 60.0
# The command `pause` with `free_device`: not to hold the device while the run waits.
RELEASE_DEVICE = "release_device"
PAUSE, SAVE, EVALUATE = "pause", "save_checkpoint", "evaluate_now"


class RunControl:
    """Listens between micro-batches and remembers what is wanted after the step.

    `device_released` is true once a pause has given the device up. It also takes the time of a step, pauses left out.
    With several ranks a pause waits for the end of a step: the others would wait for the rest of it only so long.
    """

    def __init__(self, run: TrainingRun) -> None:
        self.device_released = False
        self._asked_for = set[str]()
        self._channel = run.channel
        self._run = run
        self._commands: deque[str] = deque()
        self._began = time.perf_counter()

    def should_abort(self) -> bool:
        """Obey the commands that came; return whether the run should stop now."""
        self._take_commands()
        while self._commands:
            command = self._commands.popleft()
            if command == PAUSE:
                self._asked_for.add(command)
                if rank_group.current() is None:
                    self.pause()
            elif command == RELEASE_DEVICE:
                self._release_device()
            elif command in {SAVE, EVALUATE}:
                self._asked_for.add(command)
        return self._channel.stopping

    def is_asked_for(self, command: str) -> bool:
        """Tell whether a command came since the last call: `SAVE` or `EVALUATE`."""
        is_asked_for = command in self._asked_for
        self._asked_for.discard(command)
        return is_asked_for

    def restart_clock(self) -> None:
        """Start to take the time of a step."""
        self._began = time.perf_counter()

    def step_seconds(self) -> float:
        """Return the seconds since the clock was started, without pauses."""
        return time.perf_counter() - self._began

    def _take_commands(self) -> None:
        for command in self._channel.pending_commands():
            releases = command["command"] == PAUSE and command.get("free_device")
            self._commands.append(RELEASE_DEVICE if releases else command["command"])

    def _release_device(self) -> None:
        """Stop after a checkpoint, and be known as paused."""
        self.device_released = self._channel.stopping = True

    def pause(self) -> None:
        """If that was asked for, hold the run, device and all, until `continue`, `stop`, or its window's going."""
        if not self.is_asked_for(PAUSE):
            return
        self._channel.emit("run_paused", step=self._run.step)
        self._channel.sleep_inhibitor.release()
        began, alone = time.perf_counter(), self._channel.window_gone
        told_at = began
        while not self._channel.stopping and self._channel.window_gone == alone:
            self._take_commands()
            if "continue" in self._commands:
                self._commands.remove("continue")
                break
            if RELEASE_DEVICE in self._commands:
                self._commands.remove(RELEASE_DEVICE)
                self._release_device()
            if time.perf_counter() - told_at > TELL_SECONDS:
                # Before the others take this rank for lost.
                told_at = time.perf_counter()
                rank_group.tell(WAIT)
            time.sleep(PAUSE_POLL_SECONDS)
        self._channel.sleep_inhibitor.inhibit()
        self._began += time.perf_counter() - began
        self._channel.emit("run_continued", step=self._run.step)
