"""An instruct model in its chat format, from the recipe to a summary that plain transformers and PEFT write too."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

from engine.adapters import library
from engine.config import recipe as recipes
from engine.config.prompts import DEFAULT_PROMPT
from tests.helpers.chat_templates import ENDLESS, chat_model
from tests.helpers.repository import MAIN
from tests.helpers.tiny_runs import tiny_recipe

pytestmark = [pytest.mark.torch, pytest.mark.end_to_end]

CONVERSATION = "Ann: Is there tea?\nBob: In the kitchen."
NEW_TOKENS = 12


def tunesmith(*arguments: str, conversation: str = "") -> tuple[int, list[dict[str, Any]]]:
    """Run a command; return its exit code and the lines that it printed."""
    answer = subprocess.run(
        [sys.executable, str(MAIN), *arguments, "--json"], input=conversation, capture_output=True, text=True
    )
    return answer.returncode, [json.loads(line) for line in answer.stdout.splitlines()]


def chat_recipe(tmp_path: Path, *overrides: str) -> tuple[Path, Path]:
    """Return the files of a recipe and of its base model, which has a chat template."""
    model, path = chat_model("llama", tmp_path / "model"), tmp_path / "recipe.toml"
    own = (f"base_model.id={model}", f"evaluation.max_new_tokens={NEW_TOKENS}", "training.max_steps=20")
    recipes.save(tiny_recipe(tmp_path, "llama", "lora", *own, *overrides), path)
    return path, model


def stock_summary(model: Path, adapter: Path) -> str:
    """Return what transformers and PEFT write by themselves, asked through the tokenizer's chat template."""
    tokenizer = AutoTokenizer.from_pretrained(model)
    base = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32)
    question, cue = (
        DEFAULT_PROMPT.format(conversation=CONVERSATION).removesuffix("Summary: ").strip(),
        "Summary: ",
    )
    asked: str = tokenizer.apply_chat_template(
        [{"role": "user", "content": question}], add_generation_prompt=True, tokenize=False
    )
    ids = tokenizer(f"{asked}{cue}", add_special_tokens=False, return_tensors="pt")["input_ids"]
    tuned = PeftModel.from_pretrained(base, adapter).eval()
    written = tuned.generate(
        input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=NEW_TOKENS, do_sample=False
    )
    text: str = tokenizer.decode(written[0, ids.shape[1] :], skip_special_tokens=True)
    return text.strip()


@pytest.mark.filterwarnings("ignore::FutureWarning")  # of PEFT, about transformers
def test_a_chat_model_is_trained_scored_and_used_in_its_own_format(tmp_path: Path) -> None:
    path, model = chat_recipe(tmp_path)
    code, lines = tunesmith("plan", str(path))
    assert (code, lines[-1]["problems"]) == (0, [])
    assert lines[-1]["prompt"]["frame"]["after"] == "</s>\n<s>assistant\n"
    pieces = lines[-1]["learned_preview"]["pieces"]
    assert "".join(text for text, label in pieces if label).endswith("</s>")

    code, events = tunesmith("train", str(path))
    assert code == 0
    scored = [event for event in events if event.get("event") == "evaluated" and event.get("scores")]
    assert {event["protocol"]["prompt_format"] for event in scored} == {"chat"}
    (base,) = [event for event in scored if event["of"] == "base"]
    assert set(base["base_forms"]) == {"chat", "plain"}
    (saved,) = [event for event in events if event.get("event") == "adapter_saved"]
    prompt = library.find(saved["adapter"]).metadata.prompt
    assert prompt is not None
    assert prompt.format == "chat"

    chosen = ("--base-model", str(model), "--adapter", saved["adapter"])
    code, lines = tunesmith("summarize", *chosen, "-", conversation=CONVERSATION)
    assert code == 0
    (finished,) = [line for line in lines if line.get("event") == "summary_finished" and line["adapter"]]
    assert finished["summary"] == stock_summary(model, Path(saved["path"]))

    recipes.save(recipes.load(path, ["data.prompt_format=plain"]), path)
    code, lines = tunesmith("evaluate", "--recipe", str(path), "--adapter", saved["adapter"])
    assert code == 0
    assert lines[-1]["protocol"]["prompt_format"] == "plain"
    warnings = [line["message"] for line in lines if line.get("level") == "warning"]
    assert any("was trained in chat format and is used in plain format" in message for message in warnings)


def test_a_chat_format_that_is_not_there_is_a_problem_and_an_endless_template_makes_the_prompt_plain(
    tmp_path: Path,
) -> None:
    path, model = chat_recipe(tmp_path, "data.prompt_format=chat")
    (model / "chat_template.jinja").write_text(ENDLESS, encoding="utf-8")
    code, lines = tunesmith("plan", str(path))
    assert code == 2 or lines[-1]["problems"]
    assert [problem["field"] for problem in lines[-1]["problems"]] == ["data.prompt_format"]
    assert "does not end within" in lines[-1]["problems"][0]["message"]

    code, lines = tunesmith("plan", str(path), "--set", "data.prompt_format=auto")
    assert (code, lines[-1]["problems"], lines[-1]["prompt"]["frame"]) == (0, [], None)
    assert any("does not end within" in notice["message"] for notice in lines[-1]["notices"])

    (model / "chat_template.jinja").unlink()
    code, lines = tunesmith("train", str(path))
    assert code != 0
    assert "no chat template" in json.dumps(lines)
