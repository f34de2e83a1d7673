"""The support matrix as a Qt model: methods and variants in groups, a column for each kind of base model."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from engine.api import support_matrix
from gui.look.language import mark, tr, translate
from gui.models.cells import EMPTY, Cell, Named, Signed, Text
from gui.models.grouped_table import Column, GroupedTable, Heading

Row = support_matrix.Row
Kind = support_matrix.Kind
Support = support_matrix.Support
KINDS = support_matrix.KINDS

NAME = "name"


@dataclass(frozen=True)
class Sign:
    """The look of a state: icon, text and colour."""

    icon: str
    word: str
    token: str


SIGNS = {
    "proven": Sign("check", mark("tested"), "accent"),
    "unproven": Sign("clock", mark("not tested"), "ink3"),
    "refused": Sign("minus", mark("no"), "ink3"),
    "failed": Sign("problem", mark("fails"), "brick"),
}


class SupportTable(GroupedTable[Row]):
    """The rows that apply to one quantization."""

    columns = (
        Column(NAME, mark("Method")),
        *(Column(kind.id, kind.title, 128, as_is=True) for kind in KINDS),
    )

    def __init__(self, proof: support_matrix.Proof) -> None:
        super().__init__()
        self._proof = proof
        self._weights = support_matrix.WEIGHT_FORMATS[0]

    def show_weights(self, weights: support_matrix.WeightFormat, search: str = "") -> None:
        """Show the support at this quantization, filtered by a search."""
        self._weights = weights
        shown = [row for row in support_matrix.rows() if self._is_here(row) and _matches(row, search)]
        rows: list[Heading | Row] = []
        for group, found in groupby(shown, key=lambda row: row.method.group):
            rows += [Heading(translate(group)), *found]
        self.set_rows(rows)

    def support(self, row: Row, kind: Kind) -> Support | None:
        """Return the support of a row on a kind of base model."""
        return self._proof.find(row, kind, self._weights)

    def reasons(self, row: Row) -> str:
        """Return why a row does not work on some kinds, each reason once; "" if it works on all."""
        kinds_of: dict[str, list[str]] = {}
        for kind in KINDS:
            found = self.support(row, kind)
            if found is not None and found.state in {"refused", "failed"}:
                kinds_of.setdefault(found.reason, []).append(kind.title)
        return "\n".join(f"{', '.join(kinds)}: {translate(reason)}" for reason, kinds in kinds_of.items())

    def verdict(self, row: Row) -> str:
        """Return the status of a row without reasons against it: tested, or expected to work."""
        found = [support for kind in KINDS if (support := self.support(row, kind))]
        proven = all(support.state == "proven" for support in found)
        return tr("works") if proven else tr("should work")

    def cell(self, item: Row, key: str) -> Cell:
        if key == NAME:
            return Text(f"    {translate(item.title)}") if item.variant else Named(translate(item.title))
        found = self.support(item, _kind(key))
        if found is None:
            return EMPTY
        sign = SIGNS[found.state]
        return Signed(sign.icon, tr(sign.word), sign.token, text_token="ink2")

    def accessible_text(self, item: Row) -> str:
        texts = [
            f"{kind.title} {tr(SIGNS[found.state].word)}"
            for kind in KINDS
            if (found := self.support(item, kind))
        ]
        return ", ".join([translate(item.title), *texts])

    def explanation(self, item: Row, key: str) -> str:
        if key == NAME:
            return translate(item.variant.summary if item.variant else item.method.summary)
        found = self.support(item, _kind(key))
        return translate(found.reason) if found is not None else ""

    def key_of(self, item: Row) -> str:
        return item.id

    def _is_here(self, row: Row) -> bool:
        return any(self.support(row, kind) is not None for kind in KINDS)


def _kind(key: str) -> Kind:
    return next(kind for kind in KINDS if kind.id == key)


def _matches(row: Row, search: str) -> bool:
    names = f"{translate(row.title)} {translate(row.method.title)} {translate(row.method.group)}".lower()
    return all(word in names for word in search.lower().split())


def proof_text(proof: support_matrix.Proof, locale_date: str) -> str:
    """Return when and with which versions a row was tested, or that it was not."""
    if not proof.is_made:
        return tr("Not tested yet: the table shows what should work.")
    with_what = ", ".join(f"{name} {version}" for name, version in proof.versions.items())
    return tr(
        "Tested on {date}: train, save, load, generate, switch off, resume. With {libraries}.",
        date=locale_date,
        libraries=with_what,
    )
