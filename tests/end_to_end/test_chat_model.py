"""An instruct model in its chat format, from the recipe to a summary that plain transformers and PEFT write too."""

from pathlib import Path

import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

from engine.adapters import library
from engine.config import recipe as recipes
from engine.config.prompts import DEFAULT_PROMPT
from tests.helpers.chat_templates import chat_model
from tests.helpers.command_line import InProcessTerminal
from tests.helpers.tiny_runs import tiny_recipe

pytestmark = [pytest.mark.torch, pytest.mark.end_to_end]

CONVERSATION = "Ann: Is there tea?\nBob: In the kitchen."
NEW_TOKENS = 12


def chat_recipe(tmp_path: Path, *overrides: str) -> tuple[Path, Path]:
    """Return the files of a recipe and of its base model, which has a chat template."""
    model, path = chat_model("llama", tmp_path / "model"), tmp_path / "recipe.toml"
    own = (f"base_model.id={model}", f"evaluation.max_new_tokens={NEW_TOKENS}", "training.epochs=7")
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


@pytest.mark.slow(
    "engine/worker/dataset/", "engine/worker/generation/", "engine/worker/jobs/", "engine/worker/modeling/"
)
def test_a_chat_model_is_trained_scored_and_used_in_its_own_format(tmp_path, home):
    path, model = chat_recipe(tmp_path)
    in_process = InProcessTerminal(home)
    planned = in_process.run("plan", str(path), "--json")
    assert (planned.code, planned.json[-1]["problems"]) == (0, [])
    assert planned.json[-1]["prompt"]["frame"]["after"] == "</s>\n<s>assistant\n"
    pieces = planned.json[-1]["learned_preview"]["pieces"]
    assert "".join(text for text, label in pieces if label).endswith("</s>")

    trained = in_process.run("train", str(path), "--json")
    assert trained.code == 0
    scored = [event for event in trained.named("evaluated") if event.get("scores")]
    assert {event["protocol"]["prompt_format"] for event in scored} == {"chat"}
    (base,) = [event for event in scored if event["of"] == "base"]
    assert set(base["base_forms"]) == {"chat", "plain"}
    (saved,) = trained.named("adapter_saved")
    prompt = library.find(saved["adapter"]).metadata.prompt
    assert prompt is not None
    assert prompt.format == "chat"

    chosen = ("--base-model", str(model), "--adapter", saved["adapter"])
    written = in_process.run("summarize", *chosen, "-", "--json", stdin=CONVERSATION)
    assert written.code == 0
    (finished,) = [event for event in written.named("summary_finished") if event["adapter"]]
    assert finished["summary"] == stock_summary(model, Path(saved["path"]))

    recipes.save(recipes.load(path, ["data.prompt_format=plain"]), path)
    scored_plain = in_process.run("evaluate", "--recipe", str(path), "--adapter", saved["adapter"], "--json")
    assert scored_plain.code == 0
    assert scored_plain.json[-1]["protocol"]["prompt_format"] == "plain"
    warnings = [line["message"] for line in scored_plain.json if line.get("level") == "warning"]
    assert any("was trained in chat format, not plain" in message for message in warnings)
