"""What the guide offers and makes: its texts, the base models, and the recipe of its choices. Knows no widget."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.api import SAMPLE, STARTER, Family, Recipe, method, model_info, offline, plan_text, recipe
from gui.forms.recipe_tables import preset, with_other
from gui.inputs.choices import Card
from gui.look.format import about_text, bytes_text, number_text
from gui.look.language import mark, tr, tr_count, translate
from gui.models.list_text import base_text, data_text, language_text

# The steps by key: title, accessible name of the Change button, and the button that leads to it.
STEPS = {
    "device": (mark("Device"), mark("Change device"), mark("Continue")),
    "data": (mark("Data"), mark("Change data"), mark("Continue to the data")),
    "model": (mark("Base model"), mark("Change base model"), mark("Continue to the base model")),
    "method": (mark("Method"), mark("Change method"), mark("Continue to the method")),
    "run": (mark("Run"), mark("Change run"), mark("Continue to the run")),
}
START = mark("Start the run")
# Three different methods in a user's words, the usual one first.
METHODS = {
    "lora": mark("Small and quick, a safe choice"),
    "prefix_tuning": mark("The model stays unchanged; learns more slowly"),
    "full": mark("Changes everything; most memory, largest file"),
}
OWN, AUTO = "own", "auto"


def data_cards() -> tuple[Card, ...]:
    return (
        Card(SAMPLE, tr("The sample"), tr("Included with Tunesmith"), tr("No download")),
        Card(OWN, tr("Your own"), tr("Files, chats, the hub"), tr("Stays on this computer")),
    )


def method_cards() -> list[Card]:
    return [Card(name, translate(method(name).title), tr(line)) for name, line in METHODS.items()]


def model_cards(models: tuple[OfferedModel, ...]) -> list[Card]:
    return [
        Card(
            model.id,
            tr("starter (practice model)") if model.id == STARTER else base_text(model.id),
            tr("To see how it works; English only") if model.id == STARTER else _languages_text(model),
            tr("{size} to download", size=bytes_text(model.bytes)) if model.bytes else tr("No download"),
        )
        for model in models
    ]


def _languages_text(model: OfferedModel) -> str:
    count = max(model.language_count, len(model.languages))
    if count > len(model.languages) or count > 1:
        return tr_count(count, "{n} language", "{n} languages")
    return ", ".join(map(language_text, model.languages))


def source_text(source: str, plan: Mapping[str, Any]) -> str:
    """Return which conversations are chosen, with their numbers if a plan has them."""
    examples = plan.get("examples") or {}
    name = tr("The sample conversations") if source == SAMPLE else data_text(source)
    if not examples:
        return f"{name}."
    counts = ", ".join(map(translate, plan_text.examples(examples, ("train", "test"))))
    return tr("{name}: {counts}.", name=name, counts=counts)


def method_text(method_id: str, plan: Mapping[str, Any] | None) -> str:
    """Return a method in a user's words, with what it trains if that is planned."""
    text = f"{translate(method(method_id).title)}. {tr(METHODS[method_id])}."
    trained = (plan or {}).get("trainable_parameters")
    return f"{text} {tr('{number} trainable', number=number_text(trained))}." if trained else text


def cost_text(plan: Mapping[str, Any]) -> str:
    """Return the expected time of a run, or that it does not fit; "" if neither is known."""
    if plan.get("memory_suffices") is False:
        return tr("Needs too much memory")
    return about_text(plan["seconds"]) if plan.get("seconds") else ""


def run_text(model_id: str, source: str, method_id: str, device: str) -> str:
    """Return what learns from what: "starter (practice model) learns from the sample conversations …"."""
    model = tr("starter (practice model)") if model_id == STARTER else base_text(model_id)
    data = tr("the sample conversations") if source == SAMPLE else data_text(source)
    text = tr(
        "<b>{model}</b> learns from {data} with {method}.",
        model=model,
        data=data,
        method=translate(method(method_id).title),
    )
    return f"{text} {device}".strip()


def warnings_text(plan: Mapping[str, Any]) -> str:
    """Return why a plan lets expect little of a run, and what to do; "" for nothing."""
    found = [notice for notice in plan.get("notices") or () if notice.get("level") == "warning"]
    return " ".join(
        f"<b>{translate(each['message'])}</b> {translate(each['hint'])}".strip() for each in found
    )


def device_text(found: Mapping[str, Any], chosen: Mapping[str, Any]) -> str:
    """Return a device with its free memory and number format."""
    name, precision = translate(chosen["name"]), found["precision"]
    if "free_bytes" not in chosen:
        return tr("{name}, in {precision}.", name=name, precision=precision)
    size = bytes_text(chosen["free_bytes"])
    return tr("{name} with {size} of memory free, in {precision}.", name=name, size=size, precision=precision)


def device_cards(found: Mapping[str, Any], chosen: Mapping[str, Any]) -> list[Card]:
    """Return the cards of the devices, the best one first."""
    best = Card(AUTO, translate(chosen["name"]), tr("Best device available"), _room(chosen))
    others = [each for each in found["devices"] if each != chosen]
    return [best, *(Card(each["id"], translate(each["name"]), each["id"], _room(each)) for each in others)]


def _room(device: Mapping[str, Any]) -> str:
    return tr("{size} free", size=bytes_text(device["free_bytes"])) if "free_bytes" in device else ""


@dataclass(frozen=True)
class OfferedModel:
    """A base model that the guide offers; `bytes` are to be downloaded, 0 for one on this computer."""

    id: str
    family: Family
    bytes: int = 0
    languages: tuple[str, ...] = ()
    language_count: int = 0


STARTER_MODEL = OfferedModel(STARTER, "encoder-decoder", languages=("en",))


def offered_models(
    here: Iterable[Mapping[str, Any]], language: str, chosen: OfferedModel
) -> tuple[OfferedModel, ...]:
    """Return the models to choose from: the starter, others that are here, and small ones that know the language.

    The chosen one stays among them. Offline, nothing is offered that would be downloaded.
    """
    local = [OfferedModel(str(each["id"]), each["family"]) for each in here if each["family"]]
    found = [STARTER_MODEL, *local, *([] if offline() else _suggested(language))]
    first = [*{model.id: model for model in reversed(found)}.values()][::-1][:3]
    if chosen.id not in {model.id for model in first}:
        first[-1] = chosen
    return tuple(first)


def _suggested(language: str) -> list[OfferedModel]:
    """Return the smallest encoder-decoder and the smallest chat model that know a language."""
    speaking = [model for model in model_info.catalogue() if language in model.languages and not model.gated]
    readers = [model for model in speaking if model.family == "encoder-decoder"]
    chats = [model for model in speaking if model.chat]
    return [
        OfferedModel(model.id, model.family, model.download_bytes, model.languages, model.language_count)
        for model in (*readers[:1], *chats[:1])
    ]


def guide_recipe(starter: Recipe, model: OfferedModel, source: str, method_id: str, device: str) -> Recipe:
    """Return the starter's recipe with other choices, each with its own defaults. Raises RecipeError."""
    tables = starter.as_tables()
    if source != SAMPLE:
        # The starter's recipe is for its sample: lengths, and a run that fits two minutes.
        tables = with_other(tables, "data", {}) | {"data": {"source": source}, "evaluation": {}}
    training = tables["training"] | {"device": device}
    if (model.id, method_id) != (STARTER, starter.method.id):
        tables["method"] = preset(method_id, model.family)
        training.pop("learning_rate", None)
    tables["base_model"] = tables["base_model"] | {"id": model.id}
    return recipe.from_tables(tables | {"name": "", "training": training})
