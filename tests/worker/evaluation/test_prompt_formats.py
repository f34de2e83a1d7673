"""The base model is scored at its best: plain and in its own chat format, and then in the better one on all."""

from dataclasses import replace

import pytest

from engine.config.recipe import BaseModelOptions
from engine.errors import BaseModelError
from engine.text.conversations import Example
from engine.worker.dataset import dataset, prompting
from engine.worker.evaluation import evaluator
from engine.worker.evaluation.evaluator import Evaluator, prompt_formats
from engine.worker.modeling import base_models
from tests.helpers.channel_events import events_of
from tests.helpers.chat_templates import CHATML, chat_model
from tests.helpers.worker_setup import attach_random, make_channel, make_recipe, write_conversations

pytestmark = pytest.mark.torch
MEASURE = evaluator.measure_model
GERMAN = "Die Kollegen verschieben ihre Besprechung auf nächsten Dienstag, weil der Chef krank ist."


class Stage:
    """A base model, a recipe, and what was summarised: the format and the examples of each call."""

    def __init__(self, tmp_path, monkeypatch, **evaluation):
        folder = chat_model("llama", tmp_path / "model", CHATML)
        source = write_conversations(tmp_path / "data", 6)
        tables = {"base_model": {"id": str(folder), "precision": "float32"}}
        evaluation = {"max_new_tokens": 12, "general_text": "none"} | evaluation
        self.auto = make_recipe("llama", str(source), evaluation=evaluation, **tables)
        self.channel = make_channel("evaluate", self.auto)
        options = BaseModelOptions(id=str(folder), precision="float32")
        self.base = base_models.load(options, "cpu", self.channel)
        self.recipe = prompting.with_resolved_format(self.auto, self.base.tokenizer)
        self.splits = dataset.read(self.recipe.data, self.channel)
        self.summarised = []
        # What each format scores, where that is not what the model writes; an error is raised.
        self.rouge1 = {}
        monkeypatch.setattr(evaluator, "measure_model", self._measured)

    def _measured(self, channel, base, model, recipe, examples, prompter, *more, **named):
        told = self.rouge1.get(prompter.format)
        if isinstance(told, Exception):
            raise told
        self.summarised.append((prompter.format, len(examples)))
        found = MEASURE(channel, base, model, recipe, examples, prompter, *more, **named)
        values = found.rouge["rouge1"] if told is None else [told] * len(examples)
        return found.model_copy(update={"rouge": {**found.rouge, "rouge1": values}})

    @property
    def evaluator(self):
        return Evaluator(self.channel, self.base, self.recipe, self.splits)


@pytest.fixture
def stage(tmp_path, monkeypatch):
    return Stage(tmp_path, monkeypatch)


def test_auto_is_the_chat_format_of_a_model_that_has_one(stage):
    assert stage.auto.data.prompt_format == "auto"
    assert stage.recipe.data.prompt_format == "chat"
    assert prompt_formats(stage.recipe, stage.base.tokenizer) == ["chat", "plain"]
    plain = prompting.in_format(stage.recipe, "plain")
    assert prompt_formats(plain, stage.base.tokenizer) == ["plain", "chat"]


def test_a_model_without_a_template_has_one_format():
    recipe = make_recipe("llama")
    tokenizer = base_models.load(recipe.base_model, "cpu", make_channel("evaluate")).tokenizer
    resolved = prompting.with_resolved_format(recipe, tokenizer)
    assert resolved.data.prompt_format == "plain"
    assert prompt_formats(resolved, tokenizer) == ["plain"]


@pytest.mark.parametrize(
    ("scores", "best"), [((0.2, 0.1), "chat"), ((0.1, 0.2), "plain"), ((0.1, 0.1), "chat")]
)
def test_the_better_format_counts_and_the_recipes_own_wins_a_tie(stage, scores, best):
    stage.rouge1 = dict(zip(("chat", "plain"), scores, strict=True))
    baseline = stage.evaluator.score_base()
    assert baseline.base_forms == pytest.approx(stage.rouge1)
    assert baseline.protocol["prompt_format"] == "chat"
    assert baseline.protocol["base_form"] == {"prompt_format": best, "of": ["chat", "plain"], "examples": 6}
    model = attach_random(stage.base, stage.recipe)
    tuned = stage.evaluator.score(model, "mine", 1, baseline)
    assert tuned.protocol == baseline.protocol
    card = tuned.card(baseline)
    assert (card.base_forms, card.base) == (pytest.approx(stage.rouge1), baseline.scores)


def test_formats_are_compared_on_few_and_only_the_best_is_scored_on_all(stage, monkeypatch):
    monkeypatch.setattr(evaluator, "COMPARED_EXAMPLES", 2)
    stage.rouge1 = {"chat": 0.1, "plain": 0.2}
    found = stage.evaluator.score_base()
    assert stage.summarised == [("chat", 2), ("plain", 2), ("plain", 4)]
    assert found.values.examples == tuple(example.id for example in stage.splits.test)
    assert len(found.values.summaries) == len(found.values.rouge["rouge1"]) == 6
    assert found.protocol["base_form"]["examples"] == 2
    # All of it is cached.
    assert stage.evaluator.score_base() == found
    assert len(stage.summarised) == 3


def test_the_recipe_can_ask_for_its_own_format_alone(tmp_path, monkeypatch):
    alone = Stage(tmp_path, monkeypatch, base_forms="recipe")
    whole = alone.evaluator.score_base()
    assert alone.summarised == [("chat", 6)]
    assert (whole.base_forms, "base_form" in whole.protocol) == ({}, False)
    monkeypatch.setattr(evaluator, "COMPARED_EXAMPLES", 2)
    both = Stage(tmp_path / "again", monkeypatch)
    both.rouge1 = {"chat": 0.2, "plain": 0.1}
    in_parts = both.evaluator.score_base()
    assert in_parts.values.summaries == whole.values.summaries
    assert in_parts.values.metrics == whole.values.metrics


def test_a_format_that_cant_be_scored_is_left_out_with_a_notice_and_the_recipes_own_is_an_error(stage):
    stage.rouge1["plain"] = BaseModelError("This base model supports 64 tokens; prompt and summary need 70.")
    assert stage.evaluator.score_base().base_forms == {}
    [notice] = events_of(stage.channel, "notice")
    assert notice["message"].startswith(
        "The base model can't be scored in plain format: This base model supports 64"
    )
    stage.recipe = prompting.in_format(stage.recipe, "plain")
    with pytest.raises(BaseModelError):
        stage.evaluator.score_base()


@pytest.mark.parametrize(("first", "read_again"), [("Ok, Pizza.", True), (GERMAN, False)])
def test_first_examples_in_another_language_are_read_again(stage, monkeypatch, first, read_again):
    monkeypatch.setattr(evaluator, "COMPARED_EXAMPLES", 1)
    summaries = [first, *[GERMAN] * (len(stage.splits.test) - 1)]
    test = tuple(Example(str(index), "Ann: hi", text) for index, text in enumerate(summaries))
    stage.splits = replace(stage.splits, test=test)
    stage.evaluator.score_base()
    assert stage.summarised[-1][1] == (6 if read_again else 5)
