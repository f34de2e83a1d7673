"""The tables that a form holds, as a text that survives being unfinished and being read by a later version."""

from __future__ import annotations

import json

import pytest

from engine.api import METHODS, recipe
from gui.forms.recipe_tables import complete, copied, from_text, preset, text_of

BASICS = {"base_model": {"id": "starter"}, "data": {"source": "sample"}, "method": {"id": "lora"}}


@pytest.fixture
def tables():
    return complete(recipe.from_tables(BASICS).as_tables())


def test_tables_come_back_from_their_text_also_with_problems(tables):
    tables["training"]["epochs"] = -1
    assert from_text(text_of(tables)) == json.loads(json.dumps(tables))


def test_what_is_no_longer_declared_is_left_out(tables):
    told = copied(tables)
    told["training"] = told["training"] | {"gone": 1}
    told["method"] = told["method"] | {"gone": 1}
    assert from_text(text_of(told)) == from_text(text_of(tables))
    assert recipe.from_tables(from_text(text_of(told))) == recipe.from_tables(tables)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"method": {}}', "3"])
def test_another_text_is_refused(text):
    with pytest.raises(ValueError, match=r".*"):
        from_text(text)


def test_a_method_that_is_gone_is_refused(tables):
    with pytest.raises(KeyError):
        from_text(text_of(tables | {"method": {"id": "gone"}}))


def test_a_copy_can_be_changed_alone(tables):
    copied(tables)["training"]["epochs"] = 99
    assert tables["training"]["epochs"] != 99


@pytest.mark.parametrize("entry", METHODS, ids=lambda entry: entry.id)
def test_every_method_has_a_preset_for_any_family(entry):
    for family in ("encoder-decoder", "decoder-only"):
        assert preset(entry.id, family)["id"] == entry.id
