"""The GPU memory of README's table: models of the catalogue as planned, without their weights and without a GPU."""

from typing import Any

import torch

from engine.config import model_info
from engine.config import recipe as recipes
from engine.system.paths import starter_folder
from engine.worker.adapters import attach
from engine.worker.kernels import registry
from engine.worker.modeling.architecture import architecture_of
from engine.worker.modeling.base_models import read_tokenizer
from engine.worker.modeling.meta_model import outline_of_catalogue
from engine.worker.planning.memory_estimate import memory
from engine.worker.planning.meta_trace import activation_bytes
from engine.worker.planning.requirements import predict_peak_step

MODELS = (
    "google/flan-t5-base", "google/flan-t5-large", "HuggingFaceTB/SmolLM2-1.7B-Instruct",
    "Qwen/Qwen3-4B-Instruct-2507", "Qwen/Qwen2.5-7B-Instruct",
)  # fmt: skip
METHODS: dict[str, dict[str, Any]] = {
    "LoRA": {},
    "QLoRA (NF4)": {"base_model": {"quantization": "nf4"}, "training": {"optimizer": "paged_adamw_8bit"}},
    "full fine-tuning": {"method": {"id": "full"}},
}
COMMON = {"data": {"source": "sample"}, "method": {"id": "lora"}}
MICRO_BATCH_TOKENS = 2048
LENGTHS = [(512, 64)] * 64  # Of conversations and summaries, in tokens.


def main() -> None:
    """Print the table, in GB."""
    print("| base model |", " | ".join(METHODS), "|")
    for name in MODELS:
        sizes = [planned(name, tables) / 1e9 for tables in METHODS.values()]
        print(f"| {name} |", " | ".join(f"{size:.{int(size < 10)}f}" for size in sizes), "|")


def planned(name: str, tables: dict[str, Any]) -> int:
    """Return the bytes at a run's peak."""
    base_model = {"id": name, "precision": "bfloat16", **tables.get("base_model", {})}
    recipe = recipes.from_tables(COMMON | tables | {"base_model": base_model})
    options, training = recipe.base_model, recipe.training
    listed = next(model for model in model_info.catalogue() if model.id == name)
    with registry.planned_for("cuda"), torch.device("meta"):
        outline = outline_of_catalogue(listed, read_tokenizer(starter_folder(), "starter"))
        base = outline.without_weights(options, torch.device("cpu"), [])
        architecture, model = architecture_of(base.model), attach.attach(base, recipe)
    shape = predict_peak_step(training, base.family, LENGTHS, MICRO_BATCH_TOKENS).largest
    activations = activation_bytes(model, base.family, shape, "cuda")
    return sum(
        memory(architecture, model, options, training.optimizer, activations, device_type="cuda").values()
    )


if __name__ == "__main__":
    main()
