"""The support matrix in words: as a table for the terminal, and as the page docs/supported-combinations.md."""

from __future__ import annotations

import re
from itertools import product

from engine.config import support_matrix
from engine.config.support_matrix import Proof, Row, WeightFormat

HEAD = """\
# Supported combinations

Which method and variant works on which kind of base model, by the format of the base model's weights in memory.
"""
FOOT = """
This page is written by `python3 packaging/dev.py proof` and `docs`.
"""


def table(proof: Proof) -> list[tuple[Row, tuple[str, ...]]]:
    """Return each row with the kinds of base model it works on in each weight format: "all but GPT-2"."""
    return [
        (row, tuple(_kinds(proof, row, weights) for weights in support_matrix.WEIGHT_FORMATS))
        for row in support_matrix.rows()
    ]


def _kinds(proof: Proof, row: Row, weights: WeightFormat) -> str:
    support_by_kind = {kind.title: proof.find(row, kind, weights) for kind in support_matrix.KINDS}
    by_state: dict[str, list[str]] = {}
    for title, support in support_by_kind.items():
        by_state.setdefault(support.state if support else "", []).append(title)
    if by_state.keys() == {""}:
        return ""
    works = [
        title
        for title, support in support_by_kind.items()
        if support is not None and support.state in ("proven", "unproven")
    ]
    without = [title for title in support_by_kind if title not in works]
    supported = f"all but {without[0]}" if len(without) == 1 else ", ".join(works) if without else "all"
    mark = "*" if proof.is_made and "unproven" in by_state else ""
    failed = f"; fails on {', '.join(by_state['failed'])}" if "failed" in by_state else ""
    return f"{supported or 'none'}{mark}{failed}"


def about(proof: Proof) -> list[str]:
    """Return when and with what the matrix was tested, and what the kinds of base model are."""
    kinds = " ".join(f"{kind.title}: {kind.examples}." for kind in support_matrix.KINDS)
    if not proof.is_made:
        return ["Not tested yet: this should work.", kinds]
    made_with = ", ".join(f"{name} {version}" for name, version in proof.versions.items())
    return [f"Tested on {proof.made_at} with {made_with}. *: not all of it tested.", kinds]


def page(proof: Proof) -> str:
    """Return the page of the documentation: the table, and why something does not work."""
    head = ["Method or variant", *(weights.title for weights in support_matrix.WEIGHT_FORMATS)]
    cells, reasons = [head, ["---"] * len(head)], []
    for row, kinds in table(proof):
        title = f"{row.method.title}: {row.title}" if row.variant else row.title
        cells.append([_plain(cell) for cell in (title, *kinds)])
        reasons += [
            f"- **{_plain(title)}**, {', '.join(where)}: {_plain(reason)}"
            for reason, where in _reasons(proof, row).items()
        ]
    lines = [f"| {' | '.join(each)} |" for each in cells]
    said = [line for text in about(proof) for line in ("", _plain(text))]
    return "\n".join([HEAD.rstrip(), *said, "", *lines, "", "## Why not", "", *reasons, FOOT])


def _reasons(proof: Proof, row: Row) -> dict[str, list[str]]:
    """Return why a row does not work somewhere, each reason with the kinds of base model that it is about."""
    found: dict[str, list[str]] = {}
    for kind, weights in product(support_matrix.KINDS, support_matrix.WEIGHT_FORMATS):
        support = proof.find(row, kind, weights)
        if support is not None and support.state in ("refused", "failed"):
            kinds = found.setdefault(support.reason, [])
            kinds += [] if kind.title in kinds else [kind.title]
    return found


def _plain(text: str) -> str:
    """Escape what Markdown would read as markup."""
    return re.sub(r"([\\`*_<\[|])", r"\\\1", text)
