"""What holds for every method of the registry, without a list of them."""

import json

import pytest

from engine.methods import FAMILIES, METHODS, BaseFacts, method, methods_of, tuner_of, unknown_method
from engine.options import check, describe

every_method = pytest.mark.parametrize("entry", METHODS, ids=[entry.id for entry in METHODS])


def test_ids_are_unique_and_found():
    assert len({entry.id for entry in METHODS}) == len(METHODS) > 0
    assert all(method(entry.id) is entry for entry in METHODS)


@every_method
def test_methods_of_one_peft_type_share_its_tuner(entry):
    if entry.tuner is not None:
        assert {id(each.tuner) for each in methods_of(entry.peft_type)} == {id(entry.tuner)}
        assert tuner_of(entry.peft_type) is entry.tuner


@every_method
def test_presets_give_valid_options_for_each_family(entry):
    assert entry.families
    for family in entry.families:
        options, problems = check(entry.options, entry.preset_options(family), "method")
        assert options is not None, problems
        assert (entry.presets[family].learning_rate > 0) == entry.trains


@every_method
def test_variants_are_valid_and_differ_from_the_preset(entry):
    for family in entry.families:
        for variant in entry.variants:
            preset = entry.preset_options(family)
            varied = preset | dict(variant.options)
            assert check(entry.options, varied, "method")[0] is not None
            assert varied != preset or variant.tables


@every_method
def test_settings_reach_peft_under_its_own_names(entry):
    values = entry.preset_options(entry.families[0])
    options, _ = check(entry.options, values, "method")
    assert options is not None
    settings = entry.peft_settings(options)
    for info in describe(entry.options):
        if info.peft_name != "-" and values[info.name] is not None:
            assert info.peft_name in settings


@every_method
def test_an_entry_can_be_printed_as_json(entry):
    printed = json.loads(json.dumps(entry.as_dict()))
    assert printed["id"] == entry.id
    assert set(printed["families"]) <= set(FAMILIES)
    assert [option["name"] for option in printed["options"]] == list(entry.options.model_fields)


@every_method
def test_an_entry_explains_itself(entry):
    assert 0 < len(entry.summary) <= 60
    assert not entry.summary.endswith(".")
    assert len(entry.explanation) >= 80
    assert "none" in entry.quantizations


def test_an_unknown_id_gets_the_nearest_known_one():
    entry = METHODS[0]
    problem = unknown_method(entry.id + "a")
    assert problem is not None
    assert problem.field == "method.id"
    assert problem.hint == f"Did you mean {entry.id}?"
    assert unknown_method(entry.id) is None


@every_method
def test_a_family_it_can_not_do_is_refused_with_a_method_by_title_and_id(entry):
    nearest = method(entry.nearest)
    missing = [family for family in FAMILIES if family not in entry.presets]
    refusals = [entry.refusal(None, BaseFacts(family)) for family in missing]
    assert [problem.hint for problem in refusals if problem] == [
        f"The closest method that works: {nearest.title}." for _ in missing
    ]
    assert all(family in nearest.presets for family in missing)
