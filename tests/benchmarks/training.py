"""How fast does Tunesmith train beside the tutorial's script and the plain Trainer, and does it learn the same?

Each way of training lives in a process of its own (`tests.helpers.trainer_comparison`), and they take turns on the same
examples: ratios are those of turns that stood beside one another. The conversations are SAMSum's where it lies beside
the checkout, else those that ship with Tunesmith. `BENCH_MODEL` may name the folder of a decoder-only model that people
use (the goal is for SmolLM2-135M-Instruct). Needed work is counted by torch's flop counter on unpadded examples; the
ceiling is a large product of matrices in the same number format, measured in the same process between the turns.
"""

import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median, stdev
from typing import Any

import psutil

from engine.config import recipe as recipes
from engine.config.recipe import STARTER, Recipe
from engine.jobs.supervisor import Supervisor
from engine.jobs.worker_process import WarmWorker, visible_to
from engine.runs import run_store
from engine.system.paths import application_root, presets_folder
from engine.worker.__main__ import LIBRARY_SETTINGS
from tests.benchmarks.data_check import conversations
from tests.helpers.benchmark_report import Row, show, temporary_home
from tests.helpers.line_process import LineProcess
from tests.helpers.shaped_models import save_t5, t5_tokenizer
from tests.helpers.shared_data import SAMSUM

PROMPT = "Summarize the following conversation.\n\n{conversation}\n\nSummary: "
Told = dict[str, Any]
# Of the mean of three differences, two-sided, 95 %.
STUDENT_T = 4.303
SEEDS = (1, 2, 3)
GROWTH = (1_000, 100_000)


@dataclass(frozen=True)
class Work:
    """What is trained: which model by which LoRA on how many examples, in how many turns, and what is hoped for."""

    title: str
    examples: int
    turns: int
    tutorial_batch: int
    goals: Mapping[str, str]
    lora: Mapping[str, Any]
    learned: int = 0


TUTORIAL_LORA = {"rank": 32, "alpha": 32, "dropout": 0.05, "target_modules": ["q", "v"]}
DECODER_LORA = {"rank": 16, "alpha": 32, "dropout": 0.05, "target_modules": ["all-linear"]}
T5_GOALS = {"plain": "1.6, stretch 2", "share": "60 %"}
WORKS: dict[str, Work] = {
    "small": Work(
        "flan-t5-small's shape", 160, 3, 8, T5_GOALS | {"tutorial": "12", "memory": "0.25"}, TUTORIAL_LORA
    ),
    "base": Work("flan-t5-base's shape", 24, 2, 2, T5_GOALS, TUTORIAL_LORA),
    "model": Work("", 64, 2, 0, {"plain": "1.8", "share": "60 %"}, DECODER_LORA, learned=160),
    "starter": Work("the starter", 160, 3, 8, T5_GOALS, TUTORIAL_LORA, learned=640),
}
NAMES = {
    "tutorial": "the tutorial's script", "plain": "plain Trainer", "plain_liger": "Trainer with Liger",
    "tunesmith": "Tunesmith", "own_code": "Tunesmith without Liger",
}  # fmt: skip
OURS = ("tunesmith", "own_code")


class Side(LineProcess):
    """One way of training in a process of its own, asked by words; Tunesmith's has a worker's settings."""

    def __init__(self, wanted: Told, log: Path) -> None:
        """Start it and wait until it has taken its first step."""
        self.began = time.time()
        settings = LIBRARY_SETTINGS if wanted["side"] in OURS else {}
        visible = visible_to(recipes.from_tables(wanted["recipe"]).training.device)
        super().__init__("tests.helpers.trainer_comparison", log, **settings, **visible)
        self.ready = self.ask(wanted)


def main() -> None:
    """Measure and print; arguments name parts, or set `turns=` and `examples=` for a quick look."""
    asked = [each for each in sys.argv[1:] if "=" not in each] or [name for name in PARTS if name != "loss"]
    quick = {name: int(value) for name, _, value in (each.partition("=") for each in sys.argv[1:]) if value}
    with temporary_home() as home:
        os.environ["HF_HUB_OFFLINE"] = "1"
        rows = [row for name in asked for row in PARTS[name](home, quick)]
    whose = "SAMSum's" if SAMSUM.exists() else "the sample's"
    show(f"Training on {whose} conversations: {', '.join(NAMES.values())}", rows)


def model_of(name: str, home: Path) -> tuple[str, str] | None:
    """Return a work's base model as a recipe names it, and what it is called; None if it is not here."""
    if name == "starter":
        return STARTER, WORKS[name].title
    if name == "model":
        folder = os.environ.get("BENCH_MODEL")
        if not folder:
            print("BENCH_MODEL names no model folder: that part is left out.", flush=True)
            return None
        return str(Path(folder).resolve()), Path(folder).name
    folder_here = home / name
    if not folder_here.exists():
        save_t5("flan-t5-small" if name == "small" else "flan-t5-base", t5_tokenizer(), folder_here)
    return str(folder_here), WORKS[name].title


def recipe_of(name: str, model: str, examples: int, **tables: Told) -> Told:
    """Return a work's recipe as tables."""
    made: dict[str, Told] = {
        "base_model": {"id": model},
        "data": {
            "source": str(SAMSUM) if SAMSUM.exists() else "sample", "prompt": PROMPT, "max_train": examples,
            "max_validation": 32, "max_test": 8,
        },
        "method": {"id": "lora", **WORKS[name].lora},
        "training": {"epochs": 1, "batch_size": 8, "keep": "last", "learning_rate": 1e-3, "seed": 1},
        "evaluation": {"max_new_tokens": 60},
    }  # fmt: skip
    return {table: values | tables.get(table, {}) for table, values in made.items()}


@dataclass(frozen=True)
class Turns:
    """What the ways of training told: their turns, peaks of memory, seconds to the first step; and the ceilings."""

    told: Mapping[str, list[Told]]
    peaks: Mapping[str, int]
    first: Mapping[str, float]
    ceilings: list[float]
    needed: float

    @property
    def rates(self) -> dict[str, list[float]]:
        """Examples a second, by way and turn."""
        return {way: [each["examples"] / each["seconds"] for each in told] for way, told in self.told.items()}

    def tokens_per_second(self, way: str) -> float:
        """Return the tokens a second of a way, padding left out."""
        first = self.told[way][0]
        return median(self.rates[way]) * first["tokens"] / first["examples"]

    def ratios(self, way: str) -> list[float]:
        """Return how many times as fast ours was as another way, turn by turn."""
        rates = self.rates
        return [ours / theirs for ours, theirs in zip(rates["tunesmith"], rates[way], strict=True)]

    def share(self, way: str) -> float:
        pairs = zip(self.rates[way], self.ceilings, strict=True)
        return self.needed * median(rate / limit for rate, limit in pairs)


def speed(name: str, home: Path, quick: Mapping[str, int]) -> list[Row]:
    """Let the ways of training take turns on one work."""
    work, found = WORKS[name], model_of(name, home)
    if found is None:
        return []
    model, title = found
    recipe = recipe_of(name, model, quick.get("examples", work.examples))
    batches = dict.fromkeys(("plain", "tunesmith"), recipe["training"]["batch_size"])
    if work.tutorial_batch:
        batches = {"tutorial": work.tutorial_batch, **batches}
    return _rows(title, work.goals, take_turns(title, recipe, home, batches, quick.get("turns", work.turns)))


def take_turns(
    title: str, recipe: Told, home: Path, batches: Mapping[str, int], count: int, **settings: Any
) -> Turns:
    """Let the ways of training that `batches` names take turns, each with its batch size."""
    turns: dict[str, list[Told]] = {way: [] for way in batches}
    with ExitStack() as stack:
        sides: dict[str, Side] = {}
        for way, batch in batches.items():
            sides[way] = started(way, recipe, home, batch, **settings)
            stack.callback(sides[way].close)
        ours = sides["tunesmith"]
        needed = ours.ask("needed")["needed"]
        ceilings: list[float] = []
        for number in range(count):
            ceilings.append(ours.ask("ceiling")["ceiling"])
            for way, side in sides.items():
                turns[way].append(side.ask("turn"))
                told = turns[way][-1]
                print(f"{title}, turn {number + 1}, {NAMES[way]}: {told['seconds']:.1f} s", flush=True)
        peaks = {way: side.ask("peak")["peak"] for way, side in sides.items()}
        first = {way: side.ready["first_step"] - side.began for way, side in sides.items()}
    return Turns(turns, peaks, first, ceilings, needed)


def started(
    way: str, recipe: Told, home: Path, batch_size: int, *, first_step: bool = True, **settings: Any
) -> Side:
    return Side(
        {
            "side": way, "recipe": recipe, "batch_size": batch_size, "folder": str(home / "stock"),
            "first_step": first_step, **settings,
        },
        home / f"{way}.log",
    )  # fmt: skip


def _rows(title: str, goals: Mapping[str, str], turns: Turns) -> list[Row]:
    def told(measure: Callable[[str], str]) -> str:
        return ", ".join(f"{NAMES[way]} {measure(way)}" for way in turns.told)

    rates, peaks = turns.rates, turns.peaks
    rows = [
        (f"{title}, examples/s", told(lambda way: f"{median(rates[way]):.2f}"), ""),
        (f"{title}, tokens/s", told(lambda way: f"{turns.tokens_per_second(way):,.0f}"), ""),
        (f"{title}, padding", told(lambda way: f"{_padding(turns.told[way][-1]):.0%}"), ""),
        (f"{title}, most memory", told(lambda way: f"{peaks[way] / 1e9:.2f} GB"), ""),
        (f"{title}, seconds to the first step", told(lambda way: f"{turns.first[way]:.1f}"), ""),
        (f"{title}, share of the ceiling", told(lambda way: f"{turns.share(way):.0%}"), goals["share"]),
        (
            f"{title}, ceiling",
            f"{median(turns.ceilings) / 1e9:,.0f} GFLOP/s, {turns.needed / 1e9:.2f} GFLOP an example",
            "",
        ),
    ]
    spent = {
        way: [each["examples"] / each["processor"] for each in found] for way, found in turns.told.items()
    }
    for way in [each for each in turns.told if each != "tunesmith"]:
        rows.append((f"{title}, times {NAMES[way]}", _ratio(rates, way), goals.get(way, "")))
        rows.append((f"{title}, the same by the processor's time", _ratio(spent, way), ""))
        reached = f"{peaks['tunesmith'] / peaks[way]:.2f}"
        goal = goals.get("memory", "") if way == "tutorial" else ""
        rows.append((f"{title}, memory over that of {NAMES[way]}", reached, goal))
    return rows


def _ratio(rates: Mapping[str, list[float]], way: str) -> str:
    """Return how many times as fast ours was, turn by turn: the median, the least and the most."""
    ratios = [ours / theirs for ours, theirs in zip(rates["tunesmith"], rates[way], strict=True)]
    return f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def _padding(turn: Told) -> float:
    return 1 - turn["tokens"] / turn["computed"]


def loss(home: Path, quick: Mapping[str, int]) -> list[Row]:
    """Compare the validation loss after the same examples, over three seeds."""
    return [row for name in ("starter", "model") for row in _losses(name, home, quick)]


def _losses(name: str, home: Path, quick: Mapping[str, int]) -> list[Row]:
    found = model_of(name, home)
    if found is None:
        return []
    model, title = found
    losses: dict[str, list[float]] = {"plain": [], "tunesmith": []}
    for seed in SEEDS:
        training = {"seed": seed, "learning_rate": 5e-4 if name == "model" else 1e-3}
        recipe = recipe_of(name, model, quick.get("examples", WORKS[name].learned), training=training)
        recipe["training"] = {"epochs": 1, "batch_size": 8, "keep": "last", **training}
        for way, values in losses.items():
            side = started(way, recipe, home, 8, first_step=False)
            side.ask("turn")
            values.append(side.ask("loss")["loss"])
            side.close()
            print(f"{title}, seed {seed}, {NAMES[way]}: {values[-1]:.4f}", flush=True)
    apart = [ours - theirs for ours, theirs in zip(losses["tunesmith"], losses["plain"], strict=True)]
    around = STUDENT_T * stdev(apart) / len(apart) ** 0.5
    mean = fmean(apart)
    told = ", ".join(f"{NAMES[way]} {fmean(values):.4f}" for way, values in losses.items())
    return [
        (f"{title}, validation loss after the same examples", told, ""),
        (
            f"{title}, apart, with 95 % interval",
            f"{mean:+.4f} ({mean - around:+.4f} to {mean + around:+.4f})",
            "0 within",
        ),
    ]


def growth(home: Path, quick: Mapping[str, int]) -> list[Row]:
    """Measure what more data costs: reading, encoding and batching, each amount in a process of its own."""
    found: dict[int, Told] = {}
    for count in (GROWTH[0], quick.get("conversations", GROWTH[-1])):
        path = home / f"talks-{count}.jsonl"
        with path.open("w", encoding="utf-8") as stream:
            for row in itertools.islice(conversations(), count):
                stream.write(json.dumps(row, ensure_ascii=False) + "\n")
        command = [sys.executable, "-m", "tests.helpers.training_data_cost", str(path)]
        done = subprocess.run(command, cwd=application_root(), capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(done.stderr[-2000:])
        found[count] = json.loads(done.stdout.splitlines()[-1])
        print(f"{count:,} conversations: {found[count]}", flush=True)
        path.unlink()
    (few, little), (many, much) = found.items()
    title = f"{few:,} to {many:,} conversations"
    rows = [_grown(f"{title}, {part} one", part, found) for part in ("read", "encode", "load")]
    memory = f"{little['peak'] / 1e6:,.0f} and {much['peak'] / 1e6:,.0f} MB"
    times = much["peak"] / little["peak"]
    return [*rows, (f"{title}, most memory", f"{memory}, {times:.2f} times", "1.1")]


def _grown(title: str, part: str, found: Mapping[int, Told]) -> Row:
    """Return what a conversation costs among few and among many: the same, if time grows as the data does."""
    before, after = (told[part] / count * 1000 for count, told in found.items())
    return title, f"{before:.2f} and {after:.2f} ms, {after / before:.2f} times", "1, or less"


def start(home: Path, quick: Mapping[str, int]) -> list[Row]:
    """Measure the way from Start to the first step: as it is the first time, again, and with a worker that waits."""
    preset = recipes.parse((presets_folder() / "starter.toml").read_text(encoding="utf-8"))
    model, title = _there(model_of("base", home))
    larger = recipe_of("base", model, quick.get("examples", 1228))
    rows: list[Row] = []
    for name, tables, goal in ((WORKS["starter"].title, preset, "1 s"), (title, larger, "8 s")):
        recipe = recipes.from_tables(tables)
        first = first_step(recipe, None)
        again = first_step(recipe, None)
        rows += [
            (f"{name}, Start to first step, the first time", f"{first['step']:.2f} s", ""),
            (f"{name}, the same, base scored and tokens kept", f"{again['step']:.2f} s", ""),
            (f"{name}, and a worker ready", _ready(recipe, quick), goal),
        ]
    return rows


def _ready(recipe: Recipe, quick: Mapping[str, int]) -> str:
    """Return the middle one of some starts with a worker that waits, and when it was at which stage."""
    found = [
        first_step(recipe, WarmWorker(visible_to(recipe.training.device)))
        for _ in range(quick.get("turns", 3))
    ]
    told = sorted(found, key=lambda each: each["step"])[len(found) // 2]
    stages = ", ".join(f"{stage} {seconds:.2f}" for stage, seconds in told.items() if stage != "step")
    return f"{told['step']:.2f} s ({stages})"


def first_step(recipe: Recipe, warm_worker: WarmWorker | None) -> dict[str, float]:
    """Start a run; return the seconds from then to each stage and to the first step, where it is broken off."""
    if warm_worker is not None:
        _wait_until_idle(warm_worker.pid)
    began = time.time()
    supervisor = Supervisor(run_store.create_run(recipe), warm_worker=warm_worker)
    supervisor.start()
    told: dict[str, float] = {}
    for event in supervisor.follow(every_seconds=0.01):
        if event["event"] == "stage_entered":
            told.setdefault(event["stage"], event["time"] - began)
        elif event["event"] == "step_finished":
            told["step"] = event["time"] - began
            supervisor.force()
    supervisor.close()
    if "step" not in told:
        ending = supervisor.ending()
        raise SystemExit(f"{ending.message} {ending.hint}\n{ending.log_tail}")
    print(f"{recipe.name or 'base'}: {told}", flush=True)
    return told


def _wait_until_idle(pid: int) -> None:
    """Wait until a process has not computed for a second: what it imports is there."""
    process, spent = psutil.Process(pid), -1.0
    while (now := sum(process.cpu_times()[:2])) != spent:
        spent = now
        time.sleep(1)


def _there(found: tuple[str, str] | None) -> tuple[str, str]:
    assert found is not None
    return found


def _part(name: str) -> Callable[[Path, Mapping[str, int]], Iterable[Row]]:
    return lambda home, quick: speed(name, home, quick)


PARTS: dict[str, Callable[[Path, Mapping[str, int]], Iterable[Row]]] = {
    **{name: _part(name) for name in WORKS}, "growth": growth, "start": start, "loss": loss,
}  # fmt: skip

if __name__ == "__main__":
    main()
