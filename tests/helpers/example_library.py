"""A library and a history as after some weeks of use, for tests of lists and for screenshots."""

import atexit
import os
import shutil
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from engine.adapters import library
from engine.adapters import metadata as adapter_toml
from engine.adapters.library import Adapter
from engine.adapters.metadata import RECIPE_NAME, MethodFacts
from engine.jobs.job import Job
from engine.runs import run_store
from engine.system.paths import adapters_folder, runs_folder
from tests.helpers.homes import RunSpec, add_adapter, add_run, make_recipe, score_card

DAY = 86_400.0
TICKETS = {"base": "google/flan-t5-large", "source": "/data/support tickets"}
STANDUP = {"base": "HuggingFaceTB/SmolLM2-1.7B", "source": "acme/stand-up-notes"}
SAMSUM = {"rank": 32, "alpha": 32}
STARTER = {"base": "starter", "source": "sample"}


def fill_library() -> list[Adapter]:
    """Put thirteen adapters in four groups into the library, and one from another program; newest first."""
    shutil.copytree(_template("adapters"), adapters_folder(), dirs_exist_ok=True)
    return library.scan()[0]


def fill_history() -> list[Job]:
    """Put ten runs of three days into the history, one of each ending; newest first."""
    shutil.copytree(_template("runs"), runs_folder(), dirs_exist_ok=True)
    return run_store.list_jobs()


@cache
def _template(kind: str) -> Path:
    """Return a folder of examples, written once a process: copying is faster than writing."""
    home = Path(tempfile.mkdtemp(prefix="tunesmith-examples-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    with patch.dict(os.environ, TUNESMITH_HOME=str(home)):
        {"adapters": write_library, "runs": write_history}[kind](time.time())
    return home / kind


# Name, age in seconds, method and its setting, recipe, numbers, ROUGE-1, and what else is known of its score.
TICKETS_SCORE = {"base": 0.372, "examples": 240, "beams": 4, "source": TICKETS["source"]}
STANDUP_SCORE = {"base": 0.318, "examples": 120, "source": STANDUP["source"]}
STARTER_SCORE = {"base": 0.381, "examples": 200, "half_width": 0.01, "source": "sample"}
SAME = {"verdict": "no measurable difference"}
WORSE = {"verdict": "worse", "half_width": 0.008}
ADAPTERS = (
    ("samsum-lora-r32", 600, "LoRA", "r 32", SAMSUM, 3_550_000, 0.484, {}),
    ("samsum-dora-r16", 2600, "DoRA", "r 16", SAMSUM, 1_800_000, 0.485, {}),
    ("samsum-adalora", 3700, "AdaLoRA", "r 12", SAMSUM, 1_300_000, 0.481, {}),
    ("samsum-loha-r16", 5100, "LoHa", "r 16", SAMSUM, 3_550_000, 0.479, {}),
    ("samsum-prefix-20", 6200, "Prefix tuning", "20", SAMSUM, 720_000, 0.476, SAME),
    ("tickets-lora-r16", 1.2 * DAY, "LoRA", "r 16", TICKETS, 4_700_000, 0.418, TICKETS_SCORE),
    ("tickets-ia3", 1.3 * DAY, "IA3", "", TICKETS, 280_000, 0.380, SAME | TICKETS_SCORE),
    ("standup-qlora", 9 * DAY, "LoRA", "r 16, NF4", STANDUP, 9_000_000, 0.369, STANDUP_SCORE),
    ("standup-prompt-32", 9.1 * DAY, "Prompt tuning", "32", STANDUP, 80_000, 0.284, WORSE | STANDUP_SCORE),
    ("starter-lora-r8", 16 * DAY, "LoRA", "r 8", STARTER, 150_000, 0.712, STARTER_SCORE),
    ("starter-bottleneck", 16.1 * DAY, "Bottleneck", "32", STARTER, 100_000, 0.698, STARTER_SCORE),
    ("starter-layernorm", 16.2 * DAY, "LayerNorm", "", STARTER, 30_000, 0.551, STARTER_SCORE),
    ("starter-full", 16.3 * DAY, "Full fine-tuning", "", STARTER, 4_850_000, 0.720, STARTER_SCORE),
    ("clinic-lokr", 12 * DAY, "LoKr", "r 16", SAMSUM, 470_000, None, {}),
)
METHOD_IDS = {"Full fine-tuning": "full", "LoKr": "lokr"}
MORE: dict[str, dict[str, Any]] = {
    "samsum-lora-r32": {"tags": ["names"], "notes": "Keeps names right. Sometimes guesses the weekday."},
    "clinic-lokr": {"origin": "imported"},
}


def write_library(now: float) -> None:
    for name, ago, title, summary, data, numbers, rouge1, score in ADAPTERS:
        method = MethodFacts(
            id=METHOD_IDS.get(title, "lora"), title=title, summary=summary, learning_rate=1e-3,
            options={"rank": 16, "alpha": 32, "dropout": 0.05}, targets=["q", "v"], matrices=72,
        )  # fmt: skip
        cards = [] if rouge1 is None else [score_card(rouge1, **score)]
        more = {"recipe": make_recipe(**data), "numbers": numbers // 100, "method": method} | MORE.get(
            name, {}
        )
        add_adapter(name, made_at=now - ago, scores=cards, **more)
    clinic = library.find("clinic-lokr")
    (clinic.folder / RECIPE_NAME).unlink()
    adapter_toml.save(
        clinic.metadata.model_copy(update={"files": adapter_toml.checksums(clinic.folder)}), clinic.folder
    )


def write_history(now: float) -> None:
    midnight = time.mktime((*time.localtime(now)[:3], 0, 0, 0, 0, 0, -1))
    base, tickets = "flan-t5-base on SAMSum with", "flan-t5-large on support tickets"
    standup = "SmolLM2-1.7B on stand-up notes,"
    # Name, start, seconds, recipe, steps done and planned, and how it ended.
    memory = {"outcome": "failed", "kind": "OutOfMemoryError", "checkpoint_at": 200}
    for name, at, seconds, data, steps, planned, spec in (
        (f"{base} LoRA", now - 900, 724, {}, 1540, 1540,
         {"gain": 0.015, "adapter": "samsum-lora-r32", "checkpoint_at": 1540}),
        (tickets, now - 1800, 101, TICKETS, 212, 1540, memory),
        (f"{base} DoRA", now - 3600, 788, {}, 1540, 1540, {"gain": 0.016}),
        (f"{base} AdaLoRA", now - 4800, 805, {}, 1540, 1540, {"gain": 0.012}),
        (f"{base} prefix tuning", now - 6000, 372, {}, 860, 1540, {"outcome": "stopped", "checkpoint_at": 860}),
        (f"{tickets} with LoRA", midnight - 18_000, 2460, TICKETS, 2400, 2400, {"gain": 0.046}),
        (f"{tickets} with IA3", midnight - 21_600, 2220, TICKETS, 2400, 2400, {"gain": 0.008, **SAME}),
        (f"{tickets} with LoRA", midnight - 23_400, 540, TICKETS, 1010, 2400,
         {"outcome": None, "checkpoint_at": 1000}),
        (f"{standup} QLoRA", midnight - 9 * DAY, 6720, STANDUP, 1800, 1800, {"gain": 0.051}),
        (f"{standup} prompt tuning", midnight - 9 * DAY - 7200, 5460, STANDUP, 1800, 1800,
         {"gain": -0.034, "verdict": "worse"}),
    ):  # fmt: skip
        add_run(
            make_recipe(name, **data),
            RunSpec(steps=steps, total_steps=planned, started_at=at, seconds=seconds, **spec),
        )
