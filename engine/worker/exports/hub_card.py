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
from engine.scoring import score_text
from engine.scoring.metrics import HEADLINE_TITLES
from engine.system.script_templates import Code, python_template
from engine.text.escaping import in_one_line, markdown
from engine.worker.dataset.prompter import PLACE
from engine.worker.hub import repository, repository_card
from engine.worker.hub.upload import MARK

CONFIDENCE = 0.95
SAMPLE_LICENCE = "apache-2.0"
MODELS = {"encoder-decoder": Code("AutoModelForSeq2SeqLM"), "decoder-only": Code("AutoModelForCausalLM")}
PRACTICE_MODEL = "the practice model of Tunesmith"
SCRIPT = "hub/summarize.py.jinja"


@dataclass(frozen=True)
class Licences:
    """The licences of base model and data, "" where they are not known."""

    base: str
    data: str

    @classmethod
    def of(cls, adapter: Adapter) -> Licences:
        """Return those of an adapter, the data's as its check found it; that of the sample is the project's."""
        facts = adapter.metadata.data
        return cls(
            _base_licence(adapter), facts.licence or (SAMPLE_LICENCE if facts.source == SAMPLE else "")
        )


def _base_licence(adapter: Adapter) -> str:
    """Return the base model's licence by its card on this computer or by the catalogue, "" if neither says it."""
    made_for = adapter.metadata.base_model
    if not made_for.id:
        return ""
    if made_for.id == STARTER or looks_like_path(made_for.id):
        folder = local_folder(made_for.id)
        return repository_card.licence(folder) if folder else ""
    cached = repository.cached_folder(made_for.id, made_for.revision or "main")
    known = model_info.in_catalogue(made_for.id)
    return (repository_card.licence(cached) if cached else "") or (known.licence if known else "")


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
    what = (
        "A plain model that summarises conversations"
        if export
        else "An adapter that summarises conversations"
    )
    made = "merged into" if export else "for"
    usage = _usage(metadata, repo_id) if export is None else _usage_of_model(metadata, repo_id, export)
    lines = [
        f"# {markdown(metadata.name)}",
        "",
        markdown(f"{what}: {_method(metadata)} {made} {_base(metadata)}, trained with Tunesmith."),
        "",
        *usage,
        *_training(metadata),
        *_scores(metadata.score_card),
        "## Licences",
        "",
        *(f"- {markdown(line)}" for line in licence_lines(metadata, licences)),
        "",
    ]
    facts = _facts(metadata, licences, mark, is_model=export is not None)
    # YAML's writers and readers disagree on what ends a line.
    plain = CardData(**_in_one_line(facts.to_dict()))  # type: ignore[no-untyped-call]
    return ModelCard(f"---\n{plain.to_yaml()}\n---\n\n" + "\n".join(lines))


def _in_one_line(value: Any) -> Any:
    """Return facts with every text in them in one line."""
    if isinstance(value, dict):
        return {in_one_line(str(key)): _in_one_line(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_in_one_line(each) for each in value]
    return in_one_line(value) if isinstance(value, str) else value


def _base(metadata: AdapterMetadata) -> str:
    name = metadata.base_model.id
    return (
        PRACTICE_MODEL if name == STARTER else f"the base model {name}" if name else "an unknown base model"
    )


def _method(metadata: AdapterMetadata) -> str:
    return " ".join(filter(None, (metadata.method.title or metadata.method.id, metadata.method.summary)))


def _facts(metadata: AdapterMetadata, licences: Licences, mark: str, *, is_model: bool) -> ModelCardData:
    base, data = hub_id(metadata.base_model.id), hub_id(metadata.data.source)
    more: dict[str, Any] = {MARK: mark} if mark else {}
    if base:
        more["base_model_relation"] = "merge" if is_model else "adapter"
    return ModelCardData(
        base_model=base or None,
        datasets=[data] if data else None,
        license=_own_licence(licences),
        library_name="transformers" if is_model else "peft",
        pipeline_tag="summarization",
        tags=["tunesmith", metadata.method.id],
        model_name=metadata.name,
        eval_results=_results(metadata) or None,
        **more,
    )


def _own_licence(licences: Licences) -> str | None:
    """Return the base model's licence where nothing of the data's goes beyond it, None if that can't be told."""
    asked_of_data = licence_terms.terms(licences.data)
    if licence_terms.terms(licences.base) is None or asked_of_data not in (
        licence_terms.FREE,
        licence_terms.NAMED,
    ):
        return None
    return licence_terms.identifier(licences.base)


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
    facts = {"of": more["of"], "unit": "points of 100"}
    facts |= {"interval": bounds, "confidence": CONFIDENCE} if bounds else {}
    facts |= {"gain_over_base": _points(gain)} if gain else {}
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


def _points(gain: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: round(100 * part, 2) if isinstance(part, float) else part
        for name, part in gain.items()
        if name in {"mean", "low", "high", "verdict"}
    }


def _usage(metadata: AdapterMetadata, repo_id: str) -> list[str]:
    """Return how plain PEFT loads it and asks it, for an adapter that says how it is asked."""
    facts, family = metadata.prompt, metadata.base_model.family
    if facts is None or family not in MODELS:
        return []
    base = metadata.base_model
    here = not hub_id(base.id)
    code = python_template(SCRIPT).render(
        model_class=MODELS[family],
        base=f"path/to/{base.id}" if here else base.id,
        revision="" if here or base.revision == "main" else base.revision,
        repository=repo_id,
        limit=facts.max_conversation_tokens,
        continues=family == "decoder-only",
        beams=facts.beams,
        max_new_tokens=facts.max_new_tokens,
        **_asking(facts, family),
    )
    return [
        "## How to use it",
        "",
        *(["The base model is not on the hub: give the folder where you have it.", ""] if here else []),
        f"```python\n{code}```",
        "",
    ]


def _usage_of_model(metadata: AdapterMetadata, repo_id: str, export: ExportFacts) -> list[str]:
    """Return how the model's own script is used, if it has a prompt, and what became of the summaries by merging."""
    if metadata.prompt is None:
        return []
    folder = repo_id.rpartition("/")[2]
    download = f"hf download {repo_id} --local-dir {folder}\npython {folder}/" if repo_id else "python "
    compared = (
        score_text.verification_lines(export.verified.model_dump()) if export.verified.conversations else []
    )
    return [
        "## How to use it",
        "",
        "It needs torch and transformers alone:",
        "",
        f"```sh\n{download}summarize.py CONVERSATION.txt\n```",
        "",
        *(markdown(f"Compared with the adapter before it was merged: {line}") for line in compared),
        *([""] if compared else []),
    ]


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


def _training(metadata: AdapterMetadata) -> list[str]:
    data, training, method = metadata.data, metadata.training, metadata.method
    base = metadata.base_model
    options = ", ".join(f"{name} {value}" for name, value in method.options.items())
    rows = {
        "Base model": PRACTICE_MODEL if base.id == STARTER else base.id,
        "Revision": base.revision if base.revision != "main" else "",
        "Quantization in training": base.quantization if base.quantization != "none" else "",
        "Data": data.source,
        "Fingerprint of the data": data.fingerprint,
        "Conversations": f"{data.train:,} to train on, {data.validation:,} to validate on, {data.test:,} to test on",
        "Method": method.title or method.id,
        "Settings": options,
        "Learning rate": f"{method.learning_rate:g}" if method.learning_rate else "",
        "Steps": f"{training.step:,}" if training.step else "",
        "Seed": str(training.seed) if training.step else "",
        "Trainable parameters": f"{training.trainable_parameters:,}" if training.trainable_parameters else "",
        "Versions": ", ".join(f"{name} {version}" for name, version in metadata.versions.items()),
    }
    if not data.train:
        del rows["Conversations"]
    shown = len(metadata.prompt.shots) if metadata.prompt else 0
    holds = (
        f"The prompt shows {score_text.counted(shown, 'conversation')} of the data."
        if shown
        else "No conversation of the data is in these files."
    )
    table = [f"| {name} | {markdown(value)} |" for name, value in rows.items() if value]
    return ["## Data and training", "", "| | |", "|---|---|", *table, "", holds, ""]


def _scores(scored: ScoreCard | None) -> list[str]:
    if scored is None:
        return ["## Scores", "", "It was not scored.", ""]
    base, own = {**scored.base_measures, **scored.base}, {**scored.measures, **scored.scores}
    rows = [
        f"| {title} | {score_text.interval(base[name])} | {score_text.interval(own[name])} |"
        for name, title in HEADLINE_TITLES.items()
        if name in own and name in base
    ]
    return [
        "## Scores",
        "",
        "Means in points of 100, with 95 % intervals. The whole protocol is in this card's metadata.",
        "",
        "| Score | Base model | Adapter |",
        "|---|---|---|",
        *rows,
        "",
        *(markdown(f"{note}.") for note in score_text.language_notes(scored.protocol)),
        markdown(score_text.verdict(scored.difference["rouge1"], scored.protocol)),
        "",
    ]
