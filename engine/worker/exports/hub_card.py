"""The card of an adapter on the Hugging Face Hub, or of a plain model: what it is, its use, scores and licences.

The scores are also in the card's own metadata, as the hub reads them. Names no folder of this computer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from huggingface_hub import CardData, EvalResult, ModelCard, ModelCardData

from engine.adapters import licence_terms
from engine.adapters.library import Adapter
from engine.adapters.metadata import AdapterMetadata, ExportFacts, PromptFacts, ScoreCard
from engine.config import model_info
from engine.config.hub_sources import is_on_hub
from engine.config.prompts import question, rendered, split_cue
from engine.config.recipe import SAMPLE, STARTER, local_folder, looks_like_path
from engine.messages import counted
from engine.scoring import score_text
from engine.scoring.metrics import HEADLINE_TITLES
from engine.system.script_templates import Code, markdown_template, python_template
from engine.text.escaping import in_one_line
from engine.worker.dataset.prompter import PLACE
from engine.worker.hub import repository, repository_card
from engine.worker.hub.upload import MARK

CONFIDENCE = 0.95
SAMPLE_LICENCE = "apache-2.0"
MODELS = {"encoder-decoder": Code("AutoModelForSeq2SeqLM"), "decoder-only": Code("AutoModelForCausalLM")}
PRACTICE_MODEL = "the practice model of Tunesmith"
CARD, SCRIPT = "hub/card.md.jinja", "hub/summarize.py.jinja"


@dataclass(frozen=True)
class Licences:
    """The licences of base model and data, "" where they are not known."""

    base: str
    data: str

    @classmethod
    def of(cls, adapter: Adapter) -> Licences:
        """Return those of an adapter.

        The base model's is that of its card on this computer or of the catalogue, the data's as its check found it;
        that of the sample is the project's.
        """
        base, data = adapter.metadata.base_model, adapter.metadata.data
        of_data = data.licence or (SAMPLE_LICENCE if data.source == SAMPLE else "")
        if not base.id:
            return cls("", of_data)
        if base.id == STARTER or looks_like_path(base.id):
            folder = local_folder(base.id)
            return cls(repository_card.licence(folder) if folder else "", of_data)
        cached = repository.cached_folder(base.id, base.revision or "main")
        known = model_info.in_catalogue(base.id)
        listed = known.licence if known else ""
        return cls((repository_card.licence(cached) if cached else "") or listed, of_data)


def hub_id(name: str) -> str:
    """Return a base model or data set by its name on the hub, "" if it has none there."""
    known = model_info.in_catalogue(name) is not None
    return name if known or (name.count("/") == 1 and is_on_hub(name)) else ""


def licence_lines(metadata: AdapterMetadata, licences: Licences) -> list[str]:
    """Return what follows from the licences of base model and data, a line each."""
    return [
        licence_terms.of_base_model(metadata.base_model.id, licences.base),
        licence_terms.of_data(licences.data),
    ]


def card(
    metadata: AdapterMetadata, repo_id: str, licences: Licences, mark: str, export: ExportFacts | None = None
) -> ModelCard:
    """Return the card of an adapter whose metadata holds public names; `mark` tells its repository again.

    With `export` it is the card of the plain model that the adapter was merged into. Without a `repo_id` it is for who
    has the files.
    """
    kind, made = "An adapter", "for"
    if export is not None:
        kind, made = "A plain model", "merged into"
    base = metadata.base_model.id
    base = (
        PRACTICE_MODEL if base == STARTER else f"the base model {base}" if base else "an unknown base model"
    )
    method = " ".join(filter(None, (metadata.method.title or metadata.method.id, metadata.method.summary)))
    shown = len(metadata.prompt.shots) if metadata.prompt else 0
    text = markdown_template(CARD).render(
        name=metadata.name,
        description=f"{kind} that summarises conversations: {method} {made} {base}, trained with Tunesmith.",
        **(_usage(metadata, repo_id) if export is None else _usage_of_model(metadata, repo_id, export)),
        rows=_training_rows(metadata),
        conversations=f"The prompt shows {counted(shown, 'conversation')} of the data."
        if shown
        else "No conversation of the data is in these files.",
        **_scores(metadata.score_card),
        licences=licence_lines(metadata, licences),
    )
    facts = _facts(metadata, licences, mark, is_model=export is not None)
    # YAML's writers and readers disagree on what ends a line.
    plain = CardData(**_in_one_line(facts.to_dict()))  # type: ignore[no-untyped-call]
    return ModelCard(f"---\n{plain.to_yaml()}\n---\n\n{text}")


def _in_one_line(value: Any) -> Any:
    """Return facts with every text in them in one line."""
    if isinstance(value, dict):
        return {in_one_line(str(key)): _in_one_line(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_in_one_line(each) for each in value]
    return in_one_line(value) if isinstance(value, str) else value


def _facts(metadata: AdapterMetadata, licences: Licences, mark: str, *, is_model: bool) -> ModelCardData:
    base, data = hub_id(metadata.base_model.id), hub_id(metadata.data.source)
    more: dict[str, Any] = {MARK: mark} if mark else {}
    # The base model's licence where nothing of the data's goes beyond it.
    asked_of_data = licence_terms.terms(licences.data)
    is_free = asked_of_data in (licence_terms.FREE, licence_terms.NAMED)
    has_licence = is_free and licence_terms.terms(licences.base) is not None
    if base:
        more["base_model_relation"] = "merge" if is_model else "adapter"
    return ModelCardData(
        base_model=base or None,
        datasets=[data] if data else None,
        license=licence_terms.identifier(licences.base) if has_licence else None,
        library_name="transformers" if is_model else "peft",
        pipeline_tag="summarization",
        tags=["tunesmith", metadata.method.id],
        model_name=metadata.name,
        eval_results=_results(metadata) or None,
        **more,
    )


def _results(metadata: AdapterMetadata) -> list[EvalResult]:
    """Return the scores of adapter and base model as the hub's metadata holds them, with interval and protocol."""
    scored = metadata.score_card
    if scored is None:
        return []
    base, own = {**scored.base_measures, **scored.base}, {**scored.measures, **scored.scores}
    gains = {**scored.measure_difference, **scored.difference}
    return [
        result
        for name, title in HEADLINE_TITLES.items()
        if name in own and name in base
        for result in (
            _result(metadata, scored, name, title, own[name], {"of": "adapter", "gain": gains.get(name)}),
            _result(metadata, scored, name, f"{title} of the base model", base[name], {"of": "base model"}),
        )
    ]


def _result(
    metadata: AdapterMetadata,
    scored: ScoreCard,
    name: str,
    title: str,
    value: Mapping[str, float],
    more: Mapping[str, Any],
) -> EvalResult:
    source = metadata.data.source
    bounds = [round(100 * value[end], 2) for end in ("low", "high") if end in value]
    gain = more.get("gain")
    facts: dict[str, Any] = {"of": more["of"], "unit": "points of 100"}
    facts |= {"interval": bounds, "confidence": CONFIDENCE} if bounds else {}
    if gain:
        facts["gain_over_base"] = {
            name: round(100 * part, 2) if isinstance(part, float) else part
            for name, part in gain.items()
            if name in {"mean", "low", "high", "verdict"}
        }
    return EvalResult(
        task_type="summarization",
        task_name="Summarization of conversations",
        dataset_type=hub_id(source) or "private",
        dataset_name=source or "unknown",
        dataset_split=str(scored.protocol.get("split", "")) or None,
        # Imported protocols may hold dates.
        dataset_args=json.loads(json.dumps(scored.protocol, default=str)),
        metric_type=name.lower(),
        metric_name=title,
        metric_value=round(100 * value["mean"], 2),
        metric_args=facts,
    )


def _usage(metadata: AdapterMetadata, repo_id: str) -> dict[str, Any]:
    """Return how plain PEFT loads it and asks it, for an adapter that says how it is asked."""
    facts, base = metadata.prompt, metadata.base_model
    if facts is None or base.family not in MODELS:
        return {"code": "", "command": ""}
    is_local = not hub_id(base.id)
    code = python_template(SCRIPT).render(
        model_class=MODELS[base.family],
        base=f"path/to/{base.id}" if is_local else base.id,
        revision="" if is_local or base.revision == "main" else base.revision,
        repository=repo_id,
        limit=facts.max_conversation_tokens,
        continues=base.family == "decoder-only",
        beams=facts.beams,
        max_new_tokens=facts.max_new_tokens,
        **_asking(facts, base.family),
    )
    return {"code": code, "base_is_local": is_local, "command": ""}


def _usage_of_model(metadata: AdapterMetadata, repo_id: str, export: ExportFacts) -> dict[str, Any]:
    """Return how the model's own script is used, if it has a prompt, and what became of the summaries by merging."""
    folder = repo_id.rpartition("/")[2]
    download = f"hf download {repo_id} --local-dir {folder}\npython {folder}/" if repo_id else "python "
    command = f"{download}summarize.py CONVERSATION.txt" if metadata.prompt is not None else ""
    compared = (
        score_text.verification_lines(export.verified.model_dump()) if export.verified.conversations else []
    )
    return {"code": "", "command": command, "compared": compared}


def _asking(facts: PromptFacts, family: str) -> dict[str, Any]:
    """Return what stands around a conversation, and in a chat the turns before it."""
    shots = [(shot.conversation, shot.summary) for shot in facts.shots]
    if facts.format != "chat":
        text = "".join(part.text for part in rendered(facts.template, PLACE, shots))
        before, _, after = text.partition(PLACE)
        return {"chat": False, "before": before, "after": after}
    turn, cue = split_cue(facts.template) if family == "decoder-only" else (facts.template, "")

    def asked(conversation: str) -> str:
        return "".join(part.text for part in question(turn, conversation))

    before, _, after = asked(PLACE).partition(PLACE)
    turns = [
        {"role": role, "content": text}
        for conversation, summary in shots
        for role, text in (("user", asked(conversation)), ("assistant", f"{cue}{summary.strip()}"))
    ]
    return {"chat": True, "before": before, "after": after, "cue": cue, "turns": turns}


def _training_rows(metadata: AdapterMetadata) -> list[tuple[str, str]]:
    """Return what is known of data and training."""
    base, data, training, method = metadata.base_model, metadata.data, metadata.training, metadata.method
    split = f"{data.train:,} to train on, {data.validation:,} to validate on, {data.test:,} to test on"
    rows = {
        "Base model": PRACTICE_MODEL if base.id == STARTER else base.id,
        "Revision": base.revision if base.revision != "main" else "",
        "Quantization in training": base.quantization if base.quantization != "none" else "",
        "Data": data.source,
        "Fingerprint of the data": data.fingerprint,
        "Conversations": split if data.train else "",
        "Method": method.title or method.id,
        "Settings": ", ".join(f"{name} {value}" for name, value in method.options.items()),
        "Learning rate": f"{method.learning_rate:g}" if method.learning_rate else "",
        "Steps": f"{training.step:,}" if training.step else "",
        "Seed": str(training.seed) if training.step else "",
        "Trainable parameters": f"{training.trainable_parameters:,}" if training.trainable_parameters else "",
        "Versions": ", ".join(f"{name} {version}" for name, version in metadata.versions.items()),
    }
    return [(name, value) for name, value in rows.items() if value]


def _scores(scored: ScoreCard | None) -> dict[str, Any]:
    """Return the scores of base model and adapter, and what they say."""
    if scored is None:
        return {"scored": False}
    base, own = {**scored.base_measures, **scored.base}, {**scored.measures, **scored.scores}
    verdict = score_text.verdict(scored.difference["rouge1"], scored.protocol)
    return {
        "scored": True,
        "scores": score_text.headline_rows(base, own),
        "notes": [*(f"{note}." for note in score_text.language_notes(scored.protocol)), verdict],
    }
