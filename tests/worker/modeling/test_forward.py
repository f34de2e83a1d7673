import pytest
import torch
from torch.nn import functional

from engine.worker.dataset.prompter import IGNORED
from engine.worker.evaluation.losses import token_loss_sum
from engine.worker.modeling import forward
from tests.helpers.soft_prompts import batch, forward_logits, prompts
from tests.helpers.worker_setup import attach_random, load_tiny, make_recipe

pytestmark = pytest.mark.torch

SUMMARIES = [[20, 21], [22, 23, 24], [25]]
every_pair = pytest.mark.parametrize(
    ("kind", "method"),
    [("t5", "lora"), ("t5", "prefix_tuning"), ("llama", "prompt_tuning"), ("gpt2", "lora")],
)


def whole_loss(model, base, micro_batch):
    labels = micro_batch.labels
    found = forward.logits(model, base.family, micro_batch.input_ids, micro_batch.attention_mask, labels)
    if base.family == "decoder-only":
        found, labels = found[:, :-1], labels[:, 1:]
    return functional.cross_entropy(
        found.flatten(0, 1), labels.flatten(), ignore_index=IGNORED, reduction="sum"
    )


def gradients(model, loss):
    model.zero_grad()
    loss.backward()
    return {name: each.grad.clone() for name, each in model.named_parameters() if each.grad is not None}


@every_pair
def test_loss_and_gradients_are_those_of_all_logits(kind, method):
    base = load_tiny(kind)
    more = {} if method == "lora" else {"virtual_tokens": 4}
    model = attach_random(base, make_recipe(kind, method={"id": method, **more})).eval()
    micro_batch = batch(base, prompts(base), SUMMARIES)
    expected = gradients(model, whole := whole_loss(model, base, micro_batch))
    loss = token_loss_sum(model, micro_batch, base.family)
    assert loss.item() == pytest.approx(whole.item(), rel=1e-5)
    found = gradients(model, loss)
    assert found.keys() == expected.keys()
    assert all(torch.allclose(found[name], expected[name], atol=5e-5) for name in expected)


@every_pair
def test_the_output_head_reads_what_predicts_something_and_no_more(kind, method):
    base = load_tiny(kind)
    more = {} if method == "lora" else {"virtual_tokens": 4}
    model = attach_random(base, make_recipe(kind, method={"id": method, **more})).eval()
    read = []
    base.model.get_output_embeddings().register_forward_hook(lambda *told: read.append(told[2].shape[:-1]))
    token_loss_sum(model, batch(base, prompts(base), SUMMARIES), base.family)
    assert read == [(sum(map(len, SUMMARIES)),)]
    forward_logits(model, base, prompts(base)[0], SUMMARIES[0])
    assert len(read[1]) == 2


def test_a_base_that_has_no_place_to_choose_at_gives_all_logits(monkeypatch):
    base = load_tiny("llama")
    micro_batch = batch(base, prompts(base), SUMMARIES)
    expected = token_loss_sum(base.model, micro_batch, base.family).item()
    monkeypatch.setattr(type(base.model), "get_output_embeddings", lambda _: torch.nn.Identity())
    assert token_loss_sum(base.model, micro_batch, base.family).item() == pytest.approx(expected, rel=1e-6)


def test_a_row_of_labels_only_lacks_the_first_which_nothing_predicts():
    base = load_tiny("llama")
    micro_batch = batch(base, [[], [30, 31]], [[20, 21, 22], [23]])
    assert token_loss_sum(base.model, micro_batch, base.family).item() == pytest.approx(
        whole_loss(base.model, base, micro_batch).item(), rel=1e-5
    )
