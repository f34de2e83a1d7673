"""The data check: what is in a source, how long it is, and what is wrong with it. A job; imports no torch.

Knows nothing of training: the findings say what a run would do with the rows they name.
"""

from __future__ import annotations

from array import array
from collections import Counter
from typing import Any

from engine.config.data_options import DataOptions, checked
from engine.data.findings import FINDINGS
from engine.worker.dataset.dataset import Selection, fingerprint, select
from engine.worker.ingestion.row_store import examples_of, stored
from engine.worker.ingestion.sources import SPLITS, Split
from engine.worker.ingestion.token_lengths import TokenCounter, counter_for
from engine.worker.runtime.channel import Channel
from engine.worker.validation.check_report import (
    at,
    finding_reports,
    leak_reports,
    lengths,
    marks,
    split_report,
    write_details,
)
from engine.worker.validation.cross_row_rules import RELATIONS, Both, Indices, Repeated, in_both, repeated
from engine.worker.validation.language_id import UsualLanguages
from engine.worker.validation.row_rules import COUNTED, needs_tokens
from engine.worker.validation.row_view import RowStats, RowView
from engine.worker.validation.scan import Found, find, left_out, whole

IDS = tuple(entry.id for entry in FINDINGS)
# Of more rows, most tokens are estimated from those of some.
MAX_COUNTED_ROWS = 100_000


def run(channel: Channel, request: dict[str, Any]) -> None:
    """Check the data that the request's `data` table names, and hand over what was found."""
    options = checked(request["data"])
    channel.enter("read_data")
    selection = select(options, channel, needs=(), shows_first_rows=True)
    counter = counter_for(request.get("base_model"))
    # What a run leaves out for its length is counted, as the run does.
    if sum(map(len, selection.rows.values())) > MAX_COUNTED_ROWS and not needs_tokens(options.exclude):
        counter = counter.sampling()
    if not counter.exact:
        channel.notice(counter.description)
    channel.enter("check_rows")
    channel.result(_Check(selection, options, counter, channel).result())


class _Check:
    """One check: the rows, and what is known of them once each was looked at."""

    def __init__(
        self, selection: Selection, options: DataOptions, counter: TokenCounter, channel: Channel
    ) -> None:
        self._selection = selection
        self._rows = selection.rows
        self._options = options
        self._counter = counter
        self._channel = channel
        self._total = sum(map(len, selection.rows.values()))
        self._done = 0
        self._stats: dict[Split, RowStats] = {split: RowStats() for split in SPLITS}
        # Of conversations that all wait for a summary there is as much to say, but for what runs would use.
        self._is_labelled = any(whole(self._rows).values()) or not self._total
        self._whole = whole(self._rows, needs_summary=self._is_labelled)

    def result(self) -> dict[str, Any]:
        """Look at every row, keep the details beside the events, and return what the event carries."""
        rows, is_labelled = self._rows, self._is_labelled
        usual = UsualLanguages.of(rows, self._whole)
        alone = find(IDS, rows, self._options, self._counter, usual, self._take, needs_summary=is_labelled)
        self._channel.enter("sum_up")
        alike = repeated(rows, self._whole)
        related = {name: relate(alike) for name, relate in RELATIONS.items()}
        found = {name: alone.get(name) or related[name] for name in IDS}
        out = left_out(self._options.exclude, alone, alike)
        used = {
            split: array("q", (index for index in indices if index not in out[split]))
            for split, indices in self._whole.items()
        }
        # A limit that is moved would cut or leave out those that are too long now as well.
        measured = {
            split: array("q", (index for index in indices if out[split].get(index, COUNTED[0]) in COUNTED))
            for split, indices in self._whole.items()
        }
        splits = {
            split: split_report(
                some, self._stats[split], used[split], measured[split], are_examples=is_labelled
            )
            for split, some in rows.items()
            if some
        }
        both = in_both(alike)
        shown = {split: len(report["rows"]) for split, report in splits.items()}
        self._write_details(found, alike, both, shown, measured)
        rows_used = {split: rows[split].select(used[split]) for split in SPLITS}
        examples = {
            split: examples_of(some if is_labelled else stored()) for split, some in rows_used.items()
        }
        masked = Counter[str]()
        if self._options.mask:
            masked.update(kind for some in rows_used.values() for row in some for kind in row.masked)
        source = self._selection.source
        return {
            "source": source.name,
            "licence": source.licence,
            "fingerprint": fingerprint(examples),
            "columns": self._selection.shape.as_dict(),
            "tokens": {"exact": self._counter.exact, "words": self._counter.description},
            "splits": splits,
            "unlabelled": 0 if is_labelled else sum(map(len, self._whole.values())),
            "leaks": leak_reports(rows, both),
            "findings": finding_reports(found, rows, alike, self._options),
            "excluded": {split: dict(Counter(out[split].values())) for split in SPLITS if out[split]},
            "masked": dict(masked),
            "languages": {
                name: {"code": languages.main, "share": round(languages.share, 3)}
                for name, languages in (("conversation", usual.conversation), ("summary", usual.summary))
            },
            "details": str(self._channel.job.folder),
        }

    def _take(self, split: Split, looks: list[RowView]) -> None:
        self._stats[split].add(looks)
        self._done += len(looks)
        self._report(self._done, self._total)

    def _report(self, done: int, total: int) -> None:
        self._channel.progress(done, total, "rows")
        self._channel.check_stop()

    def _write_details(
        self, found: Found, alike: Repeated, both: Both, shown: dict[Split, int], measured: Indices
    ) -> None:
        wanted = {split: [*range(shown.get(split, 0))] for split in SPLITS}
        for (split, other), (indices, other_indices) in both.items():
            wanted[split] += indices
            wanted[other] += other_indices
        for places_by_split in found.values():
            for split, found_places in places_by_split.items():
                wanted[split] += found_places
        facts = {
            "findings": {
                name: {
                    split: self._rows[split].select(some).numbers.tolist()
                    for split, some in indices.items()
                    if some
                }
                for name, indices in found.items()
                if any(indices.values())
            },
            "lengths": {
                split: {
                    "conversation": lengths(at(self._stats[split].conversation_tokens, indices)),
                    "summary": lengths(
                        at(self._stats[split].summary_tokens, indices if self._is_labelled else ())
                    ),
                }
                for split, indices in measured.items()
            },
            "summary_marks": self._counter.summary_special_tokens,
            "marks": marks(self._rows, self._whole, found, alike, self._stats),
        }
        folder = self._channel.job.folder
        write_details(folder, self._rows, wanted, self._stats, facts, self._counter, self._report)
