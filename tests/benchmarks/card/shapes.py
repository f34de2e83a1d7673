"""The models and data that are measured: those of a card, and much smaller ones for the processor."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from tests.benchmarks.card.figures import Lacking
from tests.benchmarks.card.parts import Setting
from tests.helpers.shaped_models import Shape, save_shape, write_shaped

Size = Literal["base", "1b", "7b"]
SHAPES: dict[Size, Shape] = {"base": "flan-t5-base", "1b": "llama-1b", "7b": "llama-7b"}
SMALL: dict[Size, Shape] = {"base": "t5-mini", "1b": "llama-mini", "7b": "llama-mini"}
GIGABYTES = {"flan-t5-base": 1.2, "llama-1b": 2.6, "llama-7b": 13.6}
PROMPT = "Summarize: {conversation}\nSummary: "


def name(size: Size, setting: Setting) -> str:
    """Return which shape stands for a size on this kind of device, in words."""
    return f"the shape of {_shape(size, setting)}, random weights"


def _shape(size: Size, setting: Setting) -> Shape:
    return (SHAPES if setting.kind == "cuda" else SMALL)[size]


def model(size: Size, setting: Setting) -> Path:
    """Return the folder of a model, made if no part of this call has made it. Raises Lacking without room for it."""
    shape = _shape(size, setting)
    folder = setting.folder / shape
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        free, wanted = shutil.disk_usage(setting.folder).free / 1e9, GIGABYTES.get(shape, 0.1)
        if free < wanted * 1.1:
            raise Lacking(
                f"{shape}'s shape takes {wanted:g} GB in {setting.folder.parent}, where {free:.1f} GB are free; "
                "TMPDIR names another folder."
            )
        save_shape(shape, folder)
        (folder / "complete").touch()
    return folder


def data(name: str, setting: Setting, counts: Mapping[str, int], tokens: int = 0) -> Path:
    """Return the folder of conversations, made anew for a part."""
    folder = setting.folder / "data" / name
    shutil.rmtree(folder, ignore_errors=True)
    return write_shaped(folder, {"validation": 4, "test": 4, **counts}, tokens)


def recipe(
    model: Path | str, source: Path | str, setting: Setting, **tables: Mapping[str, Any]
) -> dict[str, Any]:
    """Return a recipe of LoRA as tables; `tables` are merged over it."""
    made: dict[str, dict[str, Any]] = {
        "base_model": {"id": str(model)},
        "data": {"source": str(source), "prompt": PROMPT},
        "method": {"id": "lora", "rank": 16, "alpha": 32, "dropout": 0.05, "target_modules": ["all-linear"]},
        "training": {
            "epochs": 1, "batch_size": 8, "keep": "last", "learning_rate": 1e-4, "seed": 1,
            "device": setting.device, "when_window_leaves": "stop",
        },
        "evaluation": {"max_new_tokens": 4, "bootstrap": 100},
    }  # fmt: skip
    return {table: values | dict(tables.get(table, {})) for table, values in made.items()}
