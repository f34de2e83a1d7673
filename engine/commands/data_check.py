"""The verb `data`: the findings of the data check as text, as JSON, and as CSV files of rows."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from pathlib import Path

from engine.commands.follow_job import Result, ask
from engine.commands.output import Output, lengths_text, table_lines
from engine.commands.parser import Verbs
from engine.commands.recipe_file import absolute, add_data_overrides, data_table
from engine.data import check_results
from engine.data.findings import SEVERITIES, excluded_text, finding
from engine.jobs.events import Event
from engine.messages import counted
from engine.scoring import score_text
from engine.system.paths import resolved

MAX_ROWS_NAMED = 4
MAX_BROKEN_SHOWN = 20
# The exit code of data that no run can use.
BAD_DATA = 2
UNTOLD = "not told"


def add(verbs: Verbs) -> None:
    data = verbs.add("data", "Check conversations and list what is wrong with them", check_data)
    data.add_argument("source", metavar="SOURCE", help='a file, a folder, a hub id or "sample"')
    data.add_argument("--base-model", metavar="ID", help="count tokens with this base model's tokenizer")
    data.add_argument(
        "--export",
        type=Path,
        metavar="FOLDER",
        help="write the rows of each finding, and unreadable ones, to CSV files",
    )
    add_data_overrides(data)


def check_data(asked: argparse.Namespace, output: Output) -> int:
    """Check a source of conversations."""
    table = data_table(asked.source, asked.overrides)
    broken: list[dict[str, str]] = []

    def on_event(event: Event) -> None:
        broken.extend(event["rows"] if event["event"] == "rows_broken" else ())

    def written() -> list[str]:
        if not broken or not asked.export:
            return []
        path = resolved(asked.export) / check_results.BROKEN
        check_results.export_broken(broken, path)
        return [str(path)]

    def complete(result: Result) -> Result:
        details = check_results.read(Path(result.pop("details")))
        exported = check_results.export(details, resolved(asked.export)) if asked.export else []
        # All rows of each finding, in place of the folder that has them.
        findings = [
            {**entry, "rows": list(details.findings[entry["id"]][entry["split"]])}
            for entry in result["findings"]
        ]
        paths = [*map(str, exported), *written()]
        return {**result, "findings": findings, "broken": broken, "exported": paths}

    base_model = asked.base_model and absolute(asked.base_model)
    request = {"data": table, "base_model": base_model}
    code, result = ask("check_data", request, output, lines, complete=complete, on_event=on_event)
    if not result:
        # If the data was refused for unreadable rows, list them all the same.
        output.lines([*_broken(broken), *_exported(written())])
        return code
    lacking = missing(result)
    if lacking:
        output.remark(lacking)
    return BAD_DATA if lacking else code


def _broken(rows: Sequence[dict[str, str]]) -> list[str]:
    """Return the rows that can't be read, one a line."""
    lines = [f"  {row['place']}: {row['why']}" for row in rows[:MAX_BROKEN_SHOWN]]
    more = len(rows) - MAX_BROKEN_SHOWN
    rest = [f"  and {more:,} more. --export FOLDER writes all to a file."] if more > 0 else []
    return ["", "Rows that can't be read:", *lines, *rest] if rows else []


def lines(result: Result) -> list[str]:
    """Return what a data check found as text."""
    columns = result["columns"]
    licence = f"Licence: {result['licence']}. " if result.get("licence") else ""
    too_few = score_text.too_few({name: split["examples"] for name, split in result["splits"].items()})
    return [
        result["source"],
        f"{licence}Fingerprint of what runs would use: {result['fingerprint']}.",
        f"Columns: {', '.join(columns['all'])}. Used as {columns['reason']}.",
        *_language(result["languages"]),
        "",
        *_splits(result["splits"]),
        "",
        *([*too_few, ""] if too_few and not result["unlabelled"] else []),
        *_unlabelled(result["unlabelled"]),
        *([excluded_text(result["excluded"]), ""] if result["excluded"] else []),
        *_leaks(result["leaks"]),
        *(_findings(result["findings"]) or ["No problems found."]),
        *_broken(result["broken"]),
        *_exported(result["exported"]),
    ]


def missing(result: Result) -> str:
    """Return what is missing for a run, "" if there is an example it could use."""
    if any(split["examples"] for split in result["splits"].values()):
        return ""
    if result["unlabelled"]:
        return "No example can be used: summaries are missing."
    found = {entry["id"] for entry in result["findings"] if entry["count"]}
    lacks = [each for each in ("conversation", "summary") if f"empty_{each}" in found]
    if lacks:
        columns = [f'"{result["columns"][each]}"' for each in lacks if result["columns"][each]]
        where = f" Look at column {' and '.join(columns)}." if columns else ""
        return f"No example can be used: every row lacks its {' or its '.join(lacks)}.{where}"
    return "No example can be used: data.exclude excludes all of them."


def _unlabelled(count: int) -> list[str]:
    if not count:
        return []
    whose = "The conversation has" if count == 1 else f"None of the {count:,} conversations has"
    no = "no summary" if count == 1 else "a summary"
    return [f"{whose} {no} yet. Write them in the window, under Conversations.", ""]


def _language(languages: Result) -> list[str]:
    conversation, summary = (_known(languages[text]) for text in ("conversation", "summary"))
    if not conversation and not summary:
        return []
    if conversation == summary:
        return [f"Language: {conversation}."]
    return [f"Language: {conversation or UNTOLD}; of the summaries: {summary or UNTOLD}."]


def _known(language: Result) -> str:
    share = "" if language["share"] == 1 else f" ({language['share']:.1%} of a sample)"
    return f"{language['code']}{share}" if language["code"] else ""


def _splits(splits: Result) -> list[str]:
    head = ("Split", "Examples", "Conversation tokens", "Summary tokens", "Turns", "Speakers")
    rows = [
        (
            name,
            f"{split['examples']:,}",
            lengths_text(split["lengths"]["conversation"]),
            lengths_text(split["lengths"]["summary"]),
            lengths_text(split["turns"]),
            lengths_text(split["speakers"]),
        )
        for name, split in splits.items()
    ]
    return [*table_lines(head, rows, right=("Examples",)), "Median · 95th percentile · maximum."]


def _leaks(leaks: Iterable[Result]) -> list[str]:
    """Return the conversations in two splits: "42 test and 47 validation conversations stand in train"."""
    by_other: dict[str, list[str]] = {}
    for leak in leaks:
        by_other.setdefault(leak["other"], []).append(f"{leak['count']:,} {leak['split']}")
    lines = [
        f"{' and '.join(counts)} {'ones' if index else 'conversations'} are in {other}"
        for index, (other, counts) in enumerate(
            sorted(by_other.items(), key=lambda entry: entry[0] != "train")
        )
    ]
    return [f"{', '.join(lines)}.", ""] if lines else []


def _findings(findings: Sequence[Result]) -> list[str]:
    """Return every finding with its rows by split, the worst first, and what can be done about them."""
    lines: list[str] = []
    ids = list(dict.fromkeys(entry["id"] for entry in findings))
    for name in sorted(ids, key=lambda one: SEVERITIES.index(finding(one).severity)):
        entries = [entry for entry in findings if entry["id"] == name]
        lines.append(f"{finding(name).title} ({name})")
        lines.append(" ".join(filter(None, ("  " + entries[0]["what"], entries[0]["then"]))))
        lines += [f"  {_rows(entry)}" for entry in entries]
    can = ", ".join(f'"{name}"' for name in ids if finding(name).can_be_excluded)
    return [
        *lines,
        *(["", f"Runs leave rows out with data.exclude = [{can}], or some of these."] if can else []),
    ]


def _rows(entry: Result) -> str:
    """Return where a finding stands in a split: "476 rows of train: 380, 678, 830, 1,003 and 472 more."."""
    places = entry.get("places") or []
    numbers = [f"{number:,}" for number in entry["rows"][:MAX_ROWS_NAMED]]
    named = ", ".join(
        f"{number} ({place})" if place else number for number, place in zip_longest(numbers, places)
    )
    rest = entry["count"] - MAX_ROWS_NAMED
    line = f"{counted(entry['count'], 'row')} of {entry['split']}: {named}"
    return " ".join(filter(None, (f"{line}{f' and {rest:,} more' if rest > 0 else ''}.", entry["more"])))


def _exported(paths: Sequence[str]) -> list[str]:
    return ["", "Written:", *(f"  {path}" for path in paths)] if paths else []
