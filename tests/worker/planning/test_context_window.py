import json
import shutil
from pathlib import Path

import pytest

from engine.config.recipe import Recipe
from engine.text.conversations import Example
from engine.worker.dataset.prompter import Prompter
from engine.worker.modeling import base_models
from engine.worker.planning.planner import Planner
from tests.helpers.tiny_models import Kind, tiny_model
from tests.helpers.tiny_runs import tiny_recipe
from tests.helpers.worker_setup import make_channel

VIRTUAL = 7
ANSWER = 20
PLACES = {"gpt2": "n_positions", "bart": "max_position_embeddings"}
SHORT = ("Bob: bus?\nDan: no.", "No bus.")
SHORT_TOO = ("Eve: tea?\nDan: yes.", "They have tea.")
SHORT_AGAIN = ("Tom: rain?\nKim: no.", "No rain.")
LONG = (
    "Ann: do you have the key?\nBob: " + "no, I don't. " * 8,
    "Bob says that he doesn't have " + "it. " * 12,
)

Pair = tuple[str, str]


def recipe_of(
    folder: Path, kind: Kind, method: str, places: int, *overrides: str, **splits: tuple[Pair, ...]
) -> Recipe:
    """Return a recipe for a model of so many positions; splits that are not given hold a short conversation."""
    model, data = folder / f"{places}", folder / "rows"
    if not model.exists():
        shutil.copytree(tiny_model(kind), model, ignore=shutil.ignore_patterns("*.safetensors"))
        config = json.loads((model / "config.json").read_text("utf-8"))
        changed = config | ({PLACES[kind]: places} if kind in PLACES else {})
        (model / "config.json").write_text(json.dumps(changed), "utf-8")
    data.mkdir(exist_ok=True)
    for split in ("train", "validation", "test"):
        rows = [{"dialogue": pair[0], "summary": pair[1]} for pair in splits.get(split, (SHORT,))]
        (data / f"{split}.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n", "utf-8")
    virtual = (f"method.virtual_tokens={VIRTUAL}",) if "tuning" in method else ()
    told = (f"base_model.id={json.dumps(str(model))}", f"data.source={json.dumps(str(data))}")
    limits = f"evaluation.max_new_tokens={ANSWER}", "data.max_summary_tokens=128"
    return tiny_recipe(folder, kind, method, *told, *virtual, *limits, *overrides)


def problems_of(recipe: Recipe) -> list[dict[str, str]]:
    problems: list[dict[str, str]] = Planner(make_channel("plan"), tells_time=False).plan(recipe)["problems"]
    return problems


def refused(recipe: Recipe) -> list[str]:
    return [found["field"] for found in problems_of(recipe)]


def tokens(kind: Kind, recipe: Recipe, pair: Pair) -> tuple[int, int]:
    """Return the number of input tokens of a conversation and of label tokens of its summary."""
    folder, limits = tiny_model(kind), recipe.data
    family = base_models.family_of(base_models.read_config(folder, kind), kind)
    prompter = Prompter(
        base_models.read_tokenizer(folder, kind), family, limits.prompt, limits.max_conversation_tokens,
        limits.max_summary_tokens,
    )  # fmt: skip
    return len(prompter.input_ids(pair[0])), prompter.example(Example("1", *pair)).label_tokens


@pytest.mark.slow("engine/worker/planning/", "engine/worker/dataset/", quick=3)
@pytest.mark.parametrize(
    ("kind", "method", "field", "split", "limit"),
    [
        ("gpt2", "lora", "data.max_conversation_tokens", "train", 512),
        ("gpt2", "lora", "data.max_conversation_tokens", "test", 40),
        ("gpt2", "prompt_tuning", "method.virtual_tokens", "test", 512),
        ("gpt2", "prefix_tuning", "method.virtual_tokens", "train", 40),
        ("bart", "lora", "data.max_conversation_tokens", "test", 512),
        ("bart", "p_tuning", "method.virtual_tokens", "train", 40),
    ],
)
def test_the_longest_row_may_take_all_positions_and_no_more(kind, method, field, split, limit, tmp_path):
    def asked(places: int) -> Recipe:
        cut = f"data.max_conversation_tokens={limit}"
        return recipe_of(tmp_path, kind, method, places, cut, **{split: (SHORT, LONG)})

    read, labels = tokens(kind, asked(1024), LONG)
    # Training reads the summary behind the prompt; a scored conversation's is written there.
    written = labels if split == "train" else ANSWER
    assert labels > ANSWER
    virtual = VIRTUAL if "tuning" in method else 0
    needed = read + virtual + (written if kind == "gpt2" else 0)
    assert refused(asked(needed)) == []
    assert refused(asked(needed - 1)) == [field]


def test_unused_examples_need_no_positions(tmp_path):
    def asked(*overrides: str) -> Recipe:
        return recipe_of(tmp_path, "gpt2", "lora", 90, *overrides, test=(SHORT, LONG))

    assert refused(asked()) == ["data.max_conversation_tokens"]
    assert refused(asked("evaluation.examples=1")) == []
    assert refused(asked('evaluation.split="validation"')) == []


def test_a_prompt_only_run_reads_the_pinned_conversations_too(tmp_path):
    def asked(**splits: tuple[Pair, ...]) -> Recipe:
        return recipe_of(tmp_path, "gpt2", "prompt_only", 90, **splits)

    assert refused(asked(validation=(SHORT, LONG))) == ["data.max_conversation_tokens"]
    assert refused(asked(validation=(SHORT, SHORT_TOO, SHORT_AGAIN, LONG))) == []


def test_suggested_limits_fit(tmp_path):
    def found(*overrides: str) -> list[dict[str, str]]:
        return problems_of(recipe_of(tmp_path, "gpt2", "prompt_tuning", 120, *overrides, test=(LONG,)))

    (too_long,) = found("method.virtual_tokens=1")
    assert too_long["field"] == "data.max_conversation_tokens"
    limit = int(too_long["hint"].split()[0])
    assert found("method.virtual_tokens=1", f"data.max_conversation_tokens={limit}") == []
    (too_many,) = found("method.virtual_tokens=60", f"data.max_conversation_tokens={limit}")
    assert too_many["field"] == "method.virtual_tokens"
    most = int(too_many["hint"].removeprefix("Use at most ").split(",")[0])
    assert found(f"method.virtual_tokens={most}", f"data.max_conversation_tokens={limit}") == []
    assert found(f"method.virtual_tokens={most + 1}", f"data.max_conversation_tokens={limit}") != []


@pytest.mark.parametrize("kind", ["bart", "gpt2"])
def test_examples_in_the_prompt_that_overflow_are_refused_with_what_would_fit(kind, tmp_path):
    def found(shots: int, places: int = 400) -> list[dict[str, str]]:
        many = tuple((f"Ann: tea {number}?\nBob: yes.", "Tea.") for number in range(20))
        return problems_of(
            recipe_of(tmp_path, kind, "lora", places, f"data.shots={shots}", train=many, test=(LONG,))
        )

    (too_many,) = found(16)
    assert too_many["field"] == "data.shots"
    assert too_many["message"].startswith("16 examples in the prompt: ")
    assert "400" in too_many["message"]
    fitting = int(too_many["hint"].split()[0])
    assert 0 < fitting < 16
    assert found(fitting) == []
    assert found(fitting + 1) != []
    alone = tokens(kind, recipe_of(tmp_path, kind, "lora", 400), LONG)[0] + (ANSWER if kind == "gpt2" else 0)
    (none_fits,) = found(1, alone)
    assert none_fits["hint"].startswith("Lower the conversation limit")


@pytest.mark.parametrize("method", ["lora", "prompt_tuning"])
def test_a_model_without_a_limit_has_none_to_exceed(method, tmp_path):
    assert refused(recipe_of(tmp_path, "t5", method, 0, test=(LONG,))) == []
