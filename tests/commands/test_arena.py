import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.config import recipe as recipes
from engine.runs import run_store
from tests.helpers.command_line import Finished, InProcessTerminal, Terminal, finish

MakeRecipe = Callable[..., Path]
QUICK = ("training.max_steps=2", "evaluation.examples=3")
# What a queue does with a worker that takes steps needs no model; the other takes one, and is done when told to quit.
STEPS = [["steps", {"count": 10**6, "per_second": 50}]]
UNTIL_TOLD = [["flood", 1], ["answer", {}]]


def make(in_process: InProcessTerminal, recipe: Path, *methods: str) -> dict[str, Any]:
    asked = [word for method in methods for word in ("--method", method)]
    [told] = in_process.run("arena", "new", str(recipe), *asked, "--json").json
    return dict(told)


def states(told: dict[str, Any]) -> dict[str, str]:
    return {entry["entry"]: entry["state"] for entry in told["entries"]}


def test_a_queue_is_worked_to_its_end_and_ends_in_one_table(make_recipe, in_process):
    told = make(in_process, make_recipe("t5", *QUICK), "lora", "bitfit", "full")
    assert states(told) == {"lora-r-32": "waiting", "bitfit": "refused", "full-fine-tuning": "waiting"}
    assert told["paused"]

    done = in_process.run("arena", "run", told["arena"], "--json")
    assert done.code == 0, done.out
    last = done.json[-1]
    assert states(last) == {"lora-r-32": "completed", "bitfit": "refused", "full-fine-tuning": "completed"}
    [group] = last["groups"]
    assert group["protocol"]["examples"] == 3
    rows = {row["entry"]: row for row in group["rows"]}
    assert rows["full-fine-tuning"]["difference_to_full"] is None
    assert set(rows["lora-r-32"]["difference_to_full"]["rouge1"]) == {"mean", "low", "high", "verdict"}
    assert rows["lora-r-32"]["minutes"] > 0
    assert rows["lora-r-32"]["adapter_bytes"] > 0

    shown = in_process.run("arena", "show", told["arena"][:20])
    assert "2 of 3 entries completed, 1 can't run." in shown.out
    assert "T5 models have no biases to train." in shown.out
    assert "baseline" in shown.out
    [listed] = in_process.run("arena", "list", "--json").json[0]
    assert listed["states"] == {"completed": 2, "refused": 1}
    again = in_process.run("arena", "run", told["arena"], "--json")
    assert again.code == 0
    assert not again.events


def test_a_stopped_queue_goes_on_with_the_entry_it_was_at(make_recipe, in_process):
    terminal = Terminal(in_process.home, STEPS)
    done = make(in_process, make_recipe("llama"), "lora")
    process, read = terminal.until_step("arena", "run", done["arena"])
    process.send_signal(signal.SIGINT)
    stopped = finish(process, read)
    assert stopped.code == 130, stopped
    assert "continues from here" in stopped.err
    [shown] = in_process.run("arena", "show", done["arena"], "--json").json
    assert list(states(shown).values()) == ["stopped"]
    assert shown["groups"] == []
    process, read = terminal.until_step("arena", "run", done["arena"])
    process.send_signal(signal.SIGTERM)
    resumed = finish(process, read)
    assert resumed.code == 130, resumed
    assert {event["attempt"] for event in resumed.events} == {2}
    assert {event["run"] for event in resumed.events} == {event["run"] for event in stopped.events}


def test_a_run_that_outlived_its_queue_is_followed_not_begun_again(make_recipe, in_process):
    terminal = Terminal(in_process.home, UNTIL_TOLD)
    told = make(in_process, make_recipe("llama"), "lora")
    process, read = terminal.until_step("arena", "run", told["arena"])
    process.kill()
    process.communicate()
    [first, *_] = Finished(0, read, "").events
    process, read = terminal.until_step("arena", "run", told["arena"])
    run_store.find_job(first["run"]).send("quit")
    done = finish(process, read)
    assert done.code == 0, done
    assert {event["run"] for event in done.events} == {first["run"]}
    assert {event["attempt"] for event in done.events} == {1}
    assert list(states(done.json[-1]).values()) == ["completed"]


def test_an_entry_that_fails_does_not_keep_the_next_from_its_turn(make_recipe, in_process, tmp_path):
    told = make(in_process, make_recipe("llama", *QUICK), "lora", "ia3")
    empty = tmp_path / "empty.csv"
    empty.write_text("dialogue,summary\n", encoding="utf-8")
    path = Path(told["entries"][0]["recipe"])
    tables = recipes.load(path).as_tables()
    tables["data"]["source"] = str(empty)
    recipes.save(recipes.from_tables(tables), path)
    done = in_process.run("arena", "run", told["arena"], "--json")
    assert done.code == 1, done.out
    found = done.json[-1]
    assert list(states(found).values()) == ["failed", "completed"]
    assert found["entries"][0]["reason"]


def test_what_can_not_be_is_told_as_a_problem(make_recipe, in_process):
    recipe = str(make_recipe("t5", *QUICK))
    seeds = ("--seeds", "3", "--set", "training.seed=2147483646")
    beyond = in_process.run("arena", "new", recipe, *seeds, "--json")
    assert (beyond.code, beyond.problems[0]["field"]) == (2, "training.seed")
    unknown = in_process.run("arena", "new", recipe, "--method", "lorra", "--json")
    assert unknown.code == 2
    assert unknown.problems[0]["field"] == "--method"
    missing = in_process.run("arena", "show", "nothing", "--json")
    assert missing.code == 2
    assert missing.problems[0]["message"] == 'There is no arena "nothing".'
    assert in_process.run("arena", "list").out.startswith("There are no arenas yet.")
    only_refused = make(in_process, Path(recipe), "bitfit")
    assert in_process.run("arena", "run", only_refused["arena"], "--json").code == 2
