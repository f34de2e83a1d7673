"""A run that trains nothing: the prompt as an adapter, scored, kept, and used like any other."""

import json

import pytest

from engine.adapters import library
from engine.config import recipe as recipes
from engine.config.prompts import DEFAULT_PROMPT, rendered
from engine.errors import AdapterError, RecipeError
from engine.jobs.job import create_job
from engine.runs import run_store
from engine.system.paths import adapters_folder, jobs_folder
from engine.worker.dataset.prompting import NUM_PINNED, prompter_from_metadata
from engine.worker.exports import merged_model
from engine.worker.generation import generate
from engine.worker.planning.planner import Planner
from tests.helpers.tiny_runs import (
    adapter_of,
    completed,
    events_named,
    on_event,
    request_stop,
    run_in_process,
    tiny_recipe,
    train_in_process,
)
from tests.helpers.worker_setup import load_tiny, make_channel

pytestmark = pytest.mark.torch

OWN = "data.prompt=Say it shortly: {conversation} Shortly: "
SHOTS = "data.shots=2"
PLAIN = "This is the unchanged base model. Edit the prompt, or add examples."


def order(events):
    told = ("run_started", "adapter_saved", "evaluated", "job_ended")
    return [event["event"] for event in events if event["event"] in told]


def evaluate(recipe, *adapters):
    arguments = {"adapters": [adapter.id for adapter in adapters]}
    job = create_job(jobs_folder(), "evaluate", arguments, recipe=recipes.dumps(recipe))
    _, events = completed(job)
    return events_named(events, "result_made")[0]["result"], events


def test_a_prompt_is_scored_against_the_plain_one_and_kept_as_a_metadata(tmp_path):
    recipe = tiny_recipe(tmp_path, "llama", "prompt_only", OWN, SHOTS)
    job, events = completed(recipe)

    assert PLAIN not in [event["message"] for event in events_named(events, "notice")]
    assert order(events) == ["evaluated", "run_started", "adapter_saved", "evaluated", "job_ended"]
    started = events_named(events, "run_started")[0]
    assert (started["total_steps"], started["trainable_parameters"]) == (0, 0)
    assert started["all_parameters"] == started["base_parameters"] > 0
    base, own = events_named(events, "evaluated")
    assert own["protocol"] == base["protocol"]
    assert (own["protocol"]["prompt"], own["protocol"]["shots"]) == (DEFAULT_PROMPT, 0)
    assert own["prompt"] == {"template": recipe.data.prompt, "shots": 2}
    adapter = adapter_of(events)
    assert sorted(path.name for path in adapter.folder.iterdir()) == ["adapter.toml", "recipe.toml"]
    assert adapter.is_prompt
    assert adapter.metadata.prompt.template == recipe.data.prompt
    rows = [json.loads(line) for line in (tmp_path / "data" / "train.jsonl").read_text().splitlines()]
    assert [shot.conversation for shot in adapter.metadata.prompt.shots] == [
        row["dialogue"] for row in rows[:2]
    ]
    assert adapter.metadata.score_card.difference == own["difference"]
    assert run_store.open_run(job).state.difference == own["difference"]


def test_a_prompts_summaries_of_the_pinned_conversations_are_shown(tmp_path):
    recipe = tiny_recipe(tmp_path, "t5", "prompt_only", OWN, SHOTS)
    job, events = train_in_process(recipe)
    made = events_named(events, "sample_made")
    text = (tmp_path / "data" / "validation.jsonl").read_text()
    rows = [json.loads(line) for line in text.splitlines()][:NUM_PINNED]
    assert [sample["reference"] for sample in made] == [row["summary"] for row in rows]
    assert {sample["step"] for sample in made} == {0}
    told = [event["event"] for event in events]
    assert told.index("run_started") < told.index("sample_made") < told.index("adapter_saved")
    base = load_tiny("t5")
    asked = [
        prompter_from_metadata(adapter_of(events).metadata.prompt, base, 512, 128).input_ids(row["dialogue"])
        for row in rows
    ]
    rendered = generate.generate(
        base.model, base.tokenizer, base.family, asked, beams=1,
        max_new_tokens=recipe.evaluation.max_new_tokens,
    )  # fmt: skip
    assert [sample["summary"] for sample in made] == [each.text for each in rendered]
    assert len(run_store.open_run(job).state.samples) == NUM_PINNED


def test_evaluate_scores_a_prompt_with_its_own_words_beside_the_base_with_the_recipes(tmp_path):
    _, events = train_in_process(tiny_recipe(tmp_path, "t5", "prompt_only", OWN, SHOTS))
    adapter = adapter_of(events)
    data = tmp_path / "data" / "train.jsonl"
    data.write_text("\n".join(reversed(data.read_text().splitlines())), encoding="utf-8")
    result, told = evaluate(tiny_recipe(tmp_path / "again", "t5"), adapter)
    assert result["protocol"]["prompt"] == DEFAULT_PROMPT
    assert result["adapters"][0]["prompt"] == {"template": adapter.metadata.prompt.template, "shots": 2}
    assert result["adapters"][0]["scores"] == events_named(events, "evaluated")[-1]["scores"]
    assert "another prompt" not in "".join(event["message"] for event in events_named(told, "notice"))


def test_a_trained_adapter_reads_its_examples_again_in_the_playground(tmp_path):
    _, events = train_in_process(tiny_recipe(tmp_path, "t5", "lora", "training.max_steps=1", SHOTS))
    prompted = [train_in_process(tiny_recipe(tmp_path, "t5", "prompt_only", OWN, SHOTS))[1]]
    assert events_named(events, "run_started")[0]["examples"]["train"] == 22
    columns = [None, adapter_of(events), adapter_of(prompted[0])]
    texts = read_by(columns)
    shown = [shot.summary for shot in columns[1].metadata.prompt.shots]
    assert all(text in texts[0] and text in texts[1] for text in shown)
    assert texts[0] == texts[1] != texts[2]
    assert texts[2].startswith("Say it shortly:")
    assert texts[2].count("Shortly:") == 3
    # Beside a prompt alone the base gets the plain one: with the same words there were nothing to compare.
    assert read_by([None, columns[2]])[0].startswith("Summarize the following conversation.")


def read_by(columns):
    """What each column of the playground would read of one conversation."""
    from engine.worker.serving import requests
    from engine.worker.serving.columns import make_column

    names = [column.id if column else None for column in columns]
    asked = {"request": "one", "conversation": "Ann: hi", "columns": names, "max_new_tokens": 8}
    request, base = requests.from_command(asked), load_tiny("t5")
    return [make_column(name, request, base).prompter.prompt("Ann: hi") for name in names]


def test_a_stop_while_it_is_scored_leaves_nothing_and_a_resume_starts_over(tmp_path, monkeypatch):
    recipe = tiny_recipe(tmp_path, "t5", "prompt_only", OWN)
    with monkeypatch.context() as patch:
        on_event(patch, lambda event, facts: event == "run_started", request_stop)
        job, events = train_in_process(recipe)
    assert events[-1]["outcome"] == "stopped"
    assert list(adapters_folder().iterdir()) == []
    assert not events_named(events, "adapter_saved")
    _, resumed = completed(job)
    tuned = run_store.open_run(job).state.tuned_scores
    assert tuned is not None
    assert tuned["of"] == adapter_of(resumed).id
    assert [event["event"] for event in run_in_process(job)][-2:] == ["adapter_saved", "job_ended"]


def test_a_prompt_moves_like_an_adapter_and_is_no_weights(tmp_path):
    recipe = tiny_recipe(tmp_path, "t5", "prompt_only", OWN, SHOTS)
    _, events = train_in_process(recipe)
    adapter = adapter_of(events)
    taken = library.import_adapter(library.export_zip(adapter, tmp_path / "it.zip"))
    assert taken.is_prompt
    assert taken.metadata.prompt == adapter.metadata.prompt
    assert library.restore_adapter(library.delete(taken)).id == taken.id
    with pytest.raises(AdapterError, match="can't be merged"):
        merged_model.refuse_unmergeable(adapter)
    going_on = tiny_recipe(tmp_path, "t5", "lora", f"method.start_from={adapter.id}")
    with pytest.raises(RecipeError, match="without weights") as caught:
        run_store.create_run(going_on)
    assert caught.value.field == "method.start_from"
    from_nothing = tiny_recipe(tmp_path, "t5", "prompt_only", f"method.start_from={adapter.id}")
    with pytest.raises(RecipeError, match="trains nothing"):
        run_store.create_run(from_nothing)


def test_a_plan_of_a_prompt_trains_nothing_and_tells_what_is_read(tmp_path):
    recipe = tiny_recipe(tmp_path, "t5", "prompt_only", OWN, SHOTS)
    made = Planner(make_channel("plan")).plan(recipe)
    assert (made["steps"], made["trainable_parameters"], made["matrices"]) == (0, 0, 0)
    assert made["adapter_bytes"] == 0
    assert made["all_parameters"] > 0
    assert made["problems"] == []
    assert made["learned_preview"]["pieces"] == []
    assert len(made["prompt"]["shots"]) == 2


@pytest.mark.parametrize("kind", ["t5", "llama"])
def test_a_plan_tells_what_fills_the_prompt_and_how_long_that_is(tmp_path, kind):
    recipe = tiny_recipe(tmp_path, kind, "lora", OWN, SHOTS)
    planner = Planner(make_channel("plan"))
    told = planner.plan(recipe)["prompt"]
    rows = [json.loads(line) for line in (tmp_path / "data" / "train.jsonl").read_text().splitlines()]
    filled = [(row["dialogue"], row["summary"]) for row in rows[:2]]
    assert told["shots"] == filled
    assert told["conversation"] == rows[2]["dialogue"]
    text = "".join(part.text for part in rendered(told["template"], told["conversation"], told["shots"]))
    base = load_tiny(kind)
    assert told["tokens"] == len(base.tokenizer(text)["input_ids"])
    assert told["positions"] == (None if kind == "t5" else base.model.config.max_position_embeddings)
    alone = planner.plan(tiny_recipe(tmp_path, kind, "lora", OWN))["prompt"]
    assert alone["shots"] == []
    assert 0 < told["shots_tokens"] < told["tokens"]
    assert alone["shots_tokens"] == 0
