"""A run's report: one page that needs nothing else, obeys nothing that a conversation says, and its figures."""

import csv
import json
from pathlib import Path

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup

from engine import report
from engine.commands import cli
from engine.jobs.events import EventWriter
from engine.report import template
from engine.runs.example_scores import Texts
from engine.scoring.metrics import GENERAL_LOSS, METRICS
from gui.look import tokens
from tests.helpers.homes import RunSpec, add_run
from tests.helpers.report_pages import Page, sound_plots
from tests.helpers.scored_runs import add_scored_run, bundled, scores_of


def written(job, path: Path) -> str:
    report.write(report.gather_run(job), path)
    return path.read_text(encoding="utf-8-sig")


def page_of(job, tmp_path: Path) -> Page:
    return Page(written(job, tmp_path / "report.html"))


def test_the_page_tells_verdict_scores_samples_recipe_adapter_and_environment(home, tmp_path):
    job = add_scored_run()
    page = page_of(job, tmp_path)
    page.needs_nothing()
    assert "Better than the base model" in page.text
    assert "Scored on 40 test conversations of sample" in page.text
    for metric in METRICS.values():
        assert f" {metric.title} " in page.text
    for head in ("Conversation by conversation", "Sample summaries", "Adapter", "Environment", "Recipe"):
        assert head in page.text
    assert 'source = "sample"' in page.text
    assert "starter-lora" in page.text
    assert page.text.count("Gained most") == 1
    assert {"svg", "path", "table"} <= page.tags


def test_chrf_stands_beside_rouge_and_the_languages_in_the_protocol(home, tmp_path):
    scores = scores_of(bundled(12))
    metric = {"name": "rouge_score 0.1.2, Unicode words", "languages": {"zh": 12}, "unstemmed": ["zh"]}
    job = add_scored_run(scores=scores.model_copy(update={"protocol": scores.protocol | {"metric": metric}}))
    text = page_of(job, tmp_path).text
    assert text.index(" ROUGE-Lsum ") < text.index(" chrF ") < text.index("Other metrics")
    assert "Words are read as Chinese. There is no stemmer for Chinese. In Chinese, only numbers" in text


def test_the_data_is_told_with_its_source_licence_and_fingerprint_and_what_was_left_out(home, tmp_path):
    facts = {"excluded": {"train": 12, "test": 1}, "masked": {"email": 7}}
    page = page_of(add_scored_run(facts=facts), tmp_path)
    for told in (
        "Source sample",
        "Licence CC BY-NC-ND 4.0",
        "Fingerprint 9f3c41d8e07a",
        "Excluded 13 conversations (12 train, 1 test)",
        "Masked 7 matches (7 E-mail address)",
    ):
        assert told in page.text


@pytest.mark.parametrize("chrf", [{"measures": {"chrf": {"mean": 0.29}}}, {"measures": None}, {}])
def test_interim_scores_have_a_plot_and_are_in_the_data(home, tmp_path, chrf):
    job = add_scored_run()
    writer = EventWriter(job.events_path, {"run": job.id, "attempt": 1})
    for step, mean in ((20, 0.31), (40, 0.42)):
        scores = {"rouge1": {"mean": mean}}
        writer.write("evaluated", of="", split="validation", step=step, loss=1.5, scores=scores, **chrf)
    writer.close()
    text = written(job, tmp_path / "report.html")
    assert len(sound_plots(text)) == 4
    known = bool(chrf.get("measures"))
    assert "ROUGE-1, 42.0 at the last" in Page(text).text
    assert ("chrF, 29.0 at the last" in Page(text).text) is known
    tree = json.loads(written(job, tmp_path / "report.json"))
    assert tree["curves"]["validation_rouge1"] == {"steps": [20, 40], "values": [0.31, 0.42]}
    assert tree["curves"]["validation_chrf"] == (
        {"steps": [20, 40], "values": [0.29, 0.29]} if known else {"steps": [], "values": []}
    )


@pytest.mark.parametrize("outcome", ["stopped", "failed"])
def test_a_run_that_ended_early_says_what_there_is(home, tmp_path, outcome):
    page = page_of(add_run(spec=RunSpec(steps=7, outcome=outcome, gain=None)), tmp_path)
    assert "No adapter was created" in page.text
    assert "7 of 40" in page.text


def test_the_figures_as_json_are_all_there(home, tmp_path):
    job = add_scored_run()
    tree = json.loads(written(job, tmp_path / "report.json"))
    assert tree["run"] == job.id
    assert set(tree["tuned"]["scores"]) | set(tree["tuned"]["measures"]) == set(METRICS)
    assert len(tree["conversations"]) == 40
    assert tree["conversations"][0]["base"]["scores"].keys() == METRICS.keys() - {GENERAL_LOSS}
    assert len(tree["curves"]["loss"]["steps"]) == 60
    assert tree["passport"]["name"] == "starter-lora"


def test_the_figures_as_csv_carry_no_formula(home, tmp_path):
    scores = scores_of([Texts(conversation="Ann: Hi", references=("Hi.",))] * 2)
    job = add_scored_run(scores=scores.model_copy(update={"examples": ("=1+1", "@b")}))
    rows = list(csv.DictReader(written(job, tmp_path / "report.csv").splitlines()))
    assert {row["figure"] for row in rows} >= {*METRICS, "loss", "validation_loss", "seconds"}
    assert {row["conversation"] for row in rows} == {"", "'=1+1", "'@b"}
    [mean] = [row for row in rows if (row["figure"], row["model"]) == ("rouge1", "difference")]
    assert float(mean["low"]) <= float(mean["value"]) <= float(mean["high"])


def test_the_command_line_writes_it_here_or_where_it_is_told(home, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    job = add_scored_run()
    assert cli.run(cli.parse(["runs", "report", job.id[:20]])) == 0
    page = tmp_path / f"{job.id}-report.html"
    assert "Better than the base model" in page.read_text(encoding="utf-8")
    assert capsys.readouterr().out == f"Wrote the report to {page}.\n"
    assert cli.run(cli.parse(["--json", "runs", "report", job.id, "--out", "figures.csv"])) == 0
    assert json.loads(capsys.readouterr().out) == {"run": job.id, "path": str(tmp_path / "figures.csv")}
    assert cli.run(cli.parse(["runs", "report", job.id, "--out", "figures.pdf"])) == 2
    assert cli.run(cli.parse(["runs"])) == 0


def test_the_colours_are_the_windows():
    for ours, theirs in ((template.LIGHT, tokens.LIGHT), (template.DARK, tokens.DARK)):
        assert ours == {name: getattr(theirs, name) for name in ours}
        assert f"--background:{ours['background']};" in page(title="x")


def page(**values: object) -> str:
    return template.render("page.html", **values)


def test_values_are_text_and_only_markup_stays_markup():
    assert "<title>&lt;b&gt; &amp; &#34;: report</title>" in page(title='<b> & "')
    assert "<title><i>plot</i>: report</title>" in page(title=Markup("<i>plot</i>"))


def test_a_value_that_is_missing_is_an_error():
    with pytest.raises(UndefinedError, match="'title' is undefined"):
        page()


@pytest.mark.parametrize(
    ("character", "shown"),
    [
        ("\x00", r"\x00"), ("\x1b", r"\x1b"), ("\x85", r"\x85"), ("\u202e", r"\u202e"), ("\ud800", r"\ud800"),
        ("\ufdd0", "\ufffd"), ("\uffff", "\ufffd"),
    ],
)  # fmt: skip
def test_characters_that_a_page_may_not_hold_are_written_out_or_replaced(character, shown):
    assert f"<title>a{shown}b: report</title>" in page(title=f"a{character}b")
