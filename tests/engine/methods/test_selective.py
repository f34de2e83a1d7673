from typing import Any

import pytest

from engine.methods import BaseFacts, method


def refusal(
    method_id: str, model_type: str, biases: bool = False, **options: Any
) -> tuple[str, str, str] | None:
    entry = method(method_id)
    base = BaseFacts(model_type=model_type, biases=biases)
    refusal = entry.refusal(entry.options.model_validate(options), base)
    return (refusal.field, refusal.message, refusal.hint) if refusal else None


@pytest.mark.parametrize(("model_type", "name"), [("t5", "T5"), ("llama", "Llama"), ("mistral", "Mistral")])
def test_bitfit_needs_biases_and_names_what_works_instead(model_type, name):
    field, message, hint = refusal("bitfit", model_type) or ("", "", "")
    assert field == "method.id"
    assert message == f"{name} models have no biases to train."
    assert hint == "The closest method that works: LayerNorm tuning."
    assert refusal("layernorm", model_type) is None


@pytest.mark.parametrize("model_type", ["bart", "gpt2", "opt", "qwen2", ""])
def test_bitfit_takes_models_with_biases_and_leaves_unknown_ones_to_the_plan(model_type):
    assert refusal("bitfit", model_type) is None


def test_where_norms_have_no_numbers_the_next_thing_is_named():
    for method_id in ("bitfit", "layernorm"):
        assert (refusal(method_id, "olmo") or ("", "", ""))[2] == "The closest method that works: LoRA."
    assert refusal("lora", "olmo") is None


def test_chosen_biases_of_a_model_without_are_refused_beside_the_kind():
    assert (refusal("layers", "t5", kinds="biases") or ("",))[0] == "method.kinds"
    assert refusal("layers", "bart", kinds="biases") is None


@pytest.mark.parametrize("kinds", ["all", "weights"])
def test_choosing_everything_is_full_fine_tuning(kinds):
    found = refusal("layers", "bart", last_blocks=0, kinds=kinds)
    assert found is not None
    assert found[0] == "method.last_blocks"
    assert "full fine-tuning" in found[2]
    assert refusal("layers", "bart", last_blocks=0, kinds=kinds, patterns=("fc1",)) is None
    assert refusal("layers", "bart", last_blocks=1, kinds=kinds) is None
