"""The measurement of a card: deadlines, second calls, failing parts, the files. Parts are played by scripts."""

import json
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import psutil
import pytest

from tests.benchmarks.card import __main__ as card
from tests.benchmarks.card import part_process, runner, table
from tests.benchmarks.card.figures import Figure, Lacking
from tests.benchmarks.card.parts import PARTS, Part, Setting
from tests.benchmarks.card.runner import Runner
from tests.benchmarks.card.state import Result, State, Unusable, opened
from tests.helpers.processes import wait_until_gone
from tests.helpers.repository import ROOT

CARD = {"kind": "cuda", "name": "Card X", "facts": {"memory": "24 GB"}}
FAST = Figure("tokens/s", "1,000", "≥ 900", True)
SAYS = "import json, time, sys\ndef say(**answer): print(json.dumps(answer), flush=True)\n"
FIGURE = f"say(figure={FAST.__dict__!r})\n"
DONE = SAYS + FIGURE + "say(status='done')\n"


def make_part(name, least=0.1, most=6000.0):
    return Part(name, name.capitalize(), "nowhere:nothing", {"cuda": least, "cpu": least}, most)


def measured(folder, scripts, *, kind="cuda", only=(), parts=None, state=None):
    """Run parts that are scripts; return the state and what was said."""
    said = []
    parts = parts or [make_part(name) for name in scripts]
    state = state or opened(folder / "out", {**CARD, "kind": kind}, "dev.py card")
    started = Runner(state, Setting(kind, folder), "abc123", parts, time.monotonic() + 600, say=said.append)
    with mock.patch.object(
        runner, "command_of", lambda part, setting: [sys.executable, "-c", scripts[part.name]]
    ):
        started.run(only)
    return state, said


def in_file(folder):
    return json.loads((folder / "out" / "card.json").read_text(encoding="utf-8"))["parts"]


def test_every_part_is_measured_in_order_and_written(tmp_path):
    state, said = measured(tmp_path, {"one": DONE, "two": DONE})
    assert [name for name, result in in_file(tmp_path).items() if result["status"] == "done"] == [
        "one",
        "two",
    ]
    assert state.results["one"].figures == (FAST,)
    assert state.results["one"].commit == "abc123"
    assert said[:2] == ["One", table.line(FAST)]
    assert "1,000  (goal ≥ 900: reached)" in said[1]


def test_a_second_call_measures_only_what_is_missing(tmp_path):
    measured(tmp_path, {"one": DONE}, parts=[make_part("one")])
    _, said = measured(tmp_path, {"one": "raise SystemExit", "two": DONE})
    assert "One" not in said
    assert {name: part["status"] for name, part in in_file(tmp_path).items()} == {
        "one": "done",
        "two": "done",
    }


def test_a_part_that_takes_too_long_is_ended_with_its_children_and_tried_again(tmp_path, monkeypatch):
    child = tmp_path / "child"
    starts = f"""
import os, subprocess
process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
open({f"{child}.part"!r}, "w").write(str(process.pid))
os.replace({f"{child}.part"!r}, {str(child)!r})
"""
    slow = SAYS + starts + FIGURE + "time.sleep(600)"
    with monkeypatch.context() as patch:
        # By this clock the time is over once the child is there.
        clock = SimpleNamespace(monotonic=lambda: time.monotonic() + 1000 * child.exists())
        patch.setattr(runner, "time", clock)
        state, _ = measured(tmp_path, {"one": slow, "two": DONE})
    assert state.results["one"].status == "out of time"
    assert state.results["one"].figures == (FAST,)
    # A killed process is there for a moment more.
    with suppress(psutil.NoSuchProcess):
        wait_until_gone(psutil.Process(int(child.read_text())))
    state, _ = measured(tmp_path, {"one": DONE, "two": DONE})
    assert state.results["one"].status == state.results["two"].status == "done"


def test_a_part_that_does_not_fit_is_left_and_a_shorter_one_measured(tmp_path):
    parts = [make_part("one", least=6000), make_part("two")]
    state, said = measured(tmp_path, {"one": DONE, "two": DONE}, parts=parts)
    assert list(state.results) == ["two"]
    assert said[0] == "One: left for next time"


@pytest.mark.parametrize(
    ("script", "status", "reason"),
    [
        (SAYS + "say(status='lacking', reason='no bitsandbytes')", "lacking", "no bitsandbytes"),
        (SAYS + "say(status='failed', reason='ValueError: 7')", "failed", "ValueError: 7"),
        ("raise SystemExit('it broke')", "failed", "its process died. it broke"),
        ("print('no JSON')", "failed", "it printed: no JSON"),
    ],
)
def test_a_part_that_fails_says_why_and_the_next_is_measured(tmp_path, script, status, reason):
    state, _ = measured(tmp_path, {"one": script, "two": DONE})
    assert (state.results["one"].status, state.results["one"].reason) == (status, reason)
    assert state.results["two"].status == "done"
    _, said = measured(tmp_path, {"one": DONE, "two": DONE})
    assert said == []


def test_another_device_or_a_damaged_file_is_refused_unless_begun_anew(tmp_path):
    State(tmp_path / "card.json", CARD, "").record("one", Result("done"))
    other = {**CARD, "name": "Card Y"}
    with pytest.raises(Unusable, match="figures of Card X, and this is Card Y"):
        opened(tmp_path, other, "")
    assert opened(tmp_path, other, "", anew=True).results == {}
    assert list(opened(tmp_path, CARD, "").results) == ["one"]
    (tmp_path / "card.json").write_text('{"schema": 1, "dev', encoding="utf-8")
    with pytest.raises(Unusable, match="can't be read"):
        opened(tmp_path, CARD, "")
    (tmp_path / "card.json").write_text('{"schema": 99}', encoding="utf-8")
    with pytest.raises(Unusable, match="another version"):
        opened(tmp_path, CARD, "")


def test_without_a_card_it_says_so_and_judges_no_goal(tmp_path):
    state, said = measured(tmp_path, {"one": DONE}, kind="cpu")
    assert state.results["one"].figures == (Figure("tokens/s", "1,000", "≥ 900", None),)
    assert "reached" not in said[1]
    text = (tmp_path / "out" / "card.md").read_text(encoding="utf-8")
    assert "**Not yet measured on a card: these are figures of the processor" in text
    assert "tests, which computes" in table.warning("pretend")
    assert table.warning("cuda") == ""


def test_the_table_has_each_figure_with_goal_verdict_card_date_and_commit(tmp_path):
    missed = "say(figure={'name': 'a|b', 'reached': '3', 'goal': '4', 'met': False})\nsay(status='done')"
    broken = SAYS + FIGURE + "say(status='failed', reason='two\\nlines')"
    parts = [make_part(name) for name in ("one", "two", "three")]
    scripts = {"one": SAYS + missed, "two": broken}
    measured(tmp_path, scripts, parts=parts, only=["one", "two"])
    lines = (tmp_path / "out" / "card.md").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "# Card X"
    assert "- memory: 24 GB" in lines
    today = runner.today()
    assert f"| One: a/b | 4 | 3 | missed | Card X | {today} | abc123 |" in lines
    assert f"| Two: tokens/s | ≥ 900 | 1,000 | reached | Card X | {today} | abc123 |" in lines
    assert f"| Two | – | failed: two lines |  | Card X | {today} | abc123 |" in lines
    assert "| Three | – | not measured yet |  | Card X |  |  |" in lines
    assert lines[-1] == "Parts done: one; failed: two; not measured yet: three."


def part_that(monkeypatch, measure):
    part = make_part("one")
    monkeypatch.setattr(Part, "measure", lambda self: measure)
    return list(part_process.answers(part, Setting("cpu", Path())))


def test_the_process_of_a_part_tells_figures_and_how_it_ended(monkeypatch):
    def lacks(setting):
        yield FAST
        raise Lacking("no driver")

    def breaks(setting):
        yield FAST
        raise ValueError("7\nof 8")

    def ends(setting):
        raise SystemExit("the side ended")

    figure = {"figure": {"name": "tokens/s", "reached": "1,000", "goal": "≥ 900", "met": True}}
    assert part_that(monkeypatch, lacks) == [figure, {"status": "lacking", "reason": "no driver"}]
    assert part_that(monkeypatch, breaks) == [figure, {"status": "failed", "reason": "ValueError: 7 of 8"}]
    assert part_that(monkeypatch, ends) == [{"status": "failed", "reason": "SystemExit: the side ended"}]
    assert part_that(monkeypatch, lambda setting: iter([FAST])) == [figure, {"status": "done"}]


def test_parts_have_names_of_their_own_and_functions_that_are_there():
    assert len({part.name for part in PARTS}) == len(PARTS)
    for part in PARTS:
        module, _, function = part.function.partition(":")
        source = (ROOT / Path(*module.split("."))).with_suffix(".py").read_text(encoding="utf-8")
        assert f"def {function}(setting: Setting)" in source, part.name


def test_ctrl_c_leaves_a_valid_file_and_no_process(tmp_path):
    script = f"""
import sys, time
from pathlib import Path
from tests.benchmarks.card import __main__ as card
from tests.benchmarks.card import runner
from tests.packaging.test_card import CARD, SAYS, FIGURE, make_part
card.probe = lambda device, folder: CARD
card.PARTS = (make_part("one"),)
slow = SAYS + FIGURE + "time.sleep(60)"
runner.command_of = lambda part, setting: [sys.executable, "-c", slow]
sys.exit(card.main(["--out", {str(tmp_path / "out")!r}]))
"""
    process = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    told = iter(process.stdout.readline, "")
    assert any("tokens/s" in line for line in told)
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    assert process.wait() == card.INTERRUPTED
    process.stdout.close()
    wait_until_gone(*children)
    (result,) = in_file(tmp_path).values()
    assert (result["status"], len(result["figures"])) == ("running", 1)
    assert runner.waiting([make_part("one")], opened(tmp_path / "out", CARD, ""))
