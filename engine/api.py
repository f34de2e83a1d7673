"""The engine's one door for windows and command lines: names, no logic."""

from __future__ import annotations

from engine import arena as arenas
from engine import chats, labelling, options, report, voting
from engine.adapters import exports, hub_adapters, library, trash
from engine.adapters import metadata as adapter_toml
from engine.adapters.library import Adapter, Unreadable
from engine.adapters.metadata import AdapterMetadata, ScoreCard
from engine.computers import computer as computers
from engine.computers import sending
from engine.computers import store as computer_store
from engine.computers.computer import Computer
from engine.config import (
    automatic,
    decoding,
    gguf_models,
    known_plans,
    model_info,
    prompts,
    recipe,
    recipe_command,
    run_names,
    setting_text,
    variants,
)
from engine.config.data_options import DataOptions
from engine.config.decoding import DecodingOptions, SummarizeOptions
from engine.config.hub_sources import is_on_hub
from engine.config.recipe import SAMPLE, STARTER, BaseModelOptions, MethodSettings, Recipe
from engine.config.run_changes import Change
from engine.config.training import EvaluationOptions, TrainingOptions, evaluation_interval
from engine.data import check_results, ingest, questions
from engine.data.file_kinds import DATA_FILE_KINDS, DATA_SUFFIXES, DataFileKind
from engine.data.findings import FINDINGS, SEVERITIES, Severity, finding
from engine.errors import AppError, DataError, Problem, RecipeError, StorageError, WorkerError
from engine.jobs import run_text
from engine.jobs.events import Event, EventReader, clock, read_all
from engine.jobs.job import KEEP_TRAINING, Job, JobKind, create_job
from engine.jobs.run_state import Curve, RunState, Sample
from engine.jobs.supervisor import OUT_OF_MEMORY, Ending, Supervisor
from engine.jobs.worker_process import WarmWorker, can_afford_warm_worker, visible_to
from engine.maintenance import disk_usage, doctor, licences, trash_contents
from engine.maintenance.doctor import graphics_check
from engine.messages import Message
from engine.methods import FAMILIES, METHODS, BaseFacts, Box, Family, Method, Place, Sketch, Variant, method
from engine.options import MAX_WHOLE, OptionInfo, Options, describe
from engine.runs import example_scores, memory_fallbacks, plan_text, run_comparison, run_store, run_summaries
from engine.runs.memory_fallbacks import MemoryFallback
from engine.runs.run_summaries import RunEntry
from engine.scoring import comparison, metrics, score_text
from engine.scoring.claims import Claim
from engine.scoring.faithfulness import added, check_claims, unsupported
from engine.scoring.score_text import language_notes, too_few, untold_notes, verification_lines
from engine.server import serving
from engine.system import files, foreign_files, hub_cache, paths, redaction, units
from engine.system.connection import offline
from engine.system.csv_file import write_csv
from engine.system.foreign_files import FileKind
from engine.system.graphics import graphics_cards, nvidia_smi
from engine.text import encodings, escaping, languages, pii
from engine.text.conversations import Example, Turn, speakers, turns
