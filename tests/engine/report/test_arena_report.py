"""An arena's report: who wins at what cost, what did not run and why, in one page, one table and one tree."""

import csv
import json
import re
from pathlib import Path

import pytest

from engine import arena as arenas
from engine import report
from engine.arena import Arena
from engine.commands.arena import arena_lines
from tests.helpers.arenas import BASE, FULL, OUTCOMES, add_file, filled_arena, make_arena, score
from tests.helpers.homes import RunSpec
from tests.helpers.report_pages import HOSTILE, Page, sound_plots


@pytest.fixture
def filled(home):
    return filled_arena(examples=30, steps=20)


def written(arena: Arena, path: Path) -> str:
    report.write(report.gather_arena(arenas.open_arena(arena.folder)), path)
    return path.read_text(encoding="utf-8-sig")


def page_of(arena: Arena, tmp_path: Path) -> Page:
    return Page(written(arena, tmp_path / "report.html"))


def test_the_page_tells_results_plots_differences_data_environment_and_recipe(filled, tmp_path):
    text = written(filled, tmp_path / "report.html")
    page = Page(text)
    page.needs_nothing()
    assert "score highest, with no measurable difference" in page.text
    assert "Scored on 30 test conversations" in page.text
    for status in arenas.Reader().read(filled):
        assert status.entry.title in page.text
    for head in ("Results", "All scores", "Loss curves", "Differences between the recipes", "Environment"):
        assert head in page.text
    assert "Against the base model:" in page.text
    assert "Against full fine-tuning:" in page.text
    assert "method.rank 32" in page.text
    assert "1,228 train, 69 validation, 819 test" in page.text
    assert 'source = "sample"' in page.text
    # Entries that did not run stand with their reason.
    assert "Entries without a score" in page.text
    assert "BitFit can't run T5 models have no biases to train." in page.text
    assert "LoKr, r 16 waiting" in page.text
    assert "VeRA, r 256 failed" in page.text

    plots = sound_plots(text)
    assert [plot.findtext("title").partition(".")[0] for plot in plots[:3]] == [
        "ROUGE-1 against trainable parameters",
        "ROUGE-1 against peak memory",
        "ROUGE-1 against minutes of training",
    ]
    discs = [each for each in plots[0].iter("g") if each.get("class", "").startswith("disc")]
    assert len(discs) == len(OUTCOMES)
    assert {"disc", "disc on-front"} == {each.get("class") for each in discs}
    # What trained is drawn, that which failed too; a prompt alone has no steps.
    losses = [each for each in plots[3].iter("path") if each.get("class", "").startswith("run")]
    assert len(losses) == len(OUTCOMES)


def test_summaries_from_a_file_stand_beside_the_runs_without_costs(home, tmp_path):
    arena = make_arena("lora", "full")
    base, better = ([value / 100 + at / 100 for at in range(40)] for value in (30, 40))
    score(arena, 0, better, base)
    score(arena, 1, better, base)
    folder = tmp_path / "scored"
    folder.mkdir()
    best = [value + 0.1 for value in better]
    add_file(arenas.open_arena(arena.folder), HOSTILE, best, folder, base)
    page = page_of(arena, tmp_path)
    assert not page.tags & {"script", "img"}
    assert "<script>alert(1)</script>" in page.text
    assert "from a file" in page.text
    assert "From cloud.jsonl; its prompt is unknown." in page.text
    # It is no method with 0 parameters.
    assert "not measurably worse: LoRA, r 32, 1,000." in page.text
    first = next(csv.DictReader(written(arena, tmp_path / "report.csv").splitlines()))
    assert (first["detail"], first["state"], first["parameters"], first["minutes"]) == (
        "from a file", "completed", "", ""
    )  # fmt: skip
    assert first["rouge1_against_base_verdict"] == "better"
    tree = json.loads(written(arena, tmp_path / "report.json"))
    assert tree["groups"][0]["rows"][0]["trainable_parameters"] is None


def test_a_headline_claims_no_win_over_the_base_that_is_none(home, tmp_path):
    arena = make_arena("lora", "ia3")
    score(arena, 0, (0.2, 0.5, 0.4, 0.6) * 8, BASE * 8)
    score(arena, 1, (0.1, 0.2, 0.3, 0.4) * 8, BASE * 8)
    text = page_of(arena, tmp_path).text
    assert "No entry is measurably better than the base model LoRA, r 32 scores highest: ROUGE-1 42.5" in text
    assert "the base model 45.0." in text


def test_scores_of_another_protocol_have_a_table_of_their_own(home, tmp_path):
    arena = make_arena("lora", "ia3", "full")
    score(arena, 0, FULL, beams=4)
    score(arena, 1, FULL)
    score(arena, 2, FULL)
    text = page_of(arena, tmp_path).text
    assert "Results under another protocol" in text
    assert "Not comparable with the first table: beams differ." in text


def test_a_recipe_that_is_damaged_is_told_and_the_rest_is_there(filled, tmp_path):
    filled.recipe_path(filled.entries[10]).write_text("no toml [", encoding="utf-8")
    (filled.folder / "recipe.toml").write_text("no toml [", encoding="utf-8")
    text = page_of(filled, tmp_path).text
    assert "LoKr, r 16 can't run" in text
    assert "The recipe that the entries share can't be read." in text
    assert "score highest" in text


def test_the_table_has_every_entry_and_no_formula(filled, tmp_path):
    rows = list(csv.DictReader(written(filled, tmp_path / "report.csv").splitlines()))
    assert len(rows) == len(filled.entries)
    assert {row["state"] for row in rows} == {"completed", "failed", "refused", "waiting"}
    path = filled.folder / "arena.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('"LoRA"', '"=LoRA"'), encoding="utf-8")
    titles = [row["entry"] for row in csv.DictReader(written(filled, tmp_path / "a.csv").splitlines())]
    assert "'=LoRA" in titles


def test_forgetting_stands_in_page_and_terminal_where_it_was_measured(home, tmp_path):
    arena = make_arena("lora", "prompt_only")
    losses = tuple(3.0 + index / 20 for index in range(12))
    measured = {"general_loss": (losses, tuple(loss + 0.14 for loss in losses))}
    text = {"text": "mine.txt", "digest": "9f3c", "passages": 12}
    score(arena, 0, FULL, measured=measured, general_text=text)
    score(arena, 1, FULL)
    statuses = arenas.Reader().read(arenas.open_arena(arena.folder))
    page = page_of(arena, tmp_path).text
    assert "Forgetting" in page
    assert "+0.14" in page
    assert "Loss on general text measured on mine.txt, 12 passages" in page
    lines = arena_lines(arena, statuses, arenas.groups(statuses))
    [lora] = [line for line in lines if line.startswith("LoRA")]
    assert "to 3.41, +0.14" in lora


def test_seeds_stand_as_one_row_with_their_spread_and_every_seed(home, tmp_path):
    arena = make_arena("lora", "prompt_only", seeds=3)
    base = [0.3 + at / 100 for at in range(40)]
    for place, gain in ((0, 0.08), (2, 0.1), (3, 0.12)):
        score(arena, place, [value + gain for value in base], base, spec=trained())
    score(arena, 1, base, base)
    page = page_of(arena, tmp_path)
    assert "Spread between seeds" in page.text
    assert "LoRA r 32 59.5 " in page.text
    assert " 2.0 3 seeds " in page.text
    assert "LoRA, r 32: Seed 42 scores 57.5, seed 43 59.5, seed 44 61.5." in page.text
    assert "The interval covers seeds and conversations" in page.text
    assert "Of a method with several seeds, it is that of the first." in page.text
    assert re.search(r"ROUGE-1 59.5 \(.+ to .+\) over 3 seeds, the base model 49.5.", page.text)
    # Seeds have no differences of their own.
    assert "training.seed" not in page.text
    assert "LoRA, r 32 method.id lora" in page.text
    told = report.gather_arena(arenas.open_arena(arena.folder))
    assert told.numbers == {
        "lora-r-32-seed-42": 1, "lora-r-32-seed-43": 1, "lora-r-32-seed-44": 1, "prompt-only-no-examples": 2
    }  # fmt: skip
    text = written(arena, tmp_path / "report.html")
    losses = [each for each in sound_plots(text)[-1].iter("path") if each.get("class", "").startswith("run")]
    assert len(losses) == 2
    row = next(csv.DictReader(written(arena, tmp_path / "report.csv").splitlines()))
    assert (row["seeds"], row["seeds_scored"], row["seeds_total"]) == ("42 43 44", "3", "3")
    assert float(row["rouge1_spread"]) == pytest.approx(0.02)


def trained() -> RunSpec:
    return RunSpec(steps=20, outcome=None, gain=None, facts={"trainable_parameters": 1000})
