import json
from pathlib import Path

import pytest

from engine.worker.planning import readiness
from engine.worker.planning.planner import Planner
from engine.worker.runtime.channel import Channel
from tests.helpers.tiny_runs import tiny_recipe
from tests.helpers.worker_setup import make_channel

pytestmark = pytest.mark.torch

GERMAN = (
    "Anna: Kommst du heute Abend zum Essen?\nBernd: Ja, gerne, ich bringe noch einen Kuchen mit und Wein."
)


@pytest.fixture
def channel():
    return make_channel("plan")


def german(folder: Path, summary: str = "Bernd bringt Kuchen mit.", count: int = 40) -> Path:
    file = folder / "chats.jsonl"
    rows = [{"dialogue": f"{GERMAN}\nAnna: {number}", "summary": summary} for number in range(count)]
    file.write_text("\n".join(map(json.dumps, rows)) + "\n", "utf-8")
    return file


def plan(channel: Channel, folder: Path, *overrides: str):
    usual = ("training.epochs=0", "evaluation.examples=0")
    return Planner(channel).plan(tiny_recipe(folder, "t5", "lora", *usual, *overrides))


def warnings(found) -> list[str]:
    return [each["message"] for each in found["notices"] if each.get("level") == "warning"]


def test_a_plan_names_what_a_verdict_hangs_on(tmp_path, channel):
    found = plan(channel, tmp_path, f"data.source={json.dumps(str(german(tmp_path)))}")["readiness"]
    assert (found["scored"], found["language"], found["base_languages"]) == (4, "de", ())
    assert found["learned"].items() >= {"limit": 64, "over": 0, "of": 32}.items()
    assert 5 < found["learned"]["longest"] <= 64


def test_too_few_scored_conversations_are_said_with_what_to_do(tmp_path, channel):
    written = "evaluation.max_new_tokens=0"
    few = plan(channel, tmp_path, written)
    assert warnings(few) == ["Only 6 conversations to test on; a verdict needs 10."]
    assert "Add conversations" in few["notices"][-1]["hint"]
    limited = plan(channel, tmp_path, written, "evaluation.examples=3")
    assert "evaluation.examples" in limited["notices"][-1]["hint"]
    assert "data.max_test" in plan(channel, tmp_path, written, "data.max_test=3")["notices"][-1]["hint"]
    assert warnings(plan(channel, tmp_path, written, 'evaluation.split="train"')) == []


def test_a_plan_counts_conversations_that_all_wait_for_a_summary(tmp_path, channel):
    found = plan(channel, tmp_path, f"data.source={json.dumps(str(german(tmp_path, '')))}")
    assert found["unlabelled"] == 40
    assert [problem["field"] for problem in found["problems"]] == ["data.summary"]
    assert "unlabelled" not in plan(channel, tmp_path)


def test_limits_by_hand_that_cut_many_are_said(tmp_path, channel):
    source = f"data.source={json.dumps(str(german(tmp_path, 'Bernd kommt. ' * 20, 200)))}"
    assert not [
        text
        for text in warnings(plan(channel, tmp_path, source, "evaluation.max_new_tokens=0"))
        if "reference" in text
    ]
    cut = plan(channel, tmp_path, source, "data.max_summary_tokens=20", "data.max_conversation_tokens=10")
    conversations, references, outputs = warnings(cut)
    assert conversations == "Cut at 10 tokens: 160 of 160 conversations."
    assert references == "Cut at 20 tokens: 160 of 160 references."
    assert outputs == "Over the output limit of 8: 20 of 20 references."


@pytest.mark.parametrize(
    ("language", "known", "said"),
    [
        ("de", ("en",), "The conversations are in German; the base model is for English."),
        ("de", ("en", "de"), ""),
        ("de", (), ""),
        ("", ("en",), ""),
    ],
)
def test_a_language_that_the_base_model_is_not_made_for_is_said(language, known, said, tmp_path):
    facts = {"scored": 100, "language": language, "base_languages": known}
    found = readiness.doubts(tiny_recipe(tmp_path, "t5"), facts, 100)
    assert [each["message"] for each in found] == ([said] if said else [])


@pytest.mark.parametrize(
    ("overrides", "message", "hint"),
    [
        (["training.epochs=2"], "With 6 steps a run learns little.", "training.epochs = 0"),
        (["training.max_steps=1"], "With 1 step a run learns little.", "training.max_steps"),
        (["training.max_steps=30"], "", ""),
        ([], "", ""),
    ],
)
def test_a_run_too_short_to_learn_is_said_with_what_to_do(overrides, message, hint, tmp_path, channel):
    found = plan(channel, tmp_path, "evaluation.max_new_tokens=0", *overrides)["notices"]
    short = [each for each in found if each.get("field") == "training.epochs"]
    assert [each["message"] for each in short] == ([message] if message else [])
    assert all(hint in each["hint"] for each in short)
