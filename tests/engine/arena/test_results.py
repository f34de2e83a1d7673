import pytest

from engine import arena as arenas
from engine.arena import Arena, Group
from tests.helpers.arenas import BASE, FULL, make_arena, score


def groups(arena: Arena) -> list[Group]:
    return arenas.groups(arenas.Reader().read(arenas.open_arena(arena.folder)))


def test_only_scored_entries_have_rows_and_the_best_comes_first():
    arena = make_arena("lora", "ia3", "full")
    score(arena, 0, (0.4, 0.5, 0.6, 0.7))
    score(arena, 2, FULL)
    [group] = groups(arena)
    assert [row.name for row in group.rows] == ["Full fine-tuning", "LoRA, r 32"]
    assert group.rows[0].mean == pytest.approx(0.65)


def test_a_row_is_paired_with_the_base_by_its_run_and_with_full_conversation_by_conversation():
    arena = make_arena("lora", "full")
    score(arena, 0, (0.4, 0.5, 0.6, 0.7) * 3, BASE * 3)
    score(arena, 1, FULL * 3, BASE * 3)
    full, lora = groups(arena)[0].rows
    assert full.is_baseline
    assert full.against_full is None
    assert lora.against_base["rouge1"]["verdict"] == "better"
    assert lora.against_full is not None
    told = lora.against_full["rouge1"]
    assert (told["mean"], told["verdict"]) == (pytest.approx(-0.1), "worse")
    # Every conversation lost the same, so that the pairs know it exactly, though both means spread widely.
    assert told["low"] == pytest.approx(told["high"]) == pytest.approx(-0.1)


def lead_of(arena: Arena) -> tuple[float, str] | None:
    lead = groups(arena)[0].lead
    return None if lead is None else (round(lead["mean"], 6), lead["verdict"])


def test_the_lead_of_the_first_over_the_second_is_tested():
    arena = make_arena("lora", "ia3", "bitfit")
    score(arena, 0, (0.4, 0.5, 0.6, 0.7) * 3, BASE * 3)
    assert lead_of(arena) is None
    score(arena, 1, (0.5, 0.6, 0.7, 0.8) * 3, BASE * 3)
    assert lead_of(arena) == (0.1, "better")
    score(arena, 2, (0.81, 0.6, 0.69, 0.51) * 3, BASE * 3)
    assert lead_of(arena) == (0.0025, "no measurable difference")


def test_scores_of_another_protocol_stand_in_a_group_of_their_own():
    arena = make_arena("lora", "ia3", "full")
    score(arena, 0, FULL, beams=4)
    score(arena, 1, FULL)
    score(arena, 2, FULL)
    first, second = groups(arena)
    assert [row.name for row in first.rows] == ["IA3", "Full fine-tuning"]
    assert [row.status.entry.title for row in second.rows] == ["LoRA"]
    assert (first.unlike, second.unlike) == ((), ("beams",))
    [lonely] = second.rows
    assert lonely.against_full is None
    assert lonely.full_missing == "Full fine-tuning is not scored."


def test_one_conversation_and_nothing_but_ties_are_said():
    arena = make_arena("lora", "ia3")
    score(arena, 0, (0.5,), (0.4,))
    [row] = groups(arena)[0].rows
    assert row.remark == "One conversation, so no interval."
    assert row.against_base["rouge1"]["verdict"] == "too few to tell"
    ties = make_arena("lora")
    score(ties, 0, BASE)
    [row] = groups(ties)[0].rows
    assert row.remark == "Every score equals the base model's."


@pytest.mark.parametrize(
    ("points", "kept"),
    [
        ([], []), ([(1.0, 0.5)], [0]), ([(2.0, 0.6), (1.0, 0.5), (3.0, 0.55)], [1, 0]),
        ([(1.0, 0.5), (1.0, 0.7), (1.0, 0.7)], [1]), ([(1.0, 0.5), (2.0, 0.5)], [0]),
        ([(0.0, 0.4), (5.0, 0.9)], [0, 1]),
    ],
)  # fmt: skip
def test_the_front_holds_what_nothing_beats(points, kept):
    assert arenas.front(points) == kept


def test_results_leave_as_one_table_with_every_figure_and_what_has_none():
    arena = make_arena("lora", "full", "bitfit")
    score(arena, 0, (0.4, 0.5, 0.6, 0.7) * 3, BASE * 3)
    score(arena, 1, FULL * 3, BASE * 3)
    statuses = arenas.Reader().read(arenas.open_arena(arena.folder))
    head, lines = arenas.table(statuses, arenas.groups(statuses))
    full, lora, bitfit = (dict(zip(head, line, strict=True)) for line in lines)
    told = ("entry", "detail", "state", "parameters", "minutes")
    assert [lora[name] for name in told] == ["LoRA", "r 32", "completed", 1000, 1.5]
    assert lora["rouge1_mean"] == pytest.approx(0.55)
    assert (lora["rouge1_against_full_verdict"], full["rouge1_against_full_verdict"]) == ("worse", "")
    assert lora["protocol"] == full["protocol"] != ""
    assert (bitfit["entry"], bitfit["state"], bitfit["rouge1_mean"]) == ("BitFit", "refused", "")
    assert "no biases" in bitfit["reason"]


GENERAL = {"general_loss": ((3.0, 3.1, 3.2, 3.3) * 3, (3.2, 3.3, 3.4, 3.5) * 3)}


def general(digest: str) -> dict[str, object]:
    return {"general_text": {"text": "auto", "digest": digest, "passages": 4}}


def test_losses_on_another_text_are_not_compared_but_the_scores_are():
    arena = make_arena("lora", "ia3", "loha")
    for place, digest in enumerate(("one", "two", "one")):
        score(arena, place, FULL, measured=GENERAL, **general(digest))
    [group] = groups(arena)
    found = {row.name: row for row in group.rows}
    assert found["IA3"].forgetting is None
    assert "general_loss" not in {**found["IA3"].metrics, **found["IA3"].base_metrics}
    assert found["IA3"].remark.endswith("Its general loss was measured on another text.")
    assert [name for name, row in found.items() if row.forgetting] != []
    assert all(row.forgetting for name, row in found.items() if name != "IA3")
