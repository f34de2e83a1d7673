"""Blind votes beside scores: in an arena's results, its table and its tree, and in reports."""

from __future__ import annotations

import json

from engine import arena as arenas
from engine.arena import Arena
from engine.commands.terminal import arena_text
from engine.jobs.job import Job
from engine.report import run_data, run_facts, run_page
from engine.report.arena import facts as arena_facts
from engine.report.arena import page as arena_page
from tests.helpers.arenas import BASE, FULL, make_arena, score
from tests.helpers.blind_votes import voted_on
from tests.helpers.report_pages import HOSTILE, Page
from tests.helpers.scored_runs import add_scored_run, bundled


def scored_arena() -> tuple[Arena, list[Job]]:
    arena = make_arena("lora", "ia3")
    jobs = [score(arena, 0, FULL), score(arena, 1, BASE)]
    return arenas.open_arena(arena.folder), jobs


def results(arena: Arena):
    statuses = arenas.Reader().read(arena)
    return statuses, arenas.groups(statuses)


def test_rows_have_no_votes_before_the_names_came_out():
    arena, jobs = scored_arena()
    voted_on(*(job.id for job in jobs), reveals=False)
    statuses, groups = results(arena)
    assert [row.preferred for row in groups[0].rows] == [None, None]
    assert not any(name.startswith("preferred") for name in arenas.table(statuses, groups)[0])


def test_rows_have_their_share_of_the_votes():
    arena, jobs = scored_arena()
    voted_on(*(job.id for job in jobs))
    statuses, groups = results(arena)
    first, second = groups[0].rows
    assert first.preferred.preferred.low > 0.5 > second.preferred.preferred.high
    assert (first.preferred.tally.wins, second.preferred.tally.losses) == (40, 40)
    head, rows = arenas.table(statuses, groups)
    assert [row[head.index("preferred_wins")] for row in rows] == [40, 0]
    assert all(len(row) == len(head) for row in rows)
    tree = arenas.tree(arena, statuses, groups)
    assert tree["groups"][0]["rows"][0]["preferred"]["wins"] == 40


def test_the_terminal_has_a_column_of_votes_where_there_are_any():
    arena, jobs = scored_arena()
    assert not any("Preferred" in line for line in arena_text.lines(arena, *results(arena)))
    voted_on(jobs[0].id, "a-run-of-another-arena")
    lines = arena_text.lines(arena, *results(arena))
    assert any(line.endswith("Preferred, blind votes") for line in lines)
    assert any("99 % (94 to 100)" in line for line in lines)


def test_reports_have_a_section_of_blind_votes():
    arena, jobs = scored_arena()
    voted_on(*(job.id for job in jobs))
    gathered = arena_facts.gather_arena(arena)
    text = Page(arena_page.render(gathered)).text
    assert "Preferred in blind votes 40 votes by 1 voter" in text
    assert f"System of {jobs[0].id} 99 %" in text
    data = arena_facts.tree(gathered)["blind_votes"]
    assert [each["run"] for each in data["systems"]] == [job.id for job in jobs]
    json.dumps(data)


def test_the_report_of_a_run_has_them_too():
    job = add_scored_run(bundled(10))
    gathered = run_facts.gather_run(job)
    assert "blind votes" not in Page(run_page.render(gathered)).text
    assert run_data.tree(gathered)["blind_votes"] is None
    voted_on(job.id, HOSTILE.replace("\x00", ""))
    page = Page(run_page.render(gathered))
    assert "40 votes by 1 voter on pairs of summaries without names." in page.text
    assert "alert(1)" in page.text
    assert not [name for name, _ in page.elements if name == "script"]
    assert run_data.tree(gathered)["blind_votes"]["votes"] == 40
