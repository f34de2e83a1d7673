import pytest

from engine.computers import sending
from engine.computers.computer import Computer
from engine.config import recipe as recipes
from engine.errors import ComputerError

LAB = Computer("lab", "ray", "lab.example:8265")
DESK = Computer("desk", "ssh", "127.0.0.1:8265", ssh="ann@desk.example")


def recipe_of(source, base="starter"):
    return recipes.from_tables(
        {"base_model": {"id": str(base)}, "data": {"source": str(source)}, "method": {"id": "lora"}}
    )


def test_conversations_and_models_are_named_with_their_size_and_for_whom(tmp_path):
    chats, model = tmp_path / "chats.csv", tmp_path / "model"
    chats.write_text("x" * 2_000)
    model.mkdir()
    (model / "config.json").write_text("{}")
    sent = [recipe_of(chats, model), recipe_of(chats, model)]
    lines = sending.lines(DESK, sent, {})
    assert lines[0] == "Sent to desk (ann@desk.example) unless already there:"
    assert lines[1:] == [f"  conversations, {chats}: 2.0 kB", f"  a model, {model}: 2 bytes"]
    assert list(sending.to_count(sent)) == [str(chats)]
    assert sending.lines(DESK, sent, {str(chats): 1_200})[1] == f"  1,200 conversations, {chats}: 2.0 kB"


def test_what_ships_with_tunesmith_is_not_sent():
    assert sending.of_recipes([recipe_of("sample")], {}) == []
    assert "None of your conversations" in sending.lines(LAB, [recipe_of("sample")], {})[0]


def test_a_card_of_this_computer_is_none_of_another():
    tables = recipe_of("sample").as_tables()
    tables["training"]["device"] = "cuda:1"
    with pytest.raises(ComputerError, match="cuda:1") as refused:
        sending.require_any_device(recipes.from_tables(tables))
    assert refused.value.field == "training.device"
    sending.require_any_device(recipe_of("sample"))


def test_offline_nothing_is_sent():
    with pytest.raises(ComputerError, match="offline") as refused:
        sending.require_online(LAB)
    assert refused.value.field == "--on"
