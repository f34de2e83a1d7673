import pytest

from engine.config import setting_text
from engine.options import describe
from tests.helpers.declarations import DECLARATIONS, TABLES


@pytest.mark.parametrize("table", TABLES)
def test_a_key_is_called_what_the_form_calls_it(table):
    for info in describe(DECLARATIONS[table]):
        assert setting_text.title(f"{table}.{info.name}") == info.title


def test_a_value_is_text_for_people():
    assert setting_text.value("training.max_steps", 0) == "no limit"
    assert setting_text.value("training.max_steps", 1500) == "1,500"
    assert setting_text.value("training.activation_checkpointing", False) == "off"
    assert setting_text.value("method.id", "layernorm") == "LayerNorm tuning"
    assert setting_text.value("method.target_modules", ["q", "v"]) == "q, v"
    assert setting_text.called("paged_adamw_8bit") == "AdamW, 8 bits, paged"


def test_what_is_not_known_stays_as_it_is():
    assert setting_text.title("training.of_a_later_version") == "training.of_a_later_version"
    assert setting_text.value("method.id", "later") == "later"
    assert setting_text.value("x", 0) == "0"
