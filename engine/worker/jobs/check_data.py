"""The data check: what is in a source, how long it is, and what is wrong with it. A job; imports no torch.

Knows nothing of training: the findings say what a run would do with the rows they name.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from engine.config.data_options import DataOptions, checked
from engine.data.findings import FINDINGS
from engine.worker.dataset.dataset import Selection, fingerprint, select
from engine.worker.ingestion.sources import SPLITS, Split
from engine.worker.ingestion.token_lengths import TokenCounter, counter_for
from engine.worker.runtime.channel import Channel
from engine.worker.validation.check_report import (
    finding_reports,
    leak_reports,
    lengths,
    marks,
    split_report,
    write_details,
)
from engine.worker.validation.cross_row_rules import Both, Rows, in_both
from engine.worker.validation.language_id import UsualLanguages
from engine.worker.validation.row_rules import COUNTED
from engine.worker.validation.row_view import RowStats, RowView
from engine.worker.validation.scan import Found, find, left_out, whole

IDS = tuple(entry.id for entry in FINDINGS)


def run(channel: Channel, request: dict[str, Any]) -> None:
    """Check the data that the request's `data` table names, and hand over what was found."""
    options = checked(request["data"])
    channel.enter("read_data")
    selection = select(options, channel, needs=(), shows_first_rows=True)
    counter = counter_for(request.get("base_model"))
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
        self._rows: Rows = dict(selection.rows)
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
        needs = {"needs_summary": is_labelled}
        found = find(IDS, rows, self._options, self._counter, usual, self._take, **needs)
        self._channel.enter("sum_up")
        out = left_out(self._options.exclude, found, rows, **needs)
        used = {split: [index for index in self._whole[split] if index not in out[split]] for split in SPLITS}
        # A limit that is moved would cut or leave out those that are too long now as well.
        measured = {
            split: [index for index in self._whole[split] if out[split].get(index, COUNTED[0]) in COUNTED]
            for split in SPLITS
        }
        splits = {
            split: split_report(
                some, self._stats[split], used[split], measured[split], are_examples=is_labelled
            )
            for split, some in rows.items()
            if some
        }
        both = in_both(rows, self._whole)
        shown = {split: len(report["rows"]) for split, report in splits.items()}
        self._write_details(found, both, shown, measured)
        examples = {
            split: tuple(rows[split][index].example for index in used[split]) if is_labelled else ()
            for split in SPLITS
        }
        masked = Counter(
            kind for split in SPLITS for index in used[split] for kind in rows[split][index].masked
        )
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
            "findings": finding_reports(found, rows, self._whole, self._options),
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
        self, found: Found, both: Both, shown: dict[Split, int], measured: dict[Split, list[int]]
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
                    split: [self._rows[split][index].number for index in some]
                    for split, some in indices.items()
                    if some
                }
                for name, indices in found.items()
                if any(indices.values())
            },
            "lengths": {
                split: {
                    "conversation": lengths(self._stats[split].conversation_tokens[each] for each in indices),
                    "summary": lengths(
                        self._stats[split].summary_tokens[each] for each in indices if self._is_labelled
                    ),
                }
                for split, indices in measured.items()
            },
            "summary_marks": self._counter.summary_special_tokens,
            "marks": marks(self._rows, self._whole, found, self._stats),
        }
        folder = self._channel.job.folder
        write_details(folder, self._rows, wanted, self._stats, facts, self._counter, self._report)
