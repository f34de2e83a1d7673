import re

import pytest

from tests.helpers.fake_hub import FakeHub, use_hub
from tests.helpers.homes import add_adapter, score_card


def test_adapters_are_shown_side_by_side(call):
    for name, rouge1 in (("tea", 0.484), ("coffee", 0.471)):
        add_adapter(name, scores=[score_card(rouge1)])
    told = call("adapters", "compare", "tea", "coffee")
    head, *rows = told.out.splitlines()
    assert head.split() == ["tea", "coffee"]
    [scores] = [row for row in rows if row.startswith("ROUGE-1 ") and "gain" not in row]
    assert "48.4 (47.1 to 49.7)" in scores
    assert "47.1 (45.8 to 48.4)" in scores
    assert told.err == ""
    [found] = call("adapters", "compare", "tea", "coffee", "--json").json
    assert found["comparable"]
    assert [each["adapter"] for each in found["adapters"]] == ["tea", "coffee"]


def test_scores_that_can_not_be_compared_are_told(call):
    add_adapter("tea", scores=[score_card(0.484)])
    add_adapter("coffee", scores=[score_card(0.471, beams=4)])
    add_adapter("milk")
    told = call("adapters", "compare", "tea", "coffee", "milk")
    assert "not scored yet" in told.out
    assert "the scores aren't comparable" in told.err


@pytest.mark.parametrize("names", [("tea",), ("tea", "tea"), ("tea", "none")])
def test_what_can_not_be_compared_is_a_problem(call, names):
    add_adapter("tea")
    done = call("adapters", "compare", *names, "--json")
    assert (done.code, done.problems[0]["field"]) == (2, "adapter")


@pytest.fixture
def hub(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    with use_hub(FakeHub(tmp_path / "served"), tmp_path / "cache", monkeypatch) as served:
        yield served


def test_a_dry_run_shows_files_and_card_and_the_next_call_sends_them(in_process, hub):
    add_adapter("tea", scores=[score_card(0.484)])
    command = ("adapters", "export", "tea", "someone/summaries", "--to", "hub")
    shown = in_process.run(*command, "--dry-run")
    assert (shown.code, hub.requests) == (0, [])
    assert f"Nothing was uploaded. This would go to {hub.address}/someone/summaries, private:" in shown.out
    assert re.search(r"adapter_model\.safetensors +4\.2 kB", shown.out)
    assert "| ROUGE-1 | 46.9 (45.6 to 48.2) | 48.4 (47.1 to 49.7) |" in shown.out
    assert "may not share what you make from it" in shown.out
    done = in_process.run(*command)
    assert done.code == 0
    assert f"Sent tea to {hub.address}/someone/summaries, private." in done.out
    assert "hf_secret" not in shown.out + done.out + done.err
    assert hub.private == {"someone/summaries"}
    [result] = [line for line in in_process.run(*command, "--json").json if "files" in line]
    assert result["sent"]


def test_a_dry_run_is_for_the_hub_alone(call, tmp_path):
    add_adapter("tea")
    done = call("adapters", "export", "tea", str(tmp_path / "out"), "--dry-run", "--json")
    assert done.problems[0]["field"] == "--to"
    assert not (tmp_path / "out").exists()
