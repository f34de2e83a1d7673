"""A library and a history as after some weeks of use, for tests of lists and for screenshots."""

from __future__ import annotations

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
from engine.config.recipe import Recipe
from engine.jobs.job import Job
from engine.runs import run_store
from engine.system.paths import adapters_folder, runs_folder
from tests.helpers.homes import RunSpec, add_adapter, add_run, make_recipe, score_card, unsynced

DAY = 86_400.0
TICKETS = {"base": "google/flan-t5-large", "source": "/data/support tickets"}
STANDUP = {"base": "HuggingFaceTB/SmolLM2-1.7B", "source": "acme/stand-up-notes"}
STARTER = {"base": "starter", "source": "sample"}


def _method(title: str, summary: str, method_id: str = "lora") -> MethodFacts:
    return MethodFacts(
        id=method_id, title=title, summary=summary, options={"rank": 16, "alpha": 32, "dropout": 0.05},
        learning_rate=1e-3, targets=["q", "v"], matrices=72,
    )  # fmt: skip


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
    with patch.dict(os.environ, TUNESMITH_HOME=str(home)), unsynced():
        {"adapters": write_library, "runs": write_history}[kind](time.time())
    return home / kind


def write_library(now: float, size: float = 0.01) -> None:
    """Write the library's examples. With `size` 1 their files are as large as real ones: 120 MB."""

    def add(
        name: str, ago: float, method: MethodFacts, recipe: Recipe, numbers: int, *cards: Any, **more: Any
    ) -> None:
        add_adapter(
            name,
            made_at=now - ago,
            scores=cards,
            recipe=recipe,
            numbers=int(numbers * size),
            method=method,
            **more,
        )

    recipe = make_recipe(rank=32, alpha=32)
    lora = _method("LoRA", "r 32")
    add("samsum-lora-r32", 600, lora, recipe, 3_550_000, score_card(0.484), tags=["names"],
        notes="Keeps names right. Sometimes guesses the weekday.")  # fmt: skip
    add("samsum-dora-r16", 2600, _method("DoRA", "r 16"), recipe, 1_800_000, score_card(0.485))
    add("samsum-adalora", 3700, _method("AdaLoRA", "r 12"), recipe, 1_300_000, score_card(0.481))
    add("samsum-loha-r16", 5100, _method("LoHa", "r 16"), recipe, 3_550_000, score_card(0.479))
    add("samsum-prefix-20", 6200, _method("Prefix tuning", "20"), recipe, 720_000,
        score_card(0.476, verdict="no measurable difference"))  # fmt: skip
    tickets = make_recipe("tickets", **TICKETS)
    common = {"base": 0.372, "examples": 240, "beams": 4, "source": TICKETS["source"]}
    add(
        "tickets-lora-r16",
        1.2 * DAY,
        _method("LoRA", "r 16"),
        tickets,
        4_700_000,
        score_card(0.418, **common),
    )
    add("tickets-ia3", 1.3 * DAY, _method("IA3", ""), tickets, 280_000,
        score_card(0.380, verdict="no measurable difference", **common))  # fmt: skip
    standup = make_recipe("standup", **STANDUP)
    common = {"base": 0.318, "examples": 120, "source": STANDUP["source"]}
    add(
        "standup-qlora",
        9 * DAY,
        _method("LoRA", "r 16, NF4"),
        standup,
        9_000_000,
        score_card(0.369, **common),
    )
    add("standup-prompt-32", 9.1 * DAY, _method("Prompt tuning", "32"), standup, 80_000,
        score_card(0.284, verdict="worse", half_width=0.008, **common))  # fmt: skip
    starter = make_recipe("starter", **STARTER)
    common = {"base": 0.381, "examples": 200, "half_width": 0.01, "source": "sample"}
    add("starter-lora-r8", 16 * DAY, _method("LoRA", "r 8"), starter, 150_000, score_card(0.712, **common))
    add(
        "starter-bottleneck",
        16.1 * DAY,
        _method("Bottleneck", "32"),
        starter,
        100_000,
        score_card(0.698, **common),
    )
    add(
        "starter-layernorm",
        16.2 * DAY,
        _method("LayerNorm", ""),
        starter,
        30_000,
        score_card(0.551, **common),
    )
    add("starter-full", 16.3 * DAY, _method("Full fine-tuning", "", "full"), starter, 4_850_000,
        score_card(0.720, **common))  # fmt: skip
    add("clinic-lokr", 12 * DAY, _method("LoKr", "r 16", "lokr"), recipe, 470_000, origin="imported")
    clinic = library.find("clinic-lokr")
    (clinic.folder / RECIPE_NAME).unlink()
    adapter_toml.save(
        clinic.metadata.model_copy(update={"files": adapter_toml.checksums(clinic.folder)}), clinic.folder
    )


def write_history(now: float) -> None:
    """Write the history's examples."""
    midnight = time.mktime((*time.localtime(now)[:3], 0, 0, 0, 0, 0, -1))
    whole = {"total_steps": 1540, "steps": 1540}

    def add(name: str, at: float, recipe: dict[str, str] | None = None, **spec: Any) -> None:
        add_run(make_recipe(name, **(recipe or {})), RunSpec(started_at=at, **spec))

    base = "flan-t5-base on SAMSum with"
    add(
        f"{base} LoRA",
        now - 900,
        seconds=724,
        gain=0.015,
        adapter="samsum-lora-r32",
        checkpoint_at=1540,
        **whole,
    )
    add(
        "flan-t5-large on support tickets",
        now - 1800,
        TICKETS,
        seconds=101,
        outcome="failed",
        kind="OutOfMemoryError",
        steps=212,
        total_steps=1540,
        checkpoint_at=200,
    )
    add(f"{base} DoRA", now - 3600, seconds=788, gain=0.016, **whole)
    add(f"{base} AdaLoRA", now - 4800, seconds=805, gain=0.012, **whole)
    add(
        f"{base} prefix tuning",
        now - 6000,
        seconds=372,
        outcome="stopped",
        steps=860,
        total_steps=1540,
        checkpoint_at=860,
    )
    add(
        "flan-t5-large on support tickets with LoRA",
        midnight - 5 * 3600,
        TICKETS,
        seconds=2460,
        gain=0.046,
        steps=2400,
        total_steps=2400,
    )
    add(
        "flan-t5-large on support tickets with IA3",
        midnight - 6 * 3600,
        TICKETS,
        seconds=2220,
        gain=0.008,
        verdict="no measurable difference",
        steps=2400,
        total_steps=2400,
    )
    add(
        "flan-t5-large on support tickets with LoRA",
        midnight - 6.5 * 3600,
        TICKETS,
        seconds=540,
        outcome=None,
        steps=1010,
        total_steps=2400,
        checkpoint_at=1000,
    )
    add(
        "SmolLM2-1.7B on stand-up notes, QLoRA",
        midnight - 9 * DAY,
        STANDUP,
        seconds=6720,
        gain=0.051,
        steps=1800,
        total_steps=1800,
    )
    add(
        "SmolLM2-1.7B on stand-up notes, prompt tuning",
        midnight - 9 * DAY - 7200,
        STANDUP,
        seconds=5460,
        gain=-0.034,
        verdict="worse",
        steps=1800,
        total_steps=1800,
    )
