"""The library's texts: what is known of an adapter, and what became of its exports. Knows no widget."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from engine.api import (
    METHODS,
    Adapter,
    AdapterMetadata,
    Change,
    Unreadable,
    describe,
    exports,
    prompts,
    verification_lines,
)
from gui.forms.value_text import value_text
from gui.look.format import bytes_text, compact, duration_text, number_text, plain
from gui.look.language import ENGLISH, mark, sentences, spoken, tr, tr_count, translate
from gui.models.list_text import base_text, grouped_digits, when_text

Fact = tuple[str, str]
MAX_TARGETS = 4
MAX_EXPORTS = 6
# Limits against imported metadata with many or long changes.
MAX_CHANGES = 6
MAX_CHARACTERS = 300


def subtitle(adapters: Sequence[Adapter]) -> str:
    """Return how many adapters the library has, for how many base models."""
    if not adapters:
        return tr("Your adapters are saved here")
    bases = {adapter.metadata.base_model.id for adapter in adapters}
    return tr(
        "{adapters} for {base_models}",
        adapters=tr_count(len(adapters), "{n} adapter", "{n} adapters"),
        base_models=tr_count(len(bases), "{n} base model", "{n} base models"),
    )


def size_text(
    every: Sequence[Adapter], listed: Sequence[Adapter], chosen: Sequence[Adapter], size_bytes: int
) -> str:
    """Return the size of the library, or what of it is selected or listed."""
    if not every:
        return ""
    if len(chosen) > 1:
        size = bytes_text(sum(adapter.size_bytes for adapter in chosen))
        return tr("{count} selected, {size}", count=number_text(len(chosen)), size=size)
    if len(listed) < len(every):
        size = bytes_text(sum(adapter.size_bytes for adapter in listed))
        return tr(
            "{count} of {total}, {size}",
            count=number_text(len(listed)),
            total=number_text(len(every)),
            size=size,
        )
    return tr("{size} on disk", size=bytes_text(size_bytes))


def unreadable_text(unreadable: Sequence[Unreadable]) -> str:
    """Return which folder in the library is no adapter, and why."""
    reason, more = translate(unreadable[0].reason).rstrip("."), len(unreadable) - 1
    if not more:
        return tr("Skipped, not an adapter: {reason}.", reason=reason)
    return tr_count(
        more,
        "Skipped, not an adapter: {reason} and {n} more.",
        "Skipped, not an adapter: {reason} and {n} more.",
        reason=reason,
    )


def made_from(metadata: AdapterMetadata) -> list[Fact]:
    """Return the origin of an adapter."""
    base, data, training = metadata.base_model, metadata.data, metadata.training
    return [
        (tr("Base model"), base_text(base.id)),
        (tr("Revision"), base.revision if base.revision not in {"", "main"} else ""),
        (tr("Precision"), _precision(metadata)),
        (tr("Data"), data.source),
        (tr("Data fingerprint"), grouped_digits(data.fingerprint[:12])),
        (tr("Data licence"), data.licence),
        (tr("Trained on"), _trained_on(metadata)),
        (tr("Continued from"), training.start_from),
        (tr("Run"), training.run),
        (tr("From the hub"), _repository(metadata)),
    ]


def _repository(metadata: AdapterMetadata) -> str:
    return f"{metadata.hub.id}, {metadata.hub.revision[:12]}" if metadata.hub else ""


def past_exports(metadata: AdapterMetadata) -> list[str]:
    """Return what each of the last exports was when it was scored again, the last one first."""
    return [
        _cut(f"{export_title(each.to, each.precision)}. {export_verdict(each.verified.model_dump())}")
        for each in reversed(metadata.exports[-MAX_EXPORTS:])
    ]


def _trained_on(metadata: AdapterMetadata) -> str:
    data = metadata.data
    parts = [tr_count(data.train, "{n} example", "{n} examples")] if data.train else []
    if data.excluded:
        parts.append(tr("{count} excluded", count=number_text(data.excluded)))
    if data.masked:
        parts.append(
            tr_count(
                data.masked, "personal data masked in {n} passage", "personal data masked in {n} passages"
            )
        )
    return ", ".join(parts)


def _precision(metadata: AdapterMetadata) -> str:
    base = metadata.base_model
    return (
        base.precision
        if base.quantization == "none"
        else f"{base.precision}, {base.quantization.upper()}".strip(", ")
    )


def method_facts(metadata: AdapterMetadata) -> list[Fact]:
    """Return how an adapter was trained."""
    return [(method_title(metadata), settings_text(metadata)), *_training_facts(metadata)]


def method_title(metadata: AdapterMetadata) -> str:
    """Return the name of an adapter's method."""
    return translate(metadata.method.title or metadata.method.id)


def settings_text(metadata: AdapterMetadata) -> str:
    """Return the options that matter most: "rank 32, alpha 32, dropout 0.05"."""
    shown = _options(metadata.method.id, metadata.method.options)
    return shown or (tr("as imported") if not metadata.training.run else "")


def _training_facts(metadata: AdapterMetadata) -> list[Fact]:
    method, training = metadata.method, metadata.training
    return [
        (tr("Applied to"), _applied_to(metadata)),
        (tr("Trainable"), _trainable(metadata)),
        (tr("Prompt"), _prompt(metadata)),
        (
            tr("Examples in the prompt"),
            number_text(len(metadata.prompt.shots)) if metadata.prompt and metadata.prompt.shots else "",
        ),
        (tr("Learning rate"), plain(method.learning_rate) if method.learning_rate else ""),
        (tr("Saved step"), _saved_step(metadata)),
        (tr("Peak memory"), bytes_text(training.peak_memory_bytes) if training.peak_memory_bytes else ""),
        (tr("Seed"), str(training.seed) if training.run else ""),
        (tr("Library versions"), _made_with(metadata.versions)),
    ]


def compared_facts(adapter: Adapter) -> dict[str, list[Fact]]:
    """Return all facts by section, with the method as a fact, so that adapters of several methods stand in line."""
    metadata = adapter.metadata
    method = [(tr("Method"), method_title(metadata)), (tr("Settings"), settings_text(metadata))]
    own = [
        (tr("Size"), bytes_text(adapter.size_bytes)),
        (tr("Created"), when_text(metadata.made, datetime.now(UTC))),
        (tr("Imported"), when_text(metadata.imported, datetime.now(UTC)) if metadata.imported else ""),
        (tr("Training time"), duration_text(seconds) if (seconds := metadata.training.seconds) else ""),
        (tr("Exports"), " ".join(past_exports(metadata))),
        (tr("Tags"), ", ".join(metadata.tags)),
        (tr("Notes"), " ".join(metadata.notes.split())),
    ]
    return {
        tr("Origin"): made_from(metadata),
        tr("Method"): [*method, *_training_facts(metadata)],
        tr("Adapter"): own,
    }


def changes(metadata: AdapterMetadata) -> list[str]:
    """Return the changes during training as sentences; of very many, the last ones."""
    given = metadata.training.changes
    hidden = len(given) - MAX_CHANGES
    lines = [tr_count(hidden, "{n} earlier change", "{n} earlier changes")] if hidden > 0 else []
    for each in given[-MAX_CHANGES:]:
        # Not validated: imported metadata is shown literally.
        made = Change.model_construct(**{name: getattr(each, name) for name in Change.model_fields})
        lines.append(_cut(translate(made.as_text())))
    return lines


def _cut(text: str) -> str:
    return text if len(text) <= MAX_CHARACTERS else f"{text[:MAX_CHARACTERS]}…"


def _options(method_id: str, options: dict[str, Any]) -> str:
    entry = next((each for each in METHODS if each.id == method_id), None)
    titles = {info.name: _title(info.title) for info in describe(entry.options)} if entry else {}
    shown = []
    for name, value in options.items():
        if name == "target_modules":
            continue
        title = titles.get(name, name)
        if isinstance(value, bool):
            shown += [title] if value else []
        elif isinstance(value, int | float):
            shown.append(f"{title} {plain(value)}")
        elif isinstance(value, str):
            shown.append(f"{title} {value_text(value)}")
    return ", ".join(shown)


def _title(title: str) -> str:
    """Return a setting's title within a line, in lower case in English."""
    return title.lower() if spoken() == ENGLISH else translate(title)


def _applied_to(metadata: AdapterMetadata) -> str:
    targets = metadata.method.targets
    if not targets:
        return ""
    names = ", ".join(targets[:MAX_TARGETS]) + ("…" if len(targets) > MAX_TARGETS else "")
    matrices = metadata.method.matrices
    if not matrices:
        return names
    return tr_count(matrices, "{names} in {n} matrix", "{names} in {n} matrices", names=names)


def _trainable(metadata: AdapterMetadata) -> str:
    training = metadata.training
    if not training.trainable_parameters:
        return ""
    trainable, total = number_text(training.trainable_parameters), compact(training.all_parameters)
    return tr("{trainable} of {total}", trainable=trainable, total=total)


def _prompt(metadata: AdapterMetadata) -> str:
    """Return the name of the adapter's prompt template; the prompt itself if it has no name."""
    if metadata.prompt is None:
        return ""
    named = prompts.named(metadata.prompt.template)
    if named is None:
        return " ".join(metadata.prompt.template.split())
    return translate(named.name) if named.built_in else named.name


def _saved_step(metadata: AdapterMetadata) -> str:
    training = metadata.training
    if not training.step:
        return ""
    step = number_text(training.step)
    if training.total_steps:
        step = tr("{step} of {total}", step=step, total=number_text(training.total_steps))
    return f"{step}, {tr('stopped early')}" if training.stopped else step


def _made_with(versions: dict[str, str]) -> str:
    wanted = (("tunesmith", "Tunesmith"), ("peft", "peft"))
    return ", ".join(f"{title} {versions[name]}" for name, title in wanted if name in versions)


# Entries of the menu by kind and number format of an export.
EXPORTS = {
    ("merged", ""): mark("As a plain model"),
    ("ctranslate2", "float32"): mark("For CTranslate2"),
    ("ctranslate2", "int8"): mark("For CTranslate2, in 8 bits"),
    ("gguf", "int8"): mark("For llama.cpp and LM Studio, in 8 bits"),
    ("gguf", "q4_K_M"): mark("For llama.cpp and LM Studio, in 4 bits"),
    ("ollama", "int8"): mark("For Ollama, in 8 bits"),
    ("ollama", "q4_K_M"): mark("For Ollama, in 4 bits"),
}
# Made by llama.cpp's own program, where that is on the computer.
QUANTIZED = "q4_K_M"
# By llama.cpp's converter, which needs more than most encoder-decoder models have.
BY_CONVERTER = ("gguf", "ollama")
EXPORT_TITLES = {
    "merged": mark("Plain model"),
    "ctranslate2": "CTranslate2",
    "gguf": mark("llama.cpp"),
    "ollama": mark("Ollama"),
}


def export_menu_entries(family: str) -> Iterator[tuple[str, str, str]]:
    """Yield kind, number format and the menu's text of what a model of a family can be exported as here."""
    for (to, precision), name in EXPORTS.items():
        by_converter = to in BY_CONVERTER
        if by_converter and family == "encoder-decoder":
            continue
        if precision == QUANTIZED and not exports.has_quantizer():
            continue
        fetches = by_converter and not exports.has_converter()
        text = tr("{name} (downloads 77 MB once)…", name=tr(name)) if fetches else f"{tr(name)}…"
        yield to, precision, text


def export_verdict(verified: Mapping[str, Any]) -> str:
    """Return what a verification found: "Same: ROUGE-1 +0.1 (−0.4 to +0.6), 97 of 100 summaries identical."."""
    return sentences(*verification_lines(verified))


def ollama_text(result: Mapping[str, Any]) -> str:
    """Return what became of an export in the program that it is for, "" if it is for none."""
    if result.get("model"):
        return tr("Ollama has it: ollama run {name}", name=result["model"])
    command = result.get("command", "")
    problem = translate(result.get("problem", ""))
    return f"{problem} {tr('To add it to Ollama: {command}', command=command) if command else ''}".strip()


def script_contents(conversations: int) -> str:
    """Return what else is in the folder of a script that trains an adapter again."""
    return tr_count(
        conversations,
        "Contains {n} training conversation; share it only with people allowed to read it.",
        "Contains {n} training conversations; share it only with people allowed to read them.",
    )


def export_title(to: str, precision: str) -> str:
    """Return the name of a kind of export with its number format: "CTranslate2, int8"."""
    name = tr(EXPORT_TITLES.get(to, to))
    return f"{name}, {precision}" if precision else name
