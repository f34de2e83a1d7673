import hashlib
from datetime import UTC, datetime

import pytest

from engine.adapters import metadata
from engine.adapters.metadata import AdapterMetadata, PromptFacts, protocol_key
from engine.config import prompts
from engine.errors import AdapterError
from tests.helpers import repository
from tests.helpers.homes import make_metadata, score_card

GOLDEN = repository.GOLDEN / "adapter_v1"


def test_the_first_schema_is_still_read():
    found = metadata.load(GOLDEN)
    assert (found.name, found.origin, found.tags) == ("samsum-lora-r32", "trained", ["names", "short"])
    assert found.notes == "Keeps names right.\nSometimes guesses the weekday."
    assert found.made == datetime(2026, 3, 12, 14, 14, tzinfo=UTC)
    assert found.base_model.id == "google/flan-t5-base"
    assert (found.method.id, found.method.summary, found.method.matrices) == ("lora", "r 32", 72)
    assert found.training.trainable_parameters == 3_538_944
    assert found.prompt is not None
    assert "{conversation}" in found.prompt.template
    card = found.score_card
    assert card is not None
    assert card.scores["rouge1"]["mean"] == pytest.approx(0.484)
    assert card.verdict() == "better"
    assert set(found.files) == {"adapter_config.json", "adapter_model.safetensors", "recipe.toml"}


@pytest.mark.parametrize(
    "prompt",
    [
        {"template": "{conversation}" + "x" * prompts.MAX_CHARACTERS},
        {"template": "{conversation}", "shots": [{"conversation": "x" * 2_000_000, "summary": ""}]},
    ],
    ids=["template", "shots"],
)
def test_a_prompt_without_end_is_refused_by_name(tmp_path, prompt):
    facts = PromptFacts(max_conversation_tokens=512, **prompt)
    metadata.save(make_metadata("a").model_copy(update={"prompt": facts}), tmp_path)
    with pytest.raises(AdapterError, match="characters") as caught:
        metadata.load(tmp_path)
    assert caught.value.field == "prompt"


def test_what_is_written_is_read_back(tmp_path):
    made = make_metadata("a", notes='„Quotes“ "and"\nlines\t\\', tags=["ä"], scores=[score_card(0.4)])
    metadata.save(made, tmp_path)
    assert metadata.load(tmp_path) == made


def test_keys_of_a_later_version_survive_a_rewrite(tmp_path):
    metadata.save(make_metadata("a"), tmp_path)
    path = tmp_path / metadata.FILE_NAME
    text = path.read_text(encoding="utf-8")
    path.write_text(
        'mood = "later"\n' + text.replace("[training]", '[training]\nmoon = "full"'), encoding="utf-8"
    )
    metadata.save(metadata.load(tmp_path).model_copy(update={"notes": "new"}), tmp_path)
    again = path.read_text(encoding="utf-8")
    assert 'mood = "later"' in again
    assert 'moon = "full"' in again
    assert 'notes = "new"' in again


def test_metadata_of_a_later_schema_is_refused_with_what_to_do(tmp_path):
    metadata.save(make_metadata("a", schema=metadata.SCHEMA + 1), tmp_path)
    with pytest.raises(AdapterError, match="later version") as caught:
        metadata.load(tmp_path)
    assert "Update" in caught.value.hint


@pytest.mark.parametrize(
    "content", ["", "no = = toml", 'schema = 1\nid = "a"', "\xff".encode("latin-1").decode("latin-1")]
)
def test_a_damaged_metadata_is_refused(tmp_path, content):
    (tmp_path / metadata.FILE_NAME).write_text(content, encoding="utf-8")
    with pytest.raises(AdapterError):
        metadata.load(tmp_path)


def test_scores_made_before_there_were_formats_are_those_of_a_plain_prompt():
    assert protocol_key({"a": 1}) == protocol_key({"a": 1, "prompt_format": "plain"})
    assert protocol_key({"a": 1}) != protocol_key({"a": 1, "prompt_format": "chat"})
    assert PromptFacts(template="{conversation}", max_conversation_tokens=9).format == "plain"


def test_new_scores_replace_those_of_the_same_protocol_only():
    made: AdapterMetadata = make_metadata("a", scores=[score_card(0.4), score_card(0.5, beams=4)])
    again = made.with_score(score_card(0.45))
    assert [round(card.scores["rouge1"]["mean"], 2) for card in again.scores] == [0.5, 0.45]
    assert again.score_card is again.scores[-1]
    assert make_metadata("b").score_card is None


def test_changed_missing_and_untouched_files_are_told_apart(tmp_path):
    for name in ("kept", "altered", "lost"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    made = make_metadata("a", files=metadata.checksums(tmp_path))
    metadata.save(made, tmp_path)
    (tmp_path / "altered").write_text("other", encoding="utf-8")
    (tmp_path / "lost").unlink()
    (tmp_path / "added").write_text("", encoding="utf-8")
    assert metadata.changed(tmp_path, made) == ["altered", "lost"]


@pytest.mark.parametrize("name", ["../outside", "{folder}/outside", "adapter.toml", "a\0b", "x" * 300])
def test_a_name_that_leads_elsewhere_counts_as_changed_and_is_not_read(tmp_path, name):
    (tmp_path / "inside").mkdir()
    for file in (tmp_path / "outside", tmp_path / "inside" / "adapter.toml"):
        file.write_bytes(b"1")
    name = name.format(folder=tmp_path)
    made = make_metadata("a", files={name: hashlib.sha256(b"1").hexdigest()})
    assert metadata.changed(tmp_path / "inside", made) == [name]
