"""The page docs/supported-combinations.md: what works where, by the shipped proof, and why something does not."""

import re
from itertools import product

from engine.commands.inspect import support_remarks, support_rows
from engine.config import support_matrix
from engine.config.support_matrix import Proof, Row

HEAD = """\
# Supported combinations

Which method and variant works on which kind of base model, by the format of the base model's weights in memory.
"""
FOOT = """
This page is written by `python3 packaging/dev.py proof` and `docs`.
"""


def page(proof: Proof) -> str:
    """Return the page of the documentation: the table, and why something does not work."""
    head = ["Method or variant", *(weights.title for weights in support_matrix.WEIGHT_FORMATS)]
    cells, reasons = [head, ["---"] * len(head)], []
    for row, kinds in support_rows(proof):
        title = f"{row.method.title}: {row.title}" if row.variant else row.title
        cells.append([_plain(cell) for cell in (title, *kinds)])
        reasons += [
            f"- **{_plain(title)}**, {', '.join(where)}: {_plain(reason)}"
            for reason, where in _reasons(proof, row).items()
        ]
    lines = [f"| {' | '.join(each)} |" for each in cells]
    said = [line for text in support_remarks(proof) for line in ("", _plain(text))]
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
