"""The verbs that score and summarise: `evaluate`, `summarize`, `serve`, and `score` for summaries from files."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.adapters import exports, library
from engine.adapters.library import Adapter
from engine.commands.adapters import ADAPTER_HELP
from engine.commands.consent import confirm_base, confirm_downloads
from engine.commands.follow_job import STOPPED, Follower, Result, ask, conclude
from engine.commands.output import Output, table_lines
from engine.commands.parser import Verbs, port, whole_number
from engine.commands.recipe_file import add_data_overrides, data_table
from engine.config import hub_sources
from engine.config import recipe as recipes
from engine.config.decoding import CTRANSLATE2, TUNESMITH
from engine.config.recipe import BaseModelOptions
from engine.config.training import AUTO, EvaluationOptions, TrainingOptions, evaluation_problems
from engine.data import SPLITS
from engine.errors import AppError, Problem, RecipeError
from engine.jobs import run_text
from engine.jobs.events import Event
from engine.jobs.job import create_job
from engine.messages import counted
from engine.options import check
from engine.scoring import score_text
from engine.scoring.metrics import HEADLINE, HEADLINE_TITLES, OTHER_METRICS, Metric
from engine.server import serving
from engine.server.serving import DEFAULT_PORT, Serving
from engine.system.files import remove
from engine.system.foreign_files import MIB, FileKind, read_bytes
from engine.system.paths import expand_user, jobs_folder, path_exists, resolved
from engine.text import encodings

STDIN = "-"
REQUEST = "command line"
ALL = "all"


def add(verbs: Verbs) -> None:
    evaluate = verbs.add("evaluate", "Score a base model and adapters under one protocol", evaluate_adapters)
    evaluate.add_argument(
        "--recipe",
        type=Path,
        required=True,
        metavar="RECIPE.toml",
        help="the recipe that names data and protocol",
    )
    summarize = verbs.add("summarize", "Summarise one conversation", summarize_text)
    summarize.add_argument("--base-model", metavar="ID", help="default: the one the adapter was trained on")
    summarize.add_argument("--device", default="auto", help="auto (the default), cpu, cuda:1 and so on")
    summarize.add_argument(
        "file", nargs="?", default=STDIN, metavar="FILE", help="a text file (default: standard input)"
    )
    summarize.add_argument(
        "--piecewise",
        action="store_true",
        help="split a conversation that is too long, summarise the parts, then summarise the summaries",
    )
    for verb in (evaluate, summarize):
        verb.add_argument(
            "--runtime",
            choices=exports.RUNTIMES,
            default=TUNESMITH,
            help="what generates: tunesmith (the default), or ctranslate2 for adapters that can be "
            "merged: float32 on the CPU, converted once, faster for small T5 models. Scores name "
            "it",
        )
        verb.add_argument(
            "--adapter",
            action="append",
            default=[],
            dest="adapters",
            metavar="ID_OR_FOLDER",
            help=f"{ADAPTER_HELP}; repeatable",
        )
    _add_score(verbs)


def evaluate_adapters(asked: argparse.Namespace, output: Output) -> int:
    """Score base and adapters."""
    recipe = recipes.load(asked.recipe)
    # `start_from` has no part in scoring and may be gone.
    _refuse(*recipes.problems(recipe), *hub_sources.offline_problems(recipe))
    adapters = [library.find(name, shortened=True) for name in asked.adapters]
    quantization, device = recipe.base_model.quantization, recipe.training.device
    _refuse(*exports.runtime_problems(asked.runtime, adapters, quantization, device))
    if not confirm_downloads(recipe, output):
        return STOPPED
    arguments = {"adapters": [serving.worker_name(each) for each in adapters], "runtime": asked.runtime}
    code, _ = ask("evaluate", arguments, output, evaluation_lines, recipe)
    return code


def _refuse(*problems: Problem) -> None:
    """Raise RecipeError with the problems, if there are any."""
    if problems:
        raise RecipeError(problems)


def evaluation_lines(result: Result) -> list[str]:
    """Return scores and verdicts as text."""
    protocol = result["protocol"]
    columns = [("Base", result["base"]), *((each["adapter"], each) for each in result["adapters"])]
    verdicts = [
        f"{each['adapter']}: {score_text.verdict(each['difference']['rouge1'], protocol)}"
        for each in result["adapters"]
        if each.get("difference")
    ]
    written_by = score_text.written_by(protocol)
    notes = [
        *language_lines(protocol),
        *([f"{written_by[0].upper()}{written_by[1:]}."] if written_by else []),
    ]
    return [*score_lines(columns), *measure_lines(columns), *notes, *verdicts]


def score_lines(columns: list[tuple[str, dict[str, Any]]]) -> list[str]:
    """Return ROUGE and chrF, a line for each model or file; results of earlier versions have no chrF."""
    tables = [(title, {**scored["scores"], **scored.get("measures", {})}) for title, scored in columns]
    names = [name for name in HEADLINE_TITLES if all(name in found for _, found in tables)]
    rows = [(title, *(score_text.interval(found[name]) for name in names)) for title, found in tables]
    return table_lines(("", *(HEADLINE_TITLES[name] for name in names)), rows)


def language_lines(protocol: dict[str, Any]) -> list[str]:
    """Return the languages by which ROUGE splits words; nothing for English only."""
    return [f"{note}." for note in score_text.language_notes(protocol)]


def measure_lines(columns: list[tuple[str, dict[str, Any]]]) -> list[str]:
    """Return the other metrics, a line for each with a column for each model."""
    rows = [
        (measure.title, *(_measured(scored, measure) for _, scored in columns))
        for measure in OTHER_METRICS
        if measure not in HEADLINE
        and any(measure.name in scored.get("measures", {}) for _, scored in columns)
    ]
    head = ("Also measured", *(title for title, _ in columns))
    return ["", *table_lines(head, rows), ""] if rows else []


def _measured(scored: dict[str, Any], metric: Metric) -> str:
    """Return a metric with its interval, "-" if it was not measured."""
    found = scored.get("measures", {}).get(metric.name)
    return score_text.interval(found, metric.unit) if found else "-"


def summarize_text(asked: argparse.Namespace, output: Output) -> int:
    """Summarise one conversation by the base model, or by each adapter on it."""
    conversation = read_conversation(asked.file)
    adapters = [library.find(name, shortened=True) for name in asked.adapters]
    arguments = adapter_arguments(adapters, asked.base_model or "", asked.device)
    quantization = arguments["base_model"].get("quantization", "none")
    _refuse(*exports.runtime_problems(asked.runtime, adapters, quantization, asked.device))
    if asked.runtime == CTRANSLATE2:
        arguments["device"] = "cpu"
    if not confirm_base(arguments["base_model"], output):
        return STOPPED
    job = create_job(jobs_folder(), "summarize", arguments)
    follower = Follower(job, output)
    column_names: list[str | None] = [serving.worker_name(adapter) for adapter in adapters]
    request = summary_request(
        conversation, column_names or [None], adapters, piecewise=asked.piecewise, runtime=asked.runtime
    )
    listener = _Listener(follower, output, request)
    ending = follower.run(listener.show)
    code = conclude(ending, output)
    if code == 0 and not listener.failed:
        remove(job.folder)
        output.lines(listener.lines())
    return code or int(listener.failed)


def read_conversation(file: str) -> str:
    try:
        content = _read_stdin() if file == STDIN else read_bytes(expand_user(file), FileKind.CONVERSATION)
        text = encodings.decode(content)
    except (OSError, ValueError) as error:
        reason = str(error)
        if isinstance(error, OSError):
            reason = error.strerror or "its path is not a file's"
        missing = isinstance(error, FileNotFoundError)
        why = f"{file} doesn't exist." if missing else f"{file} can't be read: {reason}."
        problem = Problem("FILE", why, "Choose a text file with one conversation.")
        raise RecipeError((problem,)) from error
    if not text.strip():
        raise RecipeError((Problem("FILE", "The conversation is empty.", "Add its text."),))
    return text


def _read_stdin() -> bytes:
    limit = FileKind.CONVERSATION.max_bytes
    content = sys.stdin.buffer.read(limit + 1)
    if len(content) > limit:
        raise ValueError(f"it is larger than {limit // MIB} MB, the limit for {FileKind.CONVERSATION.title}")
    return content


def adapter_arguments(adapters: list[Adapter], base_model: str, device: str) -> dict[str, Any]:
    """Return the base model to load, as in the first adapter's metadata if there is one. Raises RecipeError."""
    made_for = adapters[0].metadata.base_model if adapters else None
    base_id = base_model or (made_for.id if made_for else "")
    if not base_id:
        problem = Problem("--base-model", "No base model is named.", "Name one, or an adapter.")
        raise RecipeError((problem,))
    table = made_for.as_table() if made_for else {}
    if made_for and base_id != made_for.id:
        table.pop("revision", None)
    table["id"] = str(resolved(Path(base_id))) if recipes.looks_like_path(base_id) else base_id
    options, problems = check(BaseModelOptions, table, "base_model")
    if isinstance(options, BaseModelOptions):
        problems = [*recipes.base_problems(options), *hub_sources.base_problems(options.id, options.revision)]
    _refuse(*problems)
    problems = check(TrainingOptions, {"device": device}, "training")[1]
    _refuse(*(replace(problem, field="--device") for problem in problems))
    return {"base_model": table, "device": device}


def summary_request(
    conversation: str,
    columns: list[str | None],
    adapters: list[Adapter],
    *,
    piecewise: bool,
    runtime: str = TUNESMITH,
) -> dict[str, Any]:
    """Return the request for the worker, decoded as the first adapter was scored; each adapter has its own prompt."""
    return {
        **serving.decoding(adapters[0] if adapters else None),
        "request": REQUEST,
        "conversation": conversation,
        "columns": columns,
        "long_conversations": "piecewise" if piecewise else "cut",
        "runtime": runtime,
    }


class _Listener:
    """Asks once the base model is ready, collects the summaries, and ends the worker after the last."""

    def __init__(self, follower: Follower, output: Output, request: dict[str, Any]) -> None:
        self.failed = False
        self._follower = follower
        self._output = output
        self._request = request
        self._finished: list[Event] = []
        self._open = len(request["columns"])

    def show(self, event: Event) -> None:
        """Handle one event; standard output is for the summaries only."""
        if event["event"] == "stage_entered":
            self._output.status(f"{run_text.stage_title(event['stage'])} …")
        elif event["event"] == "notice" and not self._output.as_json:
            self._output.remark(f"{event['message']} {event.get('hint', '')}".strip())
        elif event["event"] == "base_ready":
            self._follower.send("summarize", **self._request)
        elif event["event"] == "summary_started" and event["cut"] and not self._output.as_json:
            self._output.remark(
                f"{event['adapter'] or 'The base model'} reads {event['limit']:,} of the conversation's "
                f"{event['input_tokens']:,} tokens and the rest is cut. --piecewise reads all of it."
            )
        elif event["event"] == "summary_finished":
            self._finished.append(event)
            self._close_one()
        elif event["event"] == "summary_failed":
            self.failed = True
            if not self._output.as_json:
                self._output.failure(AppError(event["message"], event.get("hint", "")))
            self._close_one()

    def _close_one(self) -> None:
        self._open -= 1
        if self._open == 0:
            self._follower.send("quit")

    def lines(self) -> list[str]:
        """Return the summaries, each below its adapter's name if there are several."""
        if len(self._finished) == 1:
            return [self._finished[0]["summary"]]
        # Summaries that are written side by side finish in any order.
        ordered = sorted(self._finished, key=lambda event: self._request["columns"].index(event["adapter"]))
        return [line for event in ordered for line in (f"{event['adapter']}:", event["summary"], "")]


def _add_score(verbs: Verbs) -> None:
    verb = verbs.add("score", "Score summaries written by another system", score_files)
    verb.add_argument(
        "--predictions",
        required=True,
        metavar="FILE",
        help='the summaries: JSON lines or CSV with a column "prediction" (and "id", else in the '
        "order of the split), or one per line",
    )
    verb.add_argument(
        "--data", required=True, metavar="SOURCE", help='a file, a folder, a hub id or "sample"'
    )
    verb.add_argument("--against", metavar="FILE", help="a second file of summaries to compare with")
    verb.add_argument(
        "--column", default="", metavar="NAME", help="the column with the summaries (default: prediction)"
    )
    verb.add_argument(
        "--split", choices=(*SPLITS, ALL), default="test", help="the split to score (default: test)"
    )
    verb.add_argument(
        "--bootstrap",
        type=whole_number,
        default=EvaluationOptions().bootstrap,
        metavar="N",
        help="bootstrap resamples for the intervals",
    )
    verb.add_argument(
        "--language",
        default=AUTO,
        metavar="CODE",
        help="the language, by which ROUGE splits words (default: detected)",
    )
    add_data_overrides(verb)


def score_files(asked: argparse.Namespace, output: Output) -> int:
    """Score a file of summaries, and compare it with another one if there is one."""
    table = data_table(asked.data, asked.overrides)
    problems = [*_missing("--predictions", asked.predictions), *_missing("--against", asked.against)]
    if not 100 <= asked.bootstrap <= 100_000:
        message = f"{asked.bootstrap:,} is not a number of resamples."
        problems.append(Problem("--bootstrap", message, "Use 100 to 100,000."))
    refused = evaluation_problems(EvaluationOptions(language=asked.language))
    problems += [Problem("--language", each.message, each.hint) for each in refused]
    _refuse(*problems)
    request = {
        "data": table,
        "split": asked.split,
        "predictions": str(resolved(Path(asked.predictions))),
        "against": str(resolved(Path(asked.against))) if asked.against else "",
        "column": asked.column,
        "bootstrap": asked.bootstrap,
        "language": asked.language,
    }
    names = [Path(each).name for each in (asked.predictions, asked.against) if each]
    code, _ = ask("score", request, output, lambda result: file_lines(result, names))
    return code


def _missing(field: str, file: str | None) -> list[Problem]:
    if file is None or path_exists(expand_user(file)):
        return []
    return [Problem(field, f"{file} doesn't exist.", "Check the path.")]


def file_lines(result: Result, names: list[str]) -> list[str]:
    """Return scores and verdict as text; `names` are those of the files."""
    protocol = result["protocol"]
    columns: list[tuple[str, dict[str, Any]]] = [(names[0], result)]
    columns += [(names[1], result["against"])] if "against" in result else []
    count = counted(int(protocol["examples"]), "conversation")
    verdict = (
        [f"{names[0]} against {names[1]}: {score_text.verdict(result['difference']['rouge1'], protocol)}"]
        if result["difference"]
        else []
    )
    where = "all splits" if protocol["split"] == ALL else f"the {protocol['split']} split"
    return [
        f"Scored on {count} of {where} of {protocol['data']['source']}.",
        *score_lines(columns),
        *measure_lines(columns),
        *language_lines(protocol),
        *verdict,
    ]


def add_serve(verbs: Verbs) -> None:
    serve = verbs.add(
        "serve", "Serve chat completions that answer with summaries, on this computer only", serve_adapters
    )
    serve.add_argument(
        "--adapter",
        action="append",
        required=True,
        dest="adapters",
        metavar="ADAPTER",
        help=f"{ADAPTER_HELP}; repeatable",
    )
    serve.add_argument("--device", default="auto", help="auto (the default), cpu, cuda:1 and so on")
    serve.add_argument(
        "--port", type=port, default=DEFAULT_PORT, metavar="N", help=f"0: any (default: {DEFAULT_PORT})"
    )


def serve_adapters(asked: argparse.Namespace, output: Output) -> int:
    """Load a base model once, and answer requests with its adapters until stopped."""
    adapters = [library.find(name, shortened=True) for name in asked.adapters]
    serving.job_arguments(adapters)
    arguments = adapter_arguments(adapters, "", asked.device)
    if not confirm_base(arguments["base_model"], output):
        return STOPPED
    job = create_job(jobs_folder(), "summarize", arguments)
    # What the worker reports is not this command's output.
    follower = Follower(job, Output(as_json=False))
    running = serving.start(adapters, follower.send, asked.port)

    def follow(event: Event) -> None:
        running.tell(event)
        if event["event"] == "base_ready":
            _show_serving(running, output)

    output.status("Loading the base model …")
    try:
        ending = follower.run(follow)
    finally:
        running.close()
    code = conclude(ending, output)
    remove(job.folder)
    return code


def _show_serving(running: Serving, output: Output) -> None:
    output.json({"address": running.address, "token": running.token, "models": list(running.models)})
    output.lines([
        f"Serving {', '.join(running.models)} at {running.address}; press Ctrl+C to stop.",
        f"Token: {running.token}",
        "",
        running.curl,
    ])  # fmt: skip
