import pytest

from engine.config.decoding import DecodingOptions, SummarizeOptions, from_command, problems
from engine.errors import RecipeError

OLD = {"request": "one", "conversation": "Ann: Hi", "columns": [None], "beams": 4, "max_new_tokens": 30}


def test_a_command_of_an_earlier_version_is_still_one():
    assert from_command({**OLD, "temperature": 0}) == SummarizeOptions(beams=4, max_new_tokens=30)
    assert from_command({}) == SummarizeOptions()


def test_a_value_that_can_t_be_is_told_with_its_field():
    with pytest.raises(RecipeError) as told:
        from_command({**OLD, "top_p": 0.0, "seed": -1})
    assert [problem.field for problem in told.value.problems] == ["top_p", "seed"]
    assert told.value.message.startswith("Top-p: more than 0")


@pytest.mark.parametrize(
    ("options", "field"),
    [
        (DecodingOptions(beams=2, temperature=0.5), "beams"),
        (DecodingOptions(min_new_tokens=40, max_new_tokens=30), "min_new_tokens"),
    ],
)
def test_settings_that_contradict_each_other_are_told(options, field):
    (problem,) = problems(options)
    assert problem.field == field
    assert problem.hint
    with pytest.raises(RecipeError, match=problem.message[:20]):
        from_command(options.model_dump())


def test_ctranslate2_takes_no_setting_that_it_lacks_but_those_without_effect():
    fits = {"beams": 4, "length_penalty": 0.5, "top_p": 0.9, "seed": 7, "long_conversations": "piecewise"}
    assert problems(SummarizeOptions(runtime="ctranslate2", **fits)) == []
    lacks = {"temperature": 0.5, "repetition_penalty": 1.2, "no_repeat_ngram": 2, "min_new_tokens": 3}
    told = problems(SummarizeOptions(runtime="ctranslate2", **lacks))
    assert {problem.field for problem in told} == set(lacks)
    assert problems(SummarizeOptions(**lacks)) == []
