"""Facts by which one judges before Start whether a run can show anything, and what speaks against it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from engine.config.automatic import FEW_STEPS
from engine.config.model_info import CatalogueModel
from engine.config.recipe import Recipe
from engine.config.training import TrainingOptions
from engine.messages import counted, say
from engine.scoring.metrics import MIN_EXAMPLES
from engine.scoring.score_text import too_few_to_test
from engine.text import languages
from engine.worker.dataset.dataset import Splits
from engine.worker.dataset.prompting import scored_part, training_part
from engine.worker.dataset.token_counter import TokenLengths
from engine.worker.hub import repository_card
from engine.worker.validation import language_id

Facts = dict[str, Any]
Doubt: TypeAlias = tuple[str, str] | None
"""Message and hint of what speaks against a run, None where nothing does."""
# Enough to know what most conversations are written in.
SAMPLE = 60
# A few long ones are in every data set; more of them change what is learned or scored.
MANY = 0.1


def language_of(splits: Splits) -> str:
    """Return the ISO 639 code of the language of most conversations, "" if it is unknown."""
    examples = splits.train or splits.test
    looked_at = examples[:: max(1, len(examples) // SAMPLE)][:SAMPLE]
    found = (languages.standard(language_id.guess(example.conversation)) for example in looked_at)
    counts = Counter(filter(None, found))
    return counts.most_common(1)[0][0] if counts else ""


def of_base(folder: Path | None, listed: CatalogueModel | None) -> Facts:
    """Return the languages that a base model is made for, by the catalogue or its card; () where they are not known."""
    if listed is not None:
        return {"base_languages": listed.languages if listed.language_count <= len(listed.languages) else ()}
    return {"base_languages": repository_card.language_codes(folder) if folder is not None else ()}


def of_lengths(recipe: Recipe, lengths: TokenLengths, around: int) -> Facts:
    """Return how long summaries are against the limits of a recipe that has them.

    `around` is the number of tokens that a summary has beside those of its text. `read` and `learned` are conversations
    and summaries of the training examples, `written` the references of the scored conversations; each has the longest,
    the limit, and how many of how many are longer.
    """
    learned = training_part(recipe, lengths.summaries)
    return {
        "learned": _against(learned, around, recipe.data.max_summary_tokens),
        "written": _against(scored_part(recipe, lengths.summaries), around, recipe.evaluation.max_new_tokens),
        "read": _against(
            training_part(recipe, lengths.conversations), 0, recipe.data.max_conversation_tokens
        ),
    }


def _against(lengths: Sequence[int], around: int, limit: int) -> Facts:
    return {
        "longest": max(lengths, default=0) + around,
        "limit": limit,
        "over": sum(length + around > limit for length in lengths),
        "of": len(lengths),
    }


def doubts(recipe: Recipe, readiness: Mapping[str, Any], steps: int) -> list[dict[str, str]]:
    """Return what speaks against a run, as notices, the heaviest last.

    `readiness` has the facts that are known; of unknown `steps` there are 0.
    """
    found = [
        _cut("read", readiness),
        _cut("learned", readiness) if recipe.method.method.trains else None,
        _cut("written", readiness),
        _other_language(readiness),
        _no_verdict(recipe, readiness),
    ]
    notices = [{"message": each[0], "hint": each[1], "level": "warning"} for each in found if each]
    if short := too_short(recipe.training, steps):
        notices.append(
            {"message": short[0], "hint": short[1], "level": "warning", "field": "training.epochs"}
        )
    return notices


def too_short(training: TrainingOptions, steps: int) -> Doubt:
    """Return why a run of so many steps hardly learns."""
    if not 0 < steps < FEW_STEPS:
        return None
    message = say("With {} a run learns little.", counted(steps, "step"))
    if steps == training.max_steps:
        return message, "Raise the step limit (training.max_steps), or set it to 0."
    return message, "Leave the epochs automatic (training.epochs = 0)."


def _no_verdict(recipe: Recipe, readiness: Mapping[str, Any]) -> Doubt:
    message = too_few_to_test(readiness.get("scored", MIN_EXAMPLES))
    if not message:
        return None
    if 0 < recipe.evaluation.examples < MIN_EXAMPLES:
        return message, "Score more examples (evaluation.examples)."
    if recipe.evaluation.split == "test" and 0 < recipe.data.max_test < MIN_EXAMPLES:
        return message, "Raise the test limit (data.max_test)."
    return message, "Add conversations with summaries."


def _other_language(readiness: Mapping[str, Any]) -> Doubt:
    language, known = readiness.get("language", ""), readiness.get("base_languages", ())
    if not language or not known or language in known:
        return None
    named = ", ".join(map(languages.name, known))
    message = say("The conversations are in {}; the base model is for {}.", languages.name(language), named)
    return message, "A base model for the language learns better."


def _cut(name: str, readiness: Mapping[str, Any]) -> Doubt:
    """Return how many texts are longer than their limit, if that is more than a few."""
    facts = readiness.get(name)
    if facts is None or facts["over"] <= MANY * facts["of"]:
        return None
    over, total, limit = facts["over"], facts["of"], facts["limit"]
    match name:
        case "read":
            message = say("Cut at {:,} tokens: {:,} of {:,} conversations.", limit, over, total)
            hint = "Raise the conversation limit (data.max_conversation_tokens)."
        case "learned":
            message = say("Cut at {:,} tokens: {:,} of {:,} references.", limit, over, total)
            hint = "Leave the reference limit automatic (data.max_summary_tokens)."
        case _:
            message = say("Over the output limit of {:,}: {:,} of {:,} references.", limit, over, total)
            hint = "Leave the maximum length automatic (evaluation.max_new_tokens)."
    return message, hint
