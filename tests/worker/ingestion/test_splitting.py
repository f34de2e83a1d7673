import random

import pytest

from engine.data import Row
from engine.text.conversations import Example
from engine.worker.ingestion import splitting
from engine.worker.ingestion.row_store import stored
from engine.worker.ingestion.splitting import hold_out

ALPHABET = "ab \n\0é\u00a0\uffff\U0001f600zÄ"


def expected(rows, share, seed):
    groups = {}
    usable = [row for row in rows if row.example.conversation.strip()] or rows
    for row in usable:
        groups.setdefault(row.example.conversation.strip(), []).append(row)
    order = sorted(groups)
    random.Random(seed).shuffle(order)
    taken = set()
    while order and len(taken) < max(1, round(share * len(usable))):
        taken.update(row.number for row in groups[order.pop()])
    return [row for row in rows if row.number in taken], [row for row in rows if row.number not in taken]


def short(chance):
    return "".join(chance.choice(ALPHABET) for _ in range(chance.randrange(6)))


KINDS = {
    "short": short,
    "one beginning": lambda chance: (
        "Customer: Hello, how are you today? " * chance.choice((1, 1, 20)) + short(chance)
    ),
    "alike for long": lambda chance: "x" * 2000 + str(chance.randrange(150)),
    "ends of nothing": lambda chance: "a" + "\0" * chance.randrange(80),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", [0, 1, 19, 400])
def test_they_are_those_of_all_texts_in_order(monkeypatch, kind, count):
    monkeypatch.setattr(splitting, "MAX_TEXTS_IN_MEMORY", 20)
    chance = random.Random(count)
    rows = stored(
        Row(Example(str(number), KINDS[kind](chance), "s"), (number,)) for number in range(1, count + 1)
    )
    for seed, share in ((1, 0.1), (42, 0.4)):
        held, rest = hold_out(rows, share, seed=seed)
        assert (list(held), list(rest)) == expected(list(rows), share, seed)
        assert len(held) + len(rest) == count


def test_two_parts_are_those_that_were_held_out_one_after_another():
    for count in range(130):
        rows = stored(Row(Example("", f"Ann: {n % 90}", "s"), (n,)) for n in range(count))
        test, rest = expected(list(rows), 0.1, 7)
        validation, train = expected(rest, 0.1 * count / max(1, len(rest)), 7)
        assert list(map(list, hold_out(rows, 0.1, 0.1, seed=7))) == [test, validation, train]


def test_rows_that_are_kept_are_those_that_were_read():
    shaped = [
        Row(Example("é", "Ann: \U0001f600\n\0", "s", ("t", "")), (3, 4)),
        Row(Example("", "", ""), (9,)),
    ]
    rows = stored(iter(shaped))
    assert list(rows) == shaped
    assert [row.number for row in rows] == [3, 9]
    assert list(rows[::-1]) == [rows[1], rows[0]]
    assert rows[-1:][0].missing == "conversation"
    with pytest.raises(IndexError):
        rows[2]


@pytest.mark.parametrize(
    ("conversation", "summary"), [("", ""), (" \n", "A summary."), ("Ann: And now?", "")]
)
def test_rows_that_no_run_can_use_fill_no_split(conversation, summary):
    blank = Example("b", conversation, summary)
    examples = [Example(str(n), f"Ann: {n}", "s") for n in range(10)] + [blank] * 20
    rows = stored(Row(each, (n,)) for n, each in enumerate(examples))
    held, rest = hold_out(rows, 0.2, seed=7)
    assert (sum(row.missing is None for row in held), len(held), len(rest)) == (2, 2, 28)
    assert [row.number for row in rest] == sorted(row.number for row in rest)


def test_conversations_that_all_wait_for_a_summary_are_split_all_the_same():
    examples = [Example(str(n), f"Ann: {n}", "") for n in range(10)] + [Example("b", "", "")] * 3
    rows = stored(Row(each, (n,)) for n, each in enumerate(examples))
    held, _ = hold_out(rows, 0.2, seed=7)
    assert [row.missing for row in held] == ["summary"] * 2
