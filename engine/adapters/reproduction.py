"""Whether a script with transformers and PEFT alone can train an adapter again.

Asks the registry and the adapter's own recipe. Knows nothing of the script.
"""

from __future__ import annotations

from engine.adapters.library import Adapter
from engine.config.recipe import Recipe
from engine.errors import AdapterError, RecipeError
from engine.methods import BaseFacts

# Changes of a run on its way that leave what is computed as it is.
HARMLESS_CHANGES = {"training.micro_batch_tokens", "training.activation_checkpointing"}


def refuse_irreproducible(adapter: Adapter) -> Recipe:
    """Return the adapter's recipe. Raises AdapterError for an adapter that no script can train again."""
    why = obstacle(adapter)
    recipe = None if why else adapter.recipe()
    if recipe is None:
        raise AdapterError(f"No script can train {adapter.name} again: {why}.", "Export it as peft instead.")
    return recipe


def obstacle(adapter: Adapter) -> str:
    """Return why no script can train an adapter again, "" if one can."""
    if adapter.is_prompt:
        return "it is a prompt alone, and nothing was trained"
    try:
        recipe = adapter.recipe()
    except RecipeError:
        return "its recipe can't be read"
    if recipe is None or not adapter.metadata.training.step:
        return "it does not say how it was trained"
    return _of_run(adapter, recipe) or _of_method(adapter, recipe)


def _of_run(adapter: Adapter, recipe: Recipe) -> str:
    if recipe.method.start_from:
        return "its training went on from another adapter"
    if any(change.step > 0 and change.field not in HARMLESS_CHANGES for change in recipe.changes):
        return "its settings were changed while it was trained"
    if adapter.metadata.base_model.precision == "float16":
        return "it was computed in float16, which needs scaled gradients"
    return ""


def _of_method(adapter: Adapter, recipe: Recipe) -> str:
    facts = adapter.metadata.base_model
    base = BaseFacts(quantization=recipe.base_model.quantization, precision=facts.precision)
    return recipe.method.method.beyond_peft(recipe.method.options, base)
