"""The verb `score`: scores summaries that any other system wrote, from files."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from engine.commands.scoring import language_lines, measure_lines, score_lines
from engine.commands.terminal.data_source import add_overrides, data_table
from engine.commands.terminal.output import Output
from engine.commands.terminal.parser import Verbs, whole_number
from engine.commands.terminal.short_job import Result, ask
from engine.config.training import AUTO, EvaluationOptions, evaluation_problems
from engine.data import SPLITS
from engine.errors import Problem, RecipeError
from engine.scoring import score_text
from engine.system.paths import expand_user, path_exists, resolved

ALL = "all"


def add(verbs: Verbs) -> None:
    """Declare the verb."""
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
    add_overrides(verb)


def score_files(asked: argparse.Namespace, output: Output) -> int:
    """Score a file of summaries, and compare it with another one if there is one."""
    table = data_table(asked.data, asked.overrides)
    problems = [
        *_missing("--predictions", asked.predictions),
        *_missing("--against", asked.against),
        *_bootstrap_problems(asked.bootstrap),
        *_language_problems(asked.language),
    ]
    if problems:
        raise RecipeError(tuple(problems))
    request = {
        "data": table,
        "split": asked.split,
        "predictions": _absolute(asked.predictions),
        "against": _absolute(asked.against) if asked.against else "",
        "column": asked.column,
        "bootstrap": asked.bootstrap,
        "language": asked.language,
    }
    names = [Path(each).name for each in (asked.predictions, asked.against) if each]
    code, _ = ask("score", request, output, lambda result: lines(result, names))
    return code


def _absolute(file: str) -> str:
    return str(resolved(Path(file)))


def _missing(field: str, file: str | None) -> list[Problem]:
    if file is None or path_exists(expand_user(file)):
        return []
    return [Problem(field, f"There is nothing at {file}.", "Check the path.")]


def _bootstrap_problems(draws: int) -> list[Problem]:
    if 100 <= draws <= 100_000:
        return []
    return [Problem("--bootstrap", f"{draws:,} is no number of resamples.", "Give 100 to 100,000.")]


def _language_problems(language: str) -> list[Problem]:
    found = evaluation_problems(EvaluationOptions(language=language))
    return [Problem("--language", each.message, each.hint) for each in found]


def lines(result: Result, names: list[str]) -> list[str]:
    """Return scores and verdict as text; `names` are those of the files."""
    protocol = result["protocol"]
    columns: list[tuple[str, dict[str, Any]]] = [(names[0], result)]
    columns += [(names[1], result["against"])] if "against" in result else []
    count = score_text.counted(int(protocol["examples"]), "conversation")
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
