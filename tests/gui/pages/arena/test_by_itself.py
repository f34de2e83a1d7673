"""What the arena's page does without another page: its headline, and its charts while it runs."""

from __future__ import annotations

from engine import report
from gui.pages.arena.arena_text import headline
from tests.helpers import arena_bench
from tests.helpers.arenas import BASE, FULL, filled_arena, make_arena, score
from tests.helpers.homes import unsynced
from tests.helpers.report_pages import Page
from tests.helpers.train_stage import ENDLESS

Bench = arena_bench.Bench


def test_the_headline_is_that_of_the_report(bench, tmp_path):
    with unsynced():
        arena = filled_arena(examples=30, steps=20)
    page = bench().page
    assert page.headline.isVisible()
    report.write(report.gather_arena(arena), tmp_path / "report.html")
    said = Page((tmp_path / "report.html").read_text(encoding="utf-8")).text
    assert page.headline.title.text() in said
    assert "score highest, without a measurable difference" in page.headline.title.text()
    assert page.headline.text.text() in said


def test_a_headline_claims_no_win_that_is_none(bench):
    with unsynced():
        arena = make_arena("lora", "ia3")
        score(arena, 0, (0.2, 0.5, 0.4, 0.6) * 8, BASE * 8)
        score(arena, 1, (0.1, 0.2, 0.3, 0.4) * 8, BASE * 8)
    page = bench().page
    assert page.headline.title.text() == "No entry is measurably better than the base model"
    assert page.headline.text.text().startswith("LoRA, r 32 scores highest: ROUGE-1 42.5")


def test_entries_that_tie_share_the_headline(bench):
    with unsynced():
        arena = make_arena("lora", "ia3", "full")
        for place, tuned in enumerate((FULL, FULL, BASE)):
            score(arena, place, tuned)
    found = bench().page._shown
    assert headline(found).text.startswith("LoRA, r 32 and IA3 score alike, above all others: ROUGE-1 65.0")


def test_the_loss_is_drawn_while_the_first_entry_runs(bench):
    arena = make_arena("lora")
    made = bench()
    made.script = ENDLESS
    below = made.page.lower_pane
    assert not made.page.headline.isVisible()
    assert not below.losses.isVisible()
    made.page.start_button.click()
    made.until(lambda: made.manager.current is not None and made.manager.current.state.step > 0)
    made.page.refresh()
    made.until(lambda: [line.id for line in below.losses.chart.lines()] == [arena.entries[0].id])
    assert below.losses.isVisible()
    assert not below.front.isVisible()
    made.manager.current.stop()
    made.until(lambda: made.manager.current is None)
