"""An adapter's metadata, the file `adapter.toml`: origin, settings, data, scores and checksums.

Owns the file's format. Knows nothing of the weights.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from contextlib import suppress
from datetime import UTC, datetime
from io import BufferedReader
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal, Self, cast

import tomlkit
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from engine.config import general_text, prompts
from engine.errors import AdapterError, first_line
from engine.messages import say
from engine.system import validators
from engine.system.files import write_atomically
from engine.system.foreign_files import FileKind, open_regular, read_toml
from engine.system.validators import SCORE, FolderName, Verdict

FILE_NAME = "adapter.toml"
RECIPE_NAME = "recipe.toml"
SCHEMA = 1
_USUAL = ("", "main", "none")

Scores = dict[str, dict[str, float]]
Count = Annotated[int, Field(ge=0, lt=validators.MAX_MAGNITUDE)]
# A finite number that can be shown.
Amount = Annotated[float, Field(gt=-validators.MAX_MAGNITUDE, lt=validators.MAX_MAGNITUDE)]
YEARS = range(1970, 9999)


class _Table(BaseModel):
    # Keys of later versions stay when this version rewrites the file.
    model_config = ConfigDict(extra="allow", allow_inf_nan=False)


class BaseModelFacts(_Table):
    """The base model that the adapter was trained on."""

    id: str
    revision: str = ""
    fingerprint: str = ""
    family: str = ""
    precision: str = ""
    quantization: str = "none"
    double_quantization: bool = True

    def as_table(self) -> dict[str, Any]:
        """Return the `[base_model]` table that loads it in the same form, without unknown and default values."""
        form = {"revision": self.revision, "precision": self.precision, "quantization": self.quantization}
        form = {name: value for name, value in form.items() if value not in _USUAL}
        once = self.quantization != "none" and not self.double_quantization
        return {"id": self.id, **form} | ({"double_quantization": False} if once else {})


class MethodFacts(_Table):
    """The method and its options."""

    id: str
    title: str = ""
    peft_type: str = ""
    summary: str = ""
    options: dict[str, Any] = Field(default_factory=dict)
    learning_rate: Amount = 0.0
    targets: list[str] = Field(default_factory=list)
    matrices: Count = 0


class DataFacts(_Table):
    """The data set: number of examples, `excluded` rows, and `masked` pieces of personal data."""

    source: str = ""
    fingerprint: str = ""
    licence: str = ""
    excluded: Count = 0
    masked: Count = 0
    train: Count = 0
    validation: Count = 0
    test: Count = 0


class ChangeFacts(_Table):
    """A value of the run's recipe that was changed after `step`."""

    step: int
    field: str
    before: bool | int | str
    after: bool | int | str
    at: str = ""


class TrainingFacts(_Table):
    """The run that trained it. `order` says how examples were ordered, "" if that is unknown."""

    run: FolderName = ""
    step: Count = 0
    total_steps: Count = 0
    stopped: bool = False
    seconds: Amount = 0.0
    seed: Annotated[int, Field(gt=-validators.MAX_MAGNITUDE, lt=validators.MAX_MAGNITUDE)] = 0
    trainable_parameters: Count = 0
    all_parameters: Count = 0
    peak_memory_bytes: Count = 0
    order: str = ""
    start_from: str = ""
    changes: list[ChangeFacts] = Field(default_factory=list)


class ShotFacts(_Table):
    """A few-shot example in the prompt, with its texts, so that the prompt does not need the data."""

    id: str = ""
    conversation: str
    summary: str


class PromptFacts(_Table):
    """The prompt, and how the model's output is decoded. Adapters made before there were formats are plain."""

    template: str
    format: Literal["auto", "chat", "plain"] = "plain"
    max_conversation_tokens: Count
    beams: Count = 1
    max_new_tokens: Count = 128
    shots: list[ShotFacts] = Field(default_factory=list)


class ScoreCard(_Table):
    """Scores of base and adapter under one protocol; `difference` is paired.

    `measures` and what goes with it are the other metrics of `engine.scoring.metrics`, empty where none were measured.
    `base_forms` has the mean ROUGE-1 of the base model in each prompt format that was compared, if several were.
    """

    protocol: dict[str, Any]
    base: Scores
    scores: Scores
    difference: dict[str, dict[str, Any]]
    base_measures: Scores = Field(default_factory=dict)
    measures: Scores = Field(default_factory=dict)
    measure_difference: dict[str, dict[str, Any]] = Field(default_factory=dict)
    base_forms: dict[str, Amount] = Field(default_factory=dict)
    capped: Amount = 0.0
    scored_at: str = ""

    @model_validator(mode="after")
    def _can_be_compared(self) -> Self:
        measured = validators.are_intervals(self.measures) and validators.are_intervals(self.base_measures)
        if not (
            validators.is_protocol(self.protocol)
            and validators.are_scores(self.base)
            and validators.are_scores(self.scores)
            and self.scores.keys() <= self.base.keys()
            and validators.are_score_differences(self.difference)
            and measured
            and validators.are_differences(self.measure_difference)
        ):
            raise ValueError("these are not scores")
        return self

    @property
    def key(self) -> str:
        """Scores with equal keys can be compared."""
        return protocol_key(self.protocol)

    def verdict(self, score: str = SCORE) -> Verdict:
        """Return the paired verdict of one score."""
        verdict: Verdict = self.difference[score]["verdict"]
        return verdict


# What an export is, compared with its adapter.
State = Literal["same", "worse", "too few to tell", "failed", "not tried"]


class Verification(_Table):
    """What became of an adapter's summaries where an export wrote them: how many of `conversations` are `identical`.

    `equal_prompts` are prompts of the same tokens, None where the `runtime` does not tell them. `difference` is the
    export's scores less the adapter's, paired.
    """

    state: State
    runtime: str = ""
    reason: str = ""
    conversations: Count = 0
    identical: Count = 0
    equal_prompts: Count | None = None
    difference: dict[str, dict[str, Any]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _is_valid(self) -> Self:
        if self.conversations and not validators.are_score_differences(self.difference):
            raise ValueError("these are not score differences")
        return self


class ExportFacts(_Table):
    """An export of the adapter: what it was made `to`, in which precision, and what its verification found."""

    to: str
    name: str
    precision: str = ""
    made_at: str = ""
    verified: Verification


class HubFacts(_Table):
    """The repository of the hub that an adapter was imported from, and the commit."""

    id: str
    revision: str


class AdapterMetadata(_Table):
    """The content of an `adapter.toml`."""

    schema_: int = Field(SCHEMA, alias="schema")
    id: FolderName
    name: str
    made_at: str
    origin: Literal["trained", "imported"] = "trained"
    # Unknown of what an earlier version imported.
    imported_at: str | None = None
    tags: list[str] = Field(default_factory=list)
    notes: str = ""
    base_model: BaseModelFacts
    method: MethodFacts
    data: DataFacts = Field(default_factory=DataFacts)
    training: TrainingFacts = Field(default_factory=TrainingFacts)
    prompt: PromptFacts | None = None
    hub: HubFacts | None = None
    scores: list[ScoreCard] = Field(default_factory=list)
    exports: list[ExportFacts] = Field(default_factory=list)
    versions: dict[str, str] = Field(default_factory=dict)
    files: dict[str, str] = Field(default_factory=dict)

    @field_validator("made_at", "imported_at")
    @classmethod
    def _is_date(cls, text: str | None) -> str | None:
        if text is not None and datetime.fromisoformat(text).year not in YEARS:
            raise ValueError("the year is impossible")
        return text

    @field_validator("scores", mode="before")
    @classmethod
    def _valid_cards(cls, cards: object) -> object:
        """Leave out invalid scores, so that the adapter can still be read."""
        if not isinstance(cards, list):
            return cards
        valid = []
        for card in cards:
            with suppress(ValidationError):
                valid.append(ScoreCard.model_validate(card))
        return valid

    @property
    def made(self) -> datetime:
        """When it was made, as UTC if the file names no time zone."""
        return _moment(self.made_at)

    @property
    def imported(self) -> datetime | None:
        """When it was imported here, if it was."""
        return _moment(self.imported_at) if self.imported_at else None

    @property
    def score_card(self) -> ScoreCard | None:
        """The newest scores, if any."""
        return self.scores[-1] if self.scores else None

    def with_score(self, card: ScoreCard) -> AdapterMetadata:
        """Return the metadata with `card` added; a card of the same protocol is replaced."""
        others = [other for other in self.scores if other.key != card.key]
        return self.model_copy(update={"scores": [*others, card]})

    def with_export(self, export: ExportFacts) -> AdapterMetadata:
        """Return the metadata with an export added; an earlier one of the same kind and precision is replaced."""
        same = (export.to, export.precision)
        others = [other for other in self.exports if (other.to, other.precision) != same]
        return self.model_copy(update={"exports": [*others, export]})


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def protocol_key(protocol: dict[str, Any]) -> str:
    """Return a hash of a protocol; the order of its keys does not matter. One without a format has a plain prompt.

    The general text does not matter either: scores of summaries can be compared whatever else was measured.
    """
    protocol = {"prompt_format": "plain"} | {
        name: value for name, value in protocol.items() if name != general_text.KEY
    }
    # An imported protocol may hold dates, which JSON has not.
    text = json.dumps(protocol, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def now_text() -> str:
    """Return the present time as the file holds it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def load(folder: Path) -> AdapterMetadata:
    """Return the metadata in a folder. Raises AdapterError if it is missing, damaged, too long or of a later schema."""
    path = folder / FILE_NAME
    try:
        tables = read_toml(path, FileKind.ADAPTER_METADATA)
        metadata = AdapterMetadata.model_validate(tables)
    except FileNotFoundError as error:
        raise AdapterError(
            say("{} has no {}.", folder.name, FILE_NAME), "Import the folder; that writes one."
        ) from error
    except (OSError, ValueError) as error:
        raise AdapterError(
            say("{} of {} can't be read.", FILE_NAME, folder.name), first_line(error)
        ) from error
    if metadata.schema_ > SCHEMA:
        raise AdapterError(
            say("{} comes from a later version of Tunesmith.", folder.name), "Update Tunesmith."
        )
    refuse_long_prompt(metadata.prompt, folder.name)
    return metadata


def refuse_long_prompt(prompt: PromptFacts | None, whose: str) -> None:
    """Raise AdapterError for a prompt whose template or examples are too long."""
    if prompt is None:
        return
    shown = sum(len(shot.conversation) + len(shot.summary) for shot in prompt.shots)
    for part, length, limit in (
        ("The prompt", len(prompt.template), prompts.MAX_CHARACTERS),
        ("The examples in the prompt", shown, prompts.MAX_EXAMPLE_CHARACTERS),
    ):
        if length > limit:
            message = say("{} of {} has {:,} characters; the limit is {:,}.", part, whose, length, limit)
            raise AdapterError(message, "Don't use it, or ask who made it.", "prompt")


def save(metadata: AdapterMetadata, folder: Path) -> None:
    """Write the metadata into an adapter folder, atomically."""
    write_atomically(folder / FILE_NAME, tomlkit.dumps(metadata.model_dump(by_alias=True, exclude_none=True)))


def checksums(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file in an adapter folder but the metadata itself."""
    return {
        path.relative_to(folder).as_posix(): _sha256(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != FILE_NAME
    }


def changed(folder: Path, metadata: AdapterMetadata, among: Collection[str] = ()) -> list[str]:
    """Return the names of files that are missing or differ from the metadata's checksums; no other file is read.

    With `among`, only files of these names are looked at.
    """
    files = {name: digest for name, digest in metadata.files.items() if not among or name in among}
    return sorted(name for name, digest in files.items() if not _matches(folder, name, digest))


def _matches(folder: Path, name: str, digest: str) -> bool:
    """Tell whether a file of the folder has a digest. A name that leads out of the folder has none."""
    path = folder / name
    if path.name == FILE_NAME or PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
        return False
    try:
        return path.is_file() and _sha256(path) == digest
    except (OSError, ValueError):
        return False


def _sha256(path: Path) -> str:
    with open_regular(path) as stream:
        return hashlib.file_digest(cast(BufferedReader, stream), "sha256").hexdigest()
