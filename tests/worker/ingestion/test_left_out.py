"""How many rows go by a check's details is how many a run then leaves out, whatever is excluded together."""

import json
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.config.data_options import DataOptions
from engine.data import Row, check_results
from engine.text.conversations import Example
from engine.worker.ingestion.row_store import LazySequence, stored
from engine.worker.ingestion.sources import SPLITS
from engine.worker.ingestion.token_lengths import TokenCounter
from engine.worker.validation import check_report
from engine.worker.validation.check_report import at
from engine.worker.validation.cross_row_rules import RELATIONS, repeated
from engine.worker.validation.row_view import RowStats
from engine.worker.validation.scan import exclude_rows, find, whole

MARKS = 1
# A letter is a token. None of them has another finding that could be excluded but by chance of lengths.
COUNTER = TokenCounter(
    count=lambda texts: [len(text) for text in texts], ends=lambda text: [*range(1, len(text) + 1)],
    summary_special_tokens=MARKS, exact=True, description="",
)  # fmt: skip
IDS = ("leaks", "duplicates", "long_conversation", "long_summary", "summary_longer")
LIMITS = st.tuples(st.integers(8, 14), st.integers(4, 9))
CONVERSATIONS = st.sampled_from(
    ["A: one", "A: one ", " A: one", "A: two two", "A: three thr", "B: ffffffffff", ""]
)
SUMMARIES = st.sampled_from(["", "x", "xxxx", "xxxxxx", "xxxxxxxxxxx"])
ROWS = st.lists(st.tuples(CONVERSATIONS, SUMMARIES), max_size=8)


def options(limits: tuple[int, int], *exclude: str) -> DataOptions:
    return DataOptions(
        source="sample", exclude=exclude, max_conversation_tokens=limits[0], max_summary_tokens=limits[1]
    )


def checked(
    folder: Path, rows: dict[str, LazySequence[Row]], limits: tuple[int, int]
) -> check_results.Details:
    """Return the details of a check at some limits, by way of its files."""
    measures = {split: RowStats() for split in SPLITS}
    alone = find(IDS, rows, options(limits), COUNTER, None, lambda split, looks: measures[split].add(looks))
    used = whole(rows)
    alike = repeated(rows, used)
    matches = {**alone, **{name: relate(alike) for name, relate in RELATIONS.items()}}
    numbers = {
        name: {split: [rows[split][place].number for place in places[split]] for split in SPLITS}
        for name, places in matches.items()
    }
    lengths = {
        split: {
            "conversation": check_report.lengths(at(measures[split].conversation_tokens, used[split])),
            "summary": check_report.lengths(at(measures[split].summary_tokens, used[split])),
        }
        for split in SPLITS
    }
    facts = {
        "findings": numbers, "lengths": lengths, "summary_marks": MARKS,
        "marks": check_report.marks(rows, used, matches, alike, measures), "places": {},
    }  # fmt: skip
    (folder / check_results.DETAILS).write_text(json.dumps(facts))
    return check_results.read(folder)


@given(
    texts=st.fixed_dictionaries(dict.fromkeys(SPLITS, ROWS)),
    at=LIMITS,
    now=LIMITS,
    exclude=st.sets(st.sampled_from(IDS)),
)
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_what_is_counted_is_what_a_run_leaves_out(tmp_path_factory, texts, at, now, exclude):
    rows = {
        split: stored(
            Row(Example(str(number), *each), (number,)) for number, each in enumerate(texts[split], start=1)
        )
        for split in SPLITS
    }
    counted, is_sure = checked(tmp_path_factory.mktemp("check"), rows, at).left_out(
        exclude, {"conversation": now[0], "summary": now[1]}
    )
    left = exclude_rows(rows, options(now, *sorted(exclude)), lambda: COUNTER, lambda: None)
    left_out = sum(counts.total() for counts in left.excluded.values())
    assert counted == left_out if is_sure else counted >= left_out
    assert is_sure or {"long_conversation", "long_summary"} <= exclude
    assert is_sure or now[0] < at[0]
    assert is_sure or now[1] < at[1]
