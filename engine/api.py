"""The engine's one door for windows and command lines: names, no logic."""

from __future__ import annotations

from engine import (
    capabilities,
    characters,
    chats,
    check_details,
    intake,
    labelling,
    library,
    options,
    passport,
    paths,
    personal,
    prompts,
    recipe,
    run_entries,
    runs,
    variants,
)
from engine import arena as arenas
from engine.conversations import Example, Turn, speakers, turns
from engine.csv_file import write_csv
from engine.data_options import DATA_SUFFIXES, DataOptions
from engine.errors import (
    AdapterError,
    AppError,
    BaseModelError,
    DataError,
    DeviceError,
    OfflineError,
    OutOfMemoryError,
    Problem,
    RecipeError,
    StorageError,
    TrainingError,
    WorkerError,
)
from engine.events import Event, EventReader, read_all
from engine.faithfulness import Claim, added, unsupported
from engine.findings import FINDINGS, Severity, finding
from engine.jobs import Job, JobKind, create_job
from engine.library import Adapter, Unreadable
from engine.methods import (
    FAMILIES,
    METHODS,
    BaseFacts,
    Family,
    Method,
    Place,
    Quantization,
    Sketch,
    Variant,
    method,
)
from engine.options import OptionInfo, Options, describe
from engine.passport import Passport, ScoreCard, protocol_key
from engine.recipe import (
    SAMPLE,
    STARTER,
    BaseModelOptions,
    MethodSettings,
    Recipe,
)
from engine.run_entries import RunEntry
from engine.run_state import Curve, Outcome, RunState, Sample
from engine.runs import Run
from engine.supervisor import Ending, Supervisor
from engine.training import EvaluationOptions, TrainingOptions

__all__ = [
    "DATA_SUFFIXES",
    "FAMILIES",
    "FINDINGS",
    "METHODS",
    "SAMPLE",
    "STARTER",
    "Adapter",
    "AdapterError",
    "AppError",
    "BaseFacts",
    "BaseModelError",
    "BaseModelOptions",
    "Claim",
    "Curve",
    "DataError",
    "DataOptions",
    "DeviceError",
    "Ending",
    "EvaluationOptions",
    "Event",
    "EventReader",
    "Example",
    "Family",
    "Job",
    "JobKind",
    "Method",
    "MethodSettings",
    "OfflineError",
    "OptionInfo",
    "Options",
    "OutOfMemoryError",
    "Outcome",
    "Passport",
    "Place",
    "Problem",
    "Quantization",
    "Recipe",
    "RecipeError",
    "Run",
    "RunEntry",
    "RunState",
    "Sample",
    "ScoreCard",
    "Severity",
    "Sketch",
    "StorageError",
    "Supervisor",
    "TrainingError",
    "TrainingOptions",
    "Turn",
    "Unreadable",
    "Variant",
    "WorkerError",
    "added",
    "arenas",
    "capabilities",
    "characters",
    "chats",
    "check_details",
    "create_job",
    "describe",
    "finding",
    "intake",
    "labelling",
    "library",
    "method",
    "options",
    "passport",
    "paths",
    "personal",
    "prompts",
    "protocol_key",
    "read_all",
    "recipe",
    "run_entries",
    "runs",
    "speakers",
    "turns",
    "unsupported",
    "variants",
    "write_csv",
]
