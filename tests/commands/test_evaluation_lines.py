"""What `evaluate` says: scores, what else was measured, and the verdicts last."""

from engine.commands.scoring import evaluation_lines
from engine.scoring.metrics import HEADLINE, OTHER_METRICS


def result(spread: dict[str, float], measured: bool = True) -> dict:
    scored = {"scores": {"rouge1": spread}}
    scored |= {"measures": {measure.name: spread for measure in OTHER_METRICS}} if measured else {}
    difference = {"rouge1": spread | {"verdict": "no measurable difference"}}
    adapter = scored | {"adapter": "mine", "difference": difference}
    return {"protocol": {"examples": 6}, "base": scored, "adapters": [adapter]}


def test_the_verdicts_are_the_last_lines():
    lines = evaluation_lines(result({"mean": 0.25, "low": 0.2, "high": 0.3}))
    assert lines[0].split() == ["ROUGE-1", "chrF"]
    others = [measure.title for measure in OTHER_METRICS if measure not in HEADLINE]
    assert others == [line[:23].rstrip() for line in lines[5:-2]]
    assert lines[-2] == ""
    assert lines[-1].endswith("on 6 conversations.")


def test_one_conversation_has_no_interval_in_any_line():
    lines = evaluation_lines(result({"mean": 0.25}))
    assert "25.0 (one conversation, so no interval)" in lines[1]
    assert "25.0 % (one conversation, so no interval)" in lines[-4]
    assert lines[-1].endswith("on one conversation, so no interval.")


def test_scores_of_an_earlier_version_stand_alone():
    lines = evaluation_lines(result({"mean": 0.25, "low": 0.2, "high": 0.3}, measured=False))
    assert len(lines) == 4
    assert lines[0].split() == ["ROUGE-1"]
