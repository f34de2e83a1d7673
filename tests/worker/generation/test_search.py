"""A search by beams finds what transformers' own finds, having read every prompt once."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
import torch
from transformers import LogitsProcessorList, MaxLengthCriteria, StoppingCriteriaList
from transformers.generation.stopping_criteria import EosTokenCriteria

from engine.config.decoding import DecodingOptions
from engine.errors import BaseModelError
from engine.worker.generation.generate import generate, generation_config
from engine.worker.generation.generated import Generated
from engine.worker.generation.search import BeamSearch
from engine.worker.kernels.library import CACHE
from tests.helpers.soft_prompts import Options, in_turn, soft_prompt_model
from tests.helpers.tiny_models import Kind
from tests.helpers.worker_setup import attach_random, load_tiny, make_recipe

pytestmark = [
    pytest.mark.torch,
    # PEFT 0.21 asks transformers 5.24 by the old name.
    pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing. is deprecated:FutureWarning"),
]
TEXTS = ["Tim: Hi", "Ann: " + "yes " * 40, "Bob: no", "Eve: " + "so " * 35, "Kim: größer?\nTom: ja!"]
NEW = 16


def read(base: Any) -> list[list[int]]:
    return [base.tokenizer(text)["input_ids"] for text in TEXTS]


def end_often(base: Any, every: int = 9) -> None:
    """Declare some tokens ends, so that beginnings end at different steps."""
    base.model.generation_config.eos_token_id = list(range(4, len(base.tokenizer), every))


def by_transformers(model: Any, base: Any, beams: int, length_penalty: float) -> list[list[int]]:
    """Return what transformers' own search writes for each text alone."""
    config = generation_config(base.model, base.tokenizer, DecodingOptions(max_new_tokens=NEW))
    config.update(num_beams=beams, early_stopping=True, length_penalty=length_penalty)
    kept, base.model.generation_config = base.model.generation_config, config
    found = []
    for ids in read(base):
        given = torch.tensor([ids])
        with torch.no_grad():
            whole = model.generate(input_ids=given, attention_mask=torch.ones_like(given))[0].tolist()
        written = whole[1:] if base.family == "encoder-decoder" else whole[len(ids) :]
        ends = [place for place, token in enumerate(written) if token in config.eos_token_id]
        found.append(written[: ends[0]] if ends else written)
    base.model.generation_config = kept
    return found


def ours(model: Any, base: Any, inputs: list[list[int]] | None = None, **asked: Any) -> list[Generated]:
    return generate(model, base.tokenizer, base.family, inputs or read(base), max_new_tokens=NEW, **asked)


@pytest.mark.parametrize(
    ("kind", "beams", "length_penalty", "every"),
    [
        ("t5", 4, -2.0, 9),
        ("t5-tied", 3, 4.0, 3),
        ("bart", 2, 1.0, 10_000),
        ("bart", 4, 1.0, 9),
        ("llama", 3, 4.0, 3),
        ("llama", 4, -2.0, 9),
        ("gpt2", 4, 1.0, 9),
    ],
)
def test_it_finds_what_transformers_finds(kind: Kind, beams: int, length_penalty: float, every: int) -> None:
    base = load_tiny(kind)
    model = attach_random(base, make_recipe(kind))
    end_often(base, every)
    expected = by_transformers(model, base, beams, length_penalty)
    asked = {"beams": beams, "length_penalty": length_penalty}
    assert [one.ids for one in ours(model, base, **asked)] == expected
    # Read in groups, too.
    assert [one.ids for one in ours(model, base, batch_tokens=600, **asked)] == expected
    assert len(set(map(tuple, expected))) > 1


@in_turn("llama", "bart")
def test_soft_prompts_stand_before_every_beginning(kind: Kind, method: str, options: Options) -> None:
    base, model = soft_prompt_model(kind, method, options)
    together = ours(model, base, beams=3)
    assert together == [ours(model, base, [ids], beams=3)[0] for ids in read(base)]
    assert together != ours(base.model, base, beams=3)


@pytest.mark.parametrize("kind", ["t5", "llama"])
def test_a_prompt_is_read_once_whatever_the_beams(kind: Kind) -> None:
    base = load_tiny(kind)
    read_rows: list[int] = []
    layer = base.model.get_encoder() if base.family == "encoder-decoder" else base.model

    def note(_: Any, args: Any, given: dict[str, Any]) -> None:
        ids = args[0] if args else given["input_ids"]
        if ids.shape[1] > 1:
            read_rows.append(len(ids))

    layer.register_forward_pre_hook(note, with_kwargs=True)
    assert len(ours(base.model, base, beams=4)) == sum(read_rows) == len(TEXTS)


@pytest.mark.parametrize("kind", ["t5", "llama"])
def test_rows_that_are_whole_are_told_and_leave(kind: Kind) -> None:
    base = load_tiny(kind)
    end_often(base)
    told: list[Any] = []
    found = ours(
        base.model,
        base,
        beams=2,
        on_rows=lambda rows: told.append(list(rows)),
        on_tokens=lambda ids: told.append(ids.shape),
        on_written=lambda row, one: told.append((row, one)),
    )
    written = dict(entry for entry in told if type(entry) is tuple)
    assert [written[row] for row in range(len(TEXTS))] == found
    shapes = [entry for entry in told if isinstance(entry, torch.Size)]
    assert [shape[1] for shape in shapes] == list(range(1, len(shapes) + 1))
    counts = [shape[0] for shape in shapes]
    assert counts[0] == len(TEXTS)
    assert all(after <= before for before, after in pairwise(counts))
    assert counts[-1] < counts[0]


def test_it_can_be_left_at_every_token() -> None:
    base = load_tiny("llama")
    steps: list[int] = []

    def leave(ids: torch.Tensor) -> None:
        steps.append(ids.shape[1])
        if len(steps) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ours(base.model, base, beams=3, on_tokens=leave)
    assert steps == [1, 2, 3]


def test_a_model_that_remembers_in_its_own_way_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    base = load_tiny("llama")

    def forget(_: Any, given: dict[str, Any], **__: Any) -> dict[str, Any]:
        return {name: value for name, value in given.items() if name != CACHE}

    monkeypatch.setattr(base.model, "_update_model_kwargs_for_generation", forget)
    with pytest.raises(BaseModelError, match="beams"):
        ours(base.model, base, beams=2)


def search(rows: int, beams: int, length_penalty: float = 1.0, longest: int = 9) -> BeamSearch:
    """Return a search among tokens of which 0 ends a text; one token was read."""
    config = type("Config", (), {"eos_token_id": [0]})()
    stops = StoppingCriteriaList([EosTokenCriteria([0]), MaxLengthCriteria(longest + 1)])
    return BeamSearch(rows, 1, config, LogitsProcessorList(), stops, beams, length_penalty)


def scores(*chances: list[float]) -> torch.Tensor:
    return torch.tensor(chances).log()
