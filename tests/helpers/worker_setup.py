"""Builds channels, recipes, tiny base models and random adapters for worker tests."""

import json
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model

from engine.adapters import library
from engine.adapters.library import Adapter
from engine.adapters.metadata import AdapterMetadata, BaseModelFacts, MethodFacts, PromptFacts, now_text
from engine.config import recipe as recipes
from engine.config.recipe import BaseModelOptions, Recipe
from engine.jobs.events import EventWriter
from engine.jobs.job import create_job, new_id
from engine.system.paths import jobs_folder
from engine.worker.adapters import attach
from engine.worker.jobs import export
from engine.worker.modeling import base_models, forward
from engine.worker.modeling.base_models import LoadedBase
from engine.worker.runtime.channel import Channel
from tests.helpers.channel_events import events_of
from tests.helpers.tiny_models import Kind, tiny_model


def make_recipe(kind: Kind, source: str = "sample", **tables: dict[str, Any]) -> Recipe:
    """Return a recipe for a small model in float32 on the CPU; `tables` are merged over it.

    A table with an id replaces the whole table.
    """
    values: dict[str, dict[str, Any]] = {
        "base_model": {"id": str(tiny_model(kind)), "precision": "float32"},
        "data": {
            "source": source,
            "prompt": "Summarize: {conversation}\nSummary: ",
            "max_conversation_tokens": 200,
        },
        "method": {"id": "lora", "rank": 4, "target_modules": ["all-linear"]},
        "training": {"device": "cpu", "seed": 3},
        "evaluation": {"max_new_tokens": 12},
    }
    for name, table in tables.items():
        values[name] = table if "id" in table else values[name] | table
    return recipes.from_tables(values)


def make_channel(kind: str, recipe: Recipe | None = None, **arguments: Any) -> Channel:
    """Return the channel of a new job without a worker."""
    job = create_job(jobs_folder(), kind, arguments, recipe=recipes.dumps(recipe) if recipe else "")
    return Channel(job, EventWriter(job.events_path, {"job": job.id, "attempt": 1}))


def load_tiny(kind: Kind) -> LoadedBase:
    """Return a small base model in float32."""
    options = BaseModelOptions(id=str(tiny_model(kind)), precision="float32")
    return base_models.load(options, "cpu", make_channel("inspect"))


def attach_random(base: LoadedBase, recipe: Recipe, seed: int = 5, strength: float = 0.3) -> PeftModel:
    """Return the base with a new random adapter, strong enough to change its outputs."""
    return _randomised(attach.attach(base, recipe), seed, strength)


def _randomised(model: PeftModel, seed: int, strength: float) -> PeftModel:
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in attach.trainable_parameters(model).values():
            parameter.add_(torch.randn(parameter.shape, generator=generator) * strength)
    return model.eval()


def install_random(kind: Kind, name: str, seed: int = 5, strength: float = 0.3, **tables: Any) -> Adapter:
    """Add a random adapter of a tiny base model to the library."""
    recipe = make_recipe(kind, **tables)
    base = base_models.load(recipe.base_model, "cpu", make_channel("inspect"))
    model = attach_random(base, recipe, seed, strength)
    metadata = AdapterMetadata(
        schema=1,
        id=new_id(name),
        name=name,
        made_at=now_text(),
        base_model=BaseModelFacts(
            id=recipe.base_model.id, fingerprint=base.fingerprint, family=base.family, precision="float32",
            quantization=recipe.base_model.quantization,
            double_quantization=recipe.base_model.double_quantization,
        ),
        method=MethodFacts(id=recipe.method.id, peft_type=recipe.method.method.peft_type),
        prompt=PromptFacts(
            template=recipe.data.prompt,
            max_conversation_tokens=recipe.data.max_conversation_tokens,
            max_new_tokens=recipe.evaluation.max_new_tokens,
        ),
    )  # fmt: skip
    partial = library.partial_folder(metadata.id)
    attach.save_adapter(model, Path(partial))
    return library.install(partial, metadata)


def import_with_biases(
    kind: Kind, name: str, seed: int = 5, strength: float = 0.3, base_folder: str = ""
) -> Adapter:
    """Import a LoRA that also trained biases of the base model, as plain PEFT can; `base_folder` holds a copy of it."""
    options = BaseModelOptions(id=base_folder or str(tiny_model(kind)), precision="float32")
    base = base_models.load(options, "cpu", make_channel("inspect"))
    config = LoraConfig(
        task_type=attach.TASK_TYPES[base.family], r=4, target_modules="all-linear", bias="all"
    )
    with warnings.catch_warnings(), TemporaryDirectory() as folder:
        # PEFT warns that the base changes, which is what is tested.
        warnings.simplefilter("ignore")
        model = _randomised(get_peft_model(base.model, config), seed, strength)
        model.save_pretrained(Path(folder) / name, save_embedding_layers=False)
        return library.import_adapter(Path(folder) / name)


def exported(adapter: Adapter, target: Path, to: str = "merged", **more: Any) -> Any:
    """Export an adapter as a job does, and return what came of it."""
    channel = make_channel("export")
    export.run(channel, {"kind": "export", "to": to, "adapter": adapter.id, "target": str(target), **more})
    [made] = events_of(channel, "result_made")
    return made["result"]


def write_conversations(folder: Path, examples: int = 6) -> Path:
    """Write a folder of split files with a few short conversations and return it."""
    folder.mkdir()
    for split, place in (("train", "park"), ("validation", "station"), ("test", "office")):
        rows = [
            {
                "id": f"{split}-{number}",
                "dialogue": f"Ann: Where are you?\nBob: At the {place}, in room {number}."
                + " Really." * number,
                "summary": f"Bob is at the {place}, in room {number}.",
            }
            for number in range(examples)
        ]
        (folder / f"{split}.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return folder


def stop_dropout(model: torch.nn.Module) -> None:
    """Set every dropout of a model to 0, so that training and evaluation compute the same."""
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
        for name in ("dropout", "attention_dropout", "activation_dropout"):
            if isinstance(getattr(module, name, None), float):
                setattr(module, name, 0.0)


def logits(model: Any, base: LoadedBase) -> torch.Tensor:
    """Return the logits of a model on one fixed row."""
    ids = torch.arange(12, 30)[None]
    labels = ids[:, :6] if base.family == "encoder-decoder" else ids
    with torch.no_grad():
        return forward.logits(model, base.family, ids, torch.ones_like(ids), labels)
