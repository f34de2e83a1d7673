import json

from engine import arena as arenas
from engine import voting
from engine.arena import Arena
from engine.commands.arena import arena_lines
from engine.jobs.job import Job
from engine.report import arena_facts, arena_page, run_facts, run_page
from engine.voting import Tally, Voting
from engine.voting.comparisons import System
from tests.helpers.arenas import BASE, FULL, make_arena, score
from tests.helpers.blind_votes import best_first, conversations, made, vote_all, voted_on
from tests.helpers.report_pages import HOSTILE, Page
from tests.helpers.scored_runs import add_scored_run, bundled


def after(rule=best_first, voters=("Ann",), most=10_000, **spec):
    opened = Voting(made(**spec), voters[0])
    for voter in voters:
        opened.set_voter(voter)
        opened.set_goal(most)
        vote_all(opened, rule, most)
    found = voting.results(opened.comparison, opened.votes)
    opened.close()
    return found


def test_a_better_system_is_found_and_named():
    result = after(count=40, systems=3)
    assert [each.system for each in result.systems] == [0, 1, 2]
    assert [each.verdict for each in result.pairs] == ["first"] * 3
    best = result.systems[0]
    assert best.preferred.low > 0.5
    assert (best.tally.wins, best.tally.losses) == (80, 0)
    assert result.votes == 120


def test_few_votes_say_nothing():
    result = after(count=40, most=9)
    assert result.pairs[0].verdict == "too_few"


def test_systems_that_nobody_tells_apart_stay_undecided():
    result = after(lambda _comparison, asked: "left" if asked.conversation % 2 else "right", count=40)
    assert result.pairs[0].verdict == "not_told_apart"


def test_votes_of_all_voters_count():
    result = after(voters=("Ann", "Bo"), count=40)
    assert result.voters == {"Ann": 40, "Bo": 40}
    assert result.votes == 80


def test_identical_summaries_count_as_ties_as_far_as_a_voter_came():
    whole = after(count=40, identical_every=2)
    assert (whole.votes, whole.identical) == (20, 20)
    assert whole.pairs[0].tally == Tally(20, 20, 0)
    part = after(count=60, identical_every=2, most=10)
    assert part.votes <= 10
    assert 0 < part.identical < 30


def written(path) -> list[dict]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_decided_votes_become_preference_pairs(tmp_path):
    opened = Voting(made(count=6), "Ann")
    vote_all(
        opened, lambda comparison, asked: "tie" if asked.conversation == 2 else best_first(comparison, asked)
    )
    path = tmp_path / "pairs.jsonl"
    assert voting.export(opened.comparison, opened.votes, path) == 5
    opened.close()
    rows = written(path)
    assert rows[0] == {
        "prompt": "Sum up: Ann: Shall we meet at 0?\nBo: Yes, at the station.",
        "chosen": "Summary 0 of 0.",
        "rejected": "Summary 1 of 0.",
    }
    assert [row["chosen"] for row in rows] == [f"Summary 0 of {index}." for index in (0, 1, 3, 4, 5)]


def test_the_majority_decides_a_pair_and_equal_votes_make_none(tmp_path):
    opened = Voting(made(count=2), "Ann")
    wishes: dict[str, dict[int, int | None]] = {
        "Ann": {0: 0, 1: 0}, "Bo": {0: 1, 1: 1}, "Cy": {0: 1, 1: None},
    }  # fmt: skip
    for voter, wanted in wishes.items():
        opened.set_voter(voter)
        while (asked := opened.question) is not None:
            wish = wanted[asked.conversation]
            opened.vote("tie" if wish is None else "left" if asked.left == wish else "right")
    path = tmp_path / "pairs.jsonl"
    assert voting.export(opened.comparison, opened.votes, path) == 1
    opened.close()
    assert written(path)[0]["chosen"] == "Summary 1 of 0."


def test_worked_examples_are_part_of_the_prompt(tmp_path):
    systems = [
        System(
            name="Alpha", template="Sum up: {conversation} Summary: ", shots=(("Eve: Hi.", "Eve greets."),)
        ),
        System(name="Cloud"),
    ]
    opened = Voting(voting.create(systems, conversations(1, 2)), "Ann")
    opened.vote("left" if opened.question.left == 1 else "right")
    path = tmp_path / "pairs.jsonl"
    voting.export(opened.comparison, opened.votes, path)
    opened.close()
    # The summary that was preferred came without a prompt: that of the other one counts.
    assert written(path)[0]["prompt"].startswith(
        "Sum up: Eve: Hi. Summary: Eve greets.\n\nSum up: Ann: Shall"
    )


def voted(info: voting.ComparisonInfo, *, reveals: bool) -> None:
    opened = Voting(info, "Ann")
    vote_all(opened, best_first)
    if reveals:
        opened.reveal()
    opened.close()


def test_votes_stand_beside_scores_once_the_names_came_out():
    job = add_scored_run(bundled(30))
    info = voting.compare([voting.source(job.id)])
    voted(info, reveals=False)
    assert voting.of_runs([job.id]) is None
    voted(info, reveals=True)
    found = voting.of_runs([job.id, "another"])
    assert found.info.id == info.id
    tuned = found.by_run[job.id]
    assert tuned.preferred.high < 0.5
    assert tuned.tally.wins == 0
    assert [each.system.tuned for each in found.systems] == [False, True]
    assert voting.of_runs(["another"]) is None
    assert voting.of_runs([]) is None


def scored_arena() -> tuple[Arena, list[Job]]:
    arena = make_arena("lora", "ia3")
    jobs = [score(arena, 0, FULL), score(arena, 1, BASE)]
    return arenas.open_arena(arena.folder), jobs


def rows_of(arena: Arena):
    statuses = arenas.Reader().read(arena)
    return statuses, arenas.groups(statuses)


def test_rows_have_no_votes_before_the_names_came_out():
    arena, jobs = scored_arena()
    voted_on(*(job.id for job in jobs), reveals=False)
    statuses, groups = rows_of(arena)
    assert [row.preferred for row in groups[0].rows] == [None, None]
    assert not any(name.startswith("preferred") for name in arenas.table(statuses, groups)[0])


def test_rows_have_their_share_of_the_votes():
    arena, jobs = scored_arena()
    voted_on(*(job.id for job in jobs))
    statuses, groups = rows_of(arena)
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
    assert not any("Preferred" in line for line in arena_lines(arena, *rows_of(arena)))
    voted_on(jobs[0].id, "a-run-of-another-arena")
    lines = arena_lines(arena, *rows_of(arena))
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
    assert run_facts.tree(gathered)["blind_votes"] is None
    voted_on(job.id, HOSTILE.replace("\x00", ""))
    page = Page(run_page.render(gathered))
    assert "40 votes by 1 voter on pairs of summaries without names." in page.text
    assert "alert(1)" in page.text
    assert not [name for name, _ in page.elements if name == "script"]
    assert run_facts.tree(gathered)["blind_votes"]["votes"] == 40
