from types import SimpleNamespace

import psutil
import pytest
import torch

from engine.errors import ProcessLostError
from engine.system import ranks
from engine.worker.adapters.adapter_manager import AdapterManager
from engine.worker.generation.generate import generate
from engine.worker.runtime import devices, rank_group, rank_joining
from engine.worker.runtime.rank_joining import MIN_PROMPTS
from engine.worker.training import rank_models
from tests.helpers.worker_setup import install_random, load_tiny, make_channel, make_recipe

pytestmark = pytest.mark.torch
TEXTS = [
    f"{name}: {'yes ' * count}"
    for name, count in (("Ann", 9), ("Bob", 1), ("Cyd", 30), ("Dan", 3), ("Eve", 2))
]
DECODINGS = [{"beams": 1}, {"beams": 3}, {"temperature": 0.8, "seed": 4}]
GB = 10**9


@pytest.fixture(autouse=True)
def forked_ranks(monkeypatch):
    """Let ranks be forks of a process that has the libraries, as they are where these are imported alike."""
    monkeypatch.delenv("TORCHINDUCTOR_CACHE_DIR", raising=False)


@pytest.fixture
def in_two(monkeypatch):
    """Return what has two ranks that write with the base model inside."""

    def writing(recipe, base):
        monkeypatch.setenv(ranks.COUNT, "2")
        return rank_models.writing(make_channel("inspect"), base, recipe, len(TEXTS))

    return writing


@pytest.mark.slow("engine/system/ranks", "engine/worker/training/", "engine/worker/runtime/rank_", quick=1)
@pytest.mark.parametrize("kind", ["llama", "t5"])
def test_two_ranks_write_what_one_process_writes_with_each_adapter_and_without(in_two, kind):
    adapters = [install_random(kind, method, method={"id": method}) for method in ("lora", "prefix_tuning")]
    recipe, base = make_recipe(kind), load_tiny(kind)
    inputs = [base.tokenizer(text)["input_ids"] for text in TEXTS]
    manager, finished = AdapterManager(base), []

    def written():
        found = []
        for adapter in (None, *adapters, adapters[0]):
            with manager.use(adapter) as model:
                if adapter is not None:
                    rank_models.use_adapter(adapter)
                for decoding in DECODINGS:
                    finished.clear()
                    told = {"on_written": lambda row, _: finished.append(row), "max_new_tokens": 12}
                    found.append(generate(model, base.tokenizer, base.family, inputs, **told, **decoding))
                    assert sorted(finished) == list(range(len(TEXTS)))
        return found

    alone = written()
    with in_two(recipe, base):
        assert rank_group.size() == 2
        together = written()

    assert together == alone
    assert rank_group.current() is None
    assert len({one.text for some in alone for one in some}) > len(TEXTS)


def test_who_follows_rows_or_tokens_has_them_all_from_this_process(in_two):
    recipe, base = make_recipe("t5"), load_tiny("t5")
    inputs = [base.tokenizer(text)["input_ids"] for text in TEXTS]
    rows: list[int] = []
    tokens: list[torch.Tensor] = []
    with in_two(recipe, base):
        for told in ({"on_rows": rows.extend}, {"on_tokens": tokens.append}):
            generate(base.model, base.tokenizer, base.family, inputs, max_new_tokens=12, beams=1, **told)
    assert set(rows) == set(range(len(TEXTS)))
    assert tokens


def test_a_rank_that_is_killed_while_it_writes_ends_the_work_and_is_named(in_two):
    recipe, base = make_recipe("t5"), load_tiny("t5")
    inputs = [base.tokenizer(text)["input_ids"] for text in TEXTS]

    def kill() -> None:
        [other] = rank_group.current().peers
        psutil.Process(other.pid).kill()

    def write():
        with in_two(recipe, base):
            generate(base.model, base.tokenizer, base.family, inputs * 20, max_new_tokens=40, on_tick=kill)

    with pytest.raises(ProcessLostError, match=r"Rank 1 .* ended or was killed") as raised:
        write()
    assert raised.value.hint.startswith("Start it again")


@pytest.mark.parametrize("at", [1, 3, 12])
def test_what_is_raised_in_between_ends_the_work_of_all(in_two, at):
    recipe, base = make_recipe("t5"), load_tiny("t5")
    inputs = [base.tokenizer(text)["input_ids"] for text in TEXTS]
    asked, others = [], []

    def leave() -> None:
        asked.append(None)
        if len(asked) == at:
            raise KeyboardInterrupt

    def write():
        with in_two(recipe, base):
            others.extend(rank_group.current().peers)
            generate(base.model, base.tokenizer, base.family, inputs, max_new_tokens=12, on_tick=leave)

    with pytest.raises(KeyboardInterrupt):
        write()
    assert [psutil.pid_exists(each.pid) for each in others] == [False]


@pytest.mark.parametrize(
    ("device", "prompts", "parameters", "free", "expected"),
    [
        ("cpu", 2 * MIN_PROMPTS, 10**7, 8 * GB, 2),
        ("cpu", 2 * MIN_PROMPTS - 1, 10**7, 8 * GB, 1),
        ("cpu", 40 * MIN_PROMPTS, 10**7, 8 * GB, 4),
        # Too small, and no memory for another base model.
        ("cpu", 40 * MIN_PROMPTS, 10**5, 8 * GB, 1),
        ("cpu", 40 * MIN_PROMPTS, 10**9, 9 * GB, 3),
        ("cpu", 40 * MIN_PROMPTS, 10**9, 1 * GB, 1),
        ("cuda", 40 * MIN_PROMPTS, 10**7, 8 * GB, 1),
    ],
)
def test_ranks_write_where_memory_suffices(monkeypatch, device, prompts, parameters, free, expected):
    monkeypatch.setattr(rank_joining, "cores", lambda: 16)
    monkeypatch.setattr(devices, "unused_bytes", lambda _: free)
    monkeypatch.setattr(rank_models, "resident_bytes", lambda _: 4 * parameters)
    base = SimpleNamespace(
        device=torch.device(device), model=SimpleNamespace(num_parameters=lambda: parameters)
    )
    assert rank_models.suited_to_write(base, prompts) == expected
