from datetime import UTC, date, datetime, timedelta

import pytest

from gui.models import list_text
from tests.helpers.homes import make_metadata, score_card

TODAY = date(2026, 3, 12)


def test_data_and_base_models_are_called_as_people_call_them():
    for source, text in {
        "knkarthick/samsum": "samsum",
        "/data/tickets.csv": "tickets.csv",
        "sample": "Sample conversations",
        "": "Unknown data",
    }.items():
        assert list_text.data_text(source) == text
    for base, text in {
        "google/flan-t5-base": "google/flan-t5-base",
        "/models/my-t5": "my-t5",
        "starter": "the practice model",
        "": "unknown base model",
    }.items():
        assert list_text.base_text(base) == text
    assert list_text.grouped_digits("9f3c41d8e07a") == "9f3c 41d8 e07a"


def test_a_protocol_is_told_by_count_decoding_runtime_and_references():
    assert list_text.protocol_text(score_card(0.4).protocol) == "819 test conversations, greedy"
    assert (
        list_text.protocol_text(score_card(0.4, examples=1, beams=4).protocol)
        == "1 test conversation, 4 beams"
    )
    protocol = score_card(0.4).protocol | {"runtime": {"name": "ctranslate2", "precision": "float32"}}
    assert list_text.protocol_text(protocol) == "819 test conversations, greedy, written by CTranslate2"
    protocol = score_card(0.4).protocol | {"references": {"most": 3, "counted": "best"}}
    assert list_text.protocol_text(protocol) == "819 test conversations, greedy, best of up to 3 references"


def test_the_data_that_was_scored_is_the_protocol_s():
    metadata = make_metadata("a")
    assert list_text.protocol_source(score_card(0.4, source="other/data"), metadata) == "other/data"
    bare = score_card(0.4).model_copy(update={"protocol": {"split": "test"}})
    assert list_text.protocol_source(bare, metadata) == "knkarthick/samsum"


@pytest.mark.parametrize(
    ("days", "text"), [(0, "Today"), (1, "Yesterday"), (3, "9 March"), (400, "5 February 2025")]
)
def test_a_day_is_a_heading(days: int, text: str):
    assert list_text.day_text(TODAY - timedelta(days=days), TODAY) == text


def test_a_moment_is_short_in_a_cell_and_whole_in_a_sentence():
    now = datetime(2026, 3, 12, 20, 0, tzinfo=UTC).astimezone()
    morning = now.replace(hour=8, minute=5)
    assert list_text.when_text(morning, now) == "today, 08:05"
    assert list_text.when_text(morning - timedelta(days=1), now) == "yesterday"
    assert list_text.when_text(morning - timedelta(days=3), now) == "9 Mar"
    assert list_text.moment_text(morning, now) == "today at 08:05"
    assert list_text.moment_text(morning - timedelta(days=3), now) == "on 9 March"


def test_a_method_names_its_setting_and_the_quantization_it_was_trained_on():
    metadata = make_metadata("a")
    assert list_text.method_text(metadata) == "LoRA, r 16"
    quantized = metadata.base_model.model_copy(update={"quantization": "nf4"})
    assert list_text.method_text(metadata.model_copy(update={"base_model": quantized})) == "LoRA, r 16, NF4"
