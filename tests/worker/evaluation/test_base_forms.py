"""The base model is scored at its best: plain and in its own chat format, and then in the better one on all."""

from types import SimpleNamespace

import pytest

from engine.config.recipe import BaseModelOptions
from engine.errors import BaseModelError
from engine.text.conversations import Example
from engine.worker.dataset import dataset, prompting
from engine.worker.evaluation import base_forms, evaluator
from engine.worker.evaluation.base_forms import forms_of, measure_best_form
from engine.worker.modeling import base_models
from engine.worker.text_metrics.example_languages import tell_languages
from tests.helpers.channel_events import events_of
from tests.helpers.chat_templates import CHATML, chat_model
from tests.helpers.worker_setup import attach_random, make_channel, make_recipe, write_conversations

GERMAN = "Die Kollegen verschieben ihre Besprechung auf nächsten Dienstag, weil der Chef krank ist."

pytestmark = pytest.mark.torch


class Stage:
    """A base model, a recipe and the texts that the base writes in each format, one of which is made the reference."""

    def __init__(self, tmp_path, template=CHATML, count=6, **evaluation):
        folder = chat_model("llama", tmp_path / "model", template)
        source = write_conversations(tmp_path / "data", count)
        tables = {"base_model": {"id": str(folder), "precision": "float32"}}
        self.auto = make_recipe(
            "llama", str(source), evaluation={"max_new_tokens": 12, **evaluation}, **tables
        )
        self.channel = make_channel("evaluate", self.auto)
        options = BaseModelOptions(id=str(folder), precision="float32")
        self.base = base_models.load(options, "cpu", self.channel)
        self.recipe = prompting.settled(self.auto, self.base.tokenizer)
        self.splits = dataset.read(self.recipe.data, self.channel)

    def best(self, **changes):
        return measure_best_form(self.channel, self.base, self.recipe, self.splits, **changes)

    def score_as(self, monkeypatch, **rouge1):
        """Let each format score so much."""
        measure = base_forms.measure_model

        def scored(channel, base, model, recipe, examples, prompter, *more):
            found = measure(channel, base, model, recipe, examples, prompter, *more)
            values = [rouge1[prompter.format]] * len(examples)
            return found.model_copy(update={"rouge": {**found.rouge, "rouge1": values}})

        monkeypatch.setattr(base_forms, "measure_model", scored)


def test_auto_is_the_chat_format_of_a_model_that_has_one(tmp_path):
    stage = Stage(tmp_path)
    assert stage.auto.data.prompt_format == "auto"
    assert stage.recipe.data.prompt_format == "chat"
    assert forms_of(stage.recipe, stage.base.tokenizer) == ["chat", "plain"]
    plain = prompting.in_format(stage.recipe, "plain")
    assert forms_of(plain, stage.base.tokenizer) == ["plain", "chat"]


def test_a_model_without_a_template_has_one_form_and_the_protocol_of_before():
    recipe = make_recipe("llama")
    tokenizer = base_models.load(recipe.base_model, "cpu", make_channel("evaluate")).tokenizer
    settled = prompting.settled(recipe, tokenizer)
    assert settled.data.prompt_format == "plain"
    assert forms_of(settled, tokenizer) == ["plain"]


@pytest.mark.parametrize(
    ("scores", "best"), [((0.2, 0.1), "chat"), ((0.1, 0.2), "plain"), ((0.1, 0.1), "chat")]
)
def test_the_better_form_counts_and_the_recipe_s_own_wins_a_tie(tmp_path, monkeypatch, scores, best):
    stage = Stage(tmp_path)
    stage.score_as(monkeypatch, chat=scores[0], plain=scores[1])
    found = stage.best()
    assert found.prompt_format == best
    assert found.tried == pytest.approx({"chat": scores[0], "plain": scores[1]})
    assert found.facts() == {"base_form": {"prompt_format": best, "of": ["chat", "plain"], "examples": 6}}


def test_forms_are_compared_on_few_and_only_the_best_is_scored_on_all(tmp_path, monkeypatch):
    monkeypatch.setattr(base_forms, "COMPARED_EXAMPLES", 2)
    stage = Stage(tmp_path)
    stage.score_as(monkeypatch, chat=0.1, plain=0.2)
    counts = []
    measure = base_forms.measure_model

    def counted(*given):
        counts.append((given[5].format, len(given[4])))
        return measure(*given)

    monkeypatch.setattr(base_forms, "measure_model", counted)
    found = stage.best()
    assert counts == [("chat", 2), ("plain", 2), ("plain", 4)]
    assert found.values.examples == tuple(example.id for example in stage.splits.test)
    assert len(found.values.summaries) == len(found.values.rouge["rouge1"]) == 6
    assert found.compared == 2
    # All of it is cached.
    assert stage.best() == found
    assert len(counts) == 3


def test_a_form_of_parts_is_what_it_is_in_one(tmp_path, monkeypatch):
    stage = Stage(tmp_path, base_forms="recipe")
    whole = stage.best().values
    monkeypatch.setattr(base_forms, "COMPARED_EXAMPLES", 2)
    split = Stage(tmp_path / "again", base_forms="auto")
    split.score_as(monkeypatch, chat=0.2, plain=0.1)
    assert split.best().values.summaries == whole.summaries
    assert split.best().values.metrics == whole.metrics


def test_the_recipe_can_ask_for_its_own_form_alone(tmp_path):
    stage = Stage(tmp_path, base_forms="recipe")
    found = stage.best()
    assert (found.prompt_format, list(found.tried), found.facts()) == ("chat", ["chat"], {})


def test_a_form_that_can_t_be_scored_is_left_out_with_a_notice_and_the_recipe_s_own_is_an_error(
    tmp_path, monkeypatch
):
    stage = Stage(tmp_path)
    measure = base_forms.measure_model

    def failing(*given):
        if given[5].format == "plain":
            raise BaseModelError("This base model takes 64 tokens; prompt and summary need up to 70.")
        return measure(*given)

    monkeypatch.setattr(base_forms, "measure_model", failing)
    assert list(stage.best().tried) == ["chat"]
    [notice] = events_of(stage.channel, "notice")
    assert notice["message"].startswith(
        "The base model can't be scored in plain format: This base model takes 64"
    )
    stage.recipe = prompting.in_format(stage.recipe, "plain")
    with pytest.raises(BaseModelError):
        stage.best()


def test_the_evaluations_name_format_and_form(tmp_path, monkeypatch):
    stage = Stage(tmp_path)
    stage.score_as(monkeypatch, chat=0.1, plain=0.2)
    baseline = evaluator.score_base(stage.channel, stage.base, stage.recipe, stage.splits)
    assert baseline.protocol["prompt_format"] == "chat"
    assert baseline.protocol["base_form"]["prompt_format"] == "plain"
    model = attach_random(stage.base, stage.recipe)
    tuned = evaluator.score(stage.channel, stage.base, model, stage.recipe, stage.splits, "mine", 1, baseline)
    assert tuned.protocol == baseline.protocol
    card = tuned.card(baseline)
    assert card.base_forms == pytest.approx({"chat": 0.1, "plain": 0.2})
    assert card.base == baseline.scores


def test_first_examples_that_are_in_other_languages_among_all_are_read_again():
    begun = SimpleNamespace(examples=("0",))
    examples = [Example("0", "", "Ok, Pizza."), *(Example(str(index), "", GERMAN) for index in range(1, 4))]
    recipe = make_recipe("t5", "sample")
    languages = tell_languages(examples)
    assert languages == ("de",) * 4
    assert not base_forms._is_read_alike(begun, examples, languages, recipe)
    assert base_forms._is_read_alike(begun, examples[1:], languages[1:], recipe)
