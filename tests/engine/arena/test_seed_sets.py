import numpy as np
import pytest

from engine import arena as arenas
from engine.arena import Arena, Group, Row
from engine.runs import example_scores
from engine.scoring import bootstrap, seed_intervals
from tests.helpers.arenas import make_arena, score
from tests.helpers.homes import RunSpec, add_run

COUNT = 40
DRAW = np.random.default_rng(11)
BASE = DRAW.uniform(0.3, 0.5, COUNT)
SEEDS = [BASE + gain + DRAW.normal(0.0, 0.05, COUNT) for gain in (0.08, 0.10, 0.13)]
FULL = [BASE + gain + DRAW.normal(0.0, 0.05, COUNT) for gain in (0.15, 0.17, 0.16)]


def groups(arena: Arena) -> list[Group]:
    return arenas.groups(arenas.Reader().read(arenas.open_arena(arena.folder)))


def only_row(arena: Arena) -> Row:
    [group] = groups(arena)
    [row] = group.rows
    return row


def scored(arena: Arena, place: int, values: np.ndarray, **more: object) -> example_scores.ExampleScores:
    """Give an entry of an arena a run with these scores, and return them."""
    job = score(arena, place, values.tolist(), BASE.tolist(), **more)
    found = example_scores.load(job.folder)
    assert found is not None
    return found


def filled(*methods: str) -> Arena:
    arena = make_arena(*(methods or ("lora",)), seeds=3)
    for place, values in enumerate(SEEDS):
        scored(arena, place * max(1, len(methods)), values)
    return arena


def test_three_seeds_are_one_row_with_mean_spread_and_an_interval_over_both(home):
    row = only_row(filled())
    assert (row.name, row.id, row.remark) == ("LoRA, r 32", "lora-r-32-seed-42", "")
    assert row.seeds is not None
    assert (row.seeds.seeds, row.seeds.counts) == ((42, 43, 44), (3, 3))
    means = [values.mean() for values in SEEDS]
    assert row.seeds.means["rouge1"] == pytest.approx(means)
    assert row.seeds.spread["rouge1"] == pytest.approx(np.std(means, ddof=1))
    wanted = seed_intervals.interval([values.tolist() for values in SEEDS], 1000)
    assert row.scores["rouge1"] == pytest.approx(wanted.as_dict())
    alone = bootstrap.interval(SEEDS[0].tolist(), 1000)
    assert row.scores["rouge1"]["high"] - row.scores["rouge1"]["low"] > alone.high - alone.low


def test_full_fine_tuning_and_the_first_place_are_compared_over_the_seeds_of_both(home):
    arena = filled("lora", "full")
    for place, values in enumerate(FULL):
        scored(arena, 2 * place + 1, values)
    [group] = groups(arena)
    full, lora = group.rows
    assert full.is_baseline
    wanted = seed_intervals.difference(
        [each.tolist() for each in FULL], [each.tolist() for each in SEEDS], 1000
    )
    assert lora.against_full is not None
    assert lora.against_full["rouge1"] == bootstrap.difference_dict(wanted)
    lead = seed_intervals.difference(
        [each.tolist() for each in SEEDS], [each.tolist() for each in FULL], 1000
    )
    assert group.lead == bootstrap.difference_dict(lead)


def test_one_scored_seed_has_the_interval_over_conversations_and_says_so(home):
    arena = make_arena("lora", seeds=3)
    scored(arena, 1, SEEDS[1])
    row = only_row(arena)
    assert (row.name, row.id) == ("LoRA, r 32", "lora-r-32-seed-43")
    assert row.seeds is not None
    assert (row.seeds.seeds, row.seeds.counts, row.seeds.spread) == ((43,), (1, 3), {})
    assert row.remark == ("One seed: the interval covers conversations alone. Not scored yet: seed 42, 44.")
    assert row.scores["rouge1"] == bootstrap.interval(SEEDS[1].tolist(), 500).as_dict()


def test_seeds_that_failed_or_wait_are_named(home):
    arena = make_arena("lora", seeds=4)
    scored(arena, 0, SEEDS[0])
    scored(arena, 2, SEEDS[1])
    status = arenas.Reader().read(arenas.open_arena(arena.folder))[1]
    failed = add_run(status.recipe, RunSpec(steps=3, outcome="failed", kind="DataError", gain=None))
    arenas.set_run(arena, status.entry.id, failed.id)
    row = only_row(arena)
    assert row.seeds is not None
    assert (row.seeds.seeds, row.seeds.counts) == ((42, 44), (2, 4))
    assert row.remark == "Not scored yet: seed 45. Failed: seed 43."


def test_seeds_of_another_protocol_are_in_another_table_and_named(home):
    arena = make_arena("lora", seeds=3)
    scored(arena, 0, SEEDS[0])
    scored(arena, 1, SEEDS[1])
    scored(arena, 2, SEEDS[2], beams=4)
    first, second = groups(arena)
    assert [row.remark for row in first.rows] == ["Scored by a different protocol: seed 44."]
    assert second.unlike == ("beams",)
    [lonely] = second.rows
    assert lonely.seeds is not None
    assert lonely.seeds.counts == (1, 3)
    assert "Scored by a different protocol: seed 42, 43." in lonely.remark


def test_seeds_on_other_conversations_have_a_row_of_their_own(home):
    arena = filled()
    job = arenas.Reader().read(arenas.open_arena(arena.folder))[2].run.job
    found = example_scores.load(job.folder)
    assert found is not None
    others = found.model_copy(update={"examples": tuple(f"other {at}" for at in range(COUNT))})
    example_scores.save(job.folder, others)
    alone, together = groups(arena)[0].rows
    assert (alone.name, together.name) == ("LoRA, r 32, seed 44", "LoRA, r 32")
    assert alone.remark == "Scored on other conversations than the other seeds."
    assert together.remark == "In a separate row: seed 44."
    assert together.seeds is not None
    assert together.seeds.seeds == (42, 43)
    (job.folder / example_scores.FILE_NAME).unlink()
    alone, _ = groups(arena)[0].rows
    assert alone.remark == "Listed separately: no scores per conversation."


def test_other_metrics_are_put_together_too_by_conversation_where_they_can(home):
    words = [(BASE * 10, BASE * 12 + at / 10) for at in range(3)]
    losses = [(np.linspace(3.0, 3.3, 12), np.linspace(3.1, 3.4, 12) + at / 100) for at in range(3)]
    arena = make_arena("lora", seeds=3)
    for place, values in enumerate(SEEDS):
        measured = {
            "words": tuple(each.tolist() for each in words[place]),
            "general_loss": tuple(each.tolist() for each in losses[place]),
        }
        job = score(arena, place, values.tolist(), BASE.tolist(), measured=measured)
        found = example_scores.load(job.folder)
        assert found is not None
        # One conversation has no such metric.
        own, base = ((None, *measured["words"][at][1:]) for at in (1, 0))
        example_scores.save(
            job.folder,
            example_scores.ExampleScores(
                schema=1, protocol=found.protocol, examples=found.examples,
                base=found.base.model_copy(update={"metrics": {"words": base}}),
                tuned=found.tuned.model_copy(update={"metrics": {"words": own}}),
            ),
        )  # fmt: skip
    row = only_row(arena)
    assert row.metrics["words"]["mean"] == pytest.approx(np.mean([each[1][1:] for each in words]))
    assert row.metrics_against_base["words"]["verdict"] == "higher"
    assert row.seeds is not None
    assert row.seeds.spread["words"] == pytest.approx(0.1)
    # The loss on general text has no values by conversation: the seeds' own intervals are put together.
    assert row.forgetting is not None
    assert row.forgetting["mean"] == pytest.approx(0.11)
    half = 4.3027 * 0.01 / np.sqrt(3)
    assert row.forgetting["low"] == pytest.approx(0.11 - half, abs=1e-3)
    assert row.forgetting["verdict"] == "worse"
