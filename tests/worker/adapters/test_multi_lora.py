from typing import Any

import pytest

from engine.adapters.library import Adapter
from engine.worker.adapters import multi_lora
from engine.worker.adapters.adapter_manager import AdapterManager
from engine.worker.generation import Generated
from engine.worker.generation.generate import generate
from engine.worker.modeling.base_models import LoadedBase
from tests.helpers.tiny_models import Kind
from tests.helpers.worker_setup import import_with_biases, install_random, load_tiny

pytestmark = pytest.mark.torch

TEXTS = ["Tim: Hi", "Ann: Where are you?\nBob: At the office.", "Kim: größer? " * 6, "Summarize: Al: no.\n"]
# They differ in all that a LoRA may have of its own.
LORAS: list[dict[str, Any]] = [
    {"id": "lora", "rank": 4, "alpha": 8},
    {"id": "lora", "rank": 2, "alpha": 3, "target_modules": ["all-linear"]},
    {"id": "lora", "rank": 6, "alpha": 3, "rs_lora": True, "target_modules": ["all-linear"]},
]
DECODINGS: dict[str, dict[str, Any]] = {
    "greedy": {},
    "beams": {"beams": 3},
    "sampling": {"temperature": 1.2, "top_p": 0.9, "seed": 5, "repetition_penalty": 1.2},
}


def install_three(kind: Kind) -> list[Adapter]:
    return [install_random(kind, f"lora{seed}", seed=seed, method=table) for seed, table in enumerate(LORAS)]


def alone(
    base: LoadedBase, manager: AdapterManager, adapter: Adapter | None, text: str, **asked: Any
) -> Generated:
    with manager.use(adapter) as model:
        ids = base.tokenizer(text)["input_ids"]
        return generate(model, base.tokenizer, base.family, [ids], max_new_tokens=12, **asked)[0]


def mixed(
    base: LoadedBase, manager: AdapterManager, chosen: list[Adapter | None], texts: list[str], **asked: Any
) -> list[Generated]:
    """Let each text be written by the adapter at its place."""
    with manager.mixed_batch(chosen) as (model, mixed_batch):
        inputs = [base.tokenizer(text)["input_ids"] for text in texts]
        return generate(
            model, base.tokenizer, base.family, inputs, max_new_tokens=12, on_rows=mixed_batch.select, **asked
        )


# A tied T5 scales what its head reads, and GPT-2 keeps its weights in layers of its own kind.
@pytest.mark.slow("engine/worker/adapters/", "engine/worker/modeling/", "engine/worker/generation/", quick=1)
@pytest.mark.parametrize("kind", ["t5-tied", "llama", "gpt2"])
def test_rows_are_what_their_columns_write_alone(kind):
    adapters = install_three(kind)
    base = load_tiny(kind)
    manager = AdapterManager(base)
    assert all(map(manager.supports_mixed_batch, adapters))
    chosen = [adapters[1], None, adapters[0], adapters[2]]
    for asked in DECODINGS.values():
        # Texts of different lengths, so that shorter ones are padded.
        expected = [alone(base, manager, *each, **asked) for each in zip(chosen, TEXTS, strict=True)]
        assert mixed(base, manager, chosen, TEXTS, **asked) == expected
    same = [alone(base, manager, each, TEXTS[1]) for each in chosen]
    assert mixed(base, manager, chosen, [TEXTS[1]] * 4) == same
    assert len({tuple(one.ids) for one in same}) == 4
    # Texts of different lengths: those that are whole leave the others.
    kept = base.model.generation_config.eos_token_id
    base.model.generation_config.eos_token_id = list(range(4, len(base.tokenizer), 9))
    expected = [alone(base, manager, *each) for each in zip(chosen, TEXTS, strict=True)]
    assert mixed(base, manager, chosen, TEXTS) == expected
    assert len({len(one.ids) for one in expected}) > 1
    base.model.generation_config.eos_token_id = kept
    # Nothing of it stays.
    fresh = load_tiny(kind)
    assert alone(base, manager, None, TEXTS[1]) == alone(fresh, AdapterManager(fresh), None, TEXTS[1])


def test_adapters_of_different_layers_share_a_batch():
    base = load_tiny("llama")
    manager = AdapterManager(base)
    chosen = [
        install_random(
            "llama", "queries", seed=1, method={"id": "lora", "rank": 4, "target_modules": ["q_proj"]}
        ),
        install_random(
            "llama", "others", seed=2, method={"id": "lora", "rank": 4, "target_modules": ["up_proj"]}
        ),
    ]
    expected = [alone(base, manager, adapter, TEXTS[1]) for adapter in chosen]
    assert mixed(base, manager, [*chosen], [TEXTS[1]] * 2) == expected
    assert expected[0] != expected[1]


@pytest.mark.parametrize(
    "method",
    [
        {"id": "lora", "rank": 4, "dora": True}, {"id": "full"}, {"id": "loha", "rank": 4},
        {"id": "prefix_tuning", "virtual_tokens": 4}, {"id": "ia3"},
    ],
    ids=lambda method: "-".join(map(str, method.values())),
)  # fmt: skip
def test_other_methods_do_not_share_a_batch(method):
    assert not AdapterManager(load_tiny("t5")).supports_mixed_batch(
        install_random("t5", "other", method=method)
    )


def test_an_adapter_with_biases_or_layers_of_its_own_does_not_share_a_batch():
    manager = AdapterManager(load_tiny("gpt2"))
    assert not manager.supports_mixed_batch(import_with_biases("gpt2", "biases"))


def test_what_is_not_the_same_when_it_is_measured_does_not_share_a_batch(monkeypatch):
    adapter = install_random("llama", "sound")
    assert AdapterManager(load_tiny("llama")).supports_mixed_batch(adapter)
    added = multi_lora._StackedLora.add_change
    monkeypatch.setattr(multi_lora._StackedLora, "add_change", lambda *given: added(*given) * 1.02)
    assert not AdapterManager(load_tiny("llama")).supports_mixed_batch(adapter)


def test_a_model_whose_layers_see_no_rows_does_not_share_a_batch(monkeypatch):
    adapter = install_random("llama", "sound")
    base = load_tiny("llama")
    for block in base.model.model.layers:
        # Some models put a batch's tokens into one long row.
        whole = block.mlp.forward
        monkeypatch.setattr(
            block.mlp, "forward", lambda states, whole=whole: whole(states.flatten(0, 1)).view_as(states)
        )
    assert not AdapterManager(base).supports_mixed_batch(adapter)


def test_it_is_found_out_once(monkeypatch):
    manager = AdapterManager(load_tiny("t5"))
    adapter = install_random("t5", "sound")
    assert manager.supports_mixed_batch(adapter)
    monkeypatch.setattr(multi_lora, "supports_mixed_batch", None)
    assert manager.supports_mixed_batch(adapter)
