"""A base model that was loaded ahead is the run's if it is what the run wants, and nobody's otherwise."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch

from engine.config.recipe import BaseModelOptions
from engine.errors import BaseModelError
from engine.system import graphics_cards
from engine.system.graphics_cards import Card
from engine.worker.modeling import base_models, model_preload
from engine.worker.modeling.base_models import LoadedBase
from engine.worker.runtime import devices
from tests.helpers.tiny_models import tiny_model
from tests.helpers.worker_setup import make_channel, make_recipe

pytestmark = pytest.mark.torch


@pytest.fixture(autouse=True)
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Let there be no card, and note each folder that is loaded."""
    monkeypatch.setattr(graphics_cards, "find", list)
    seen: list[Path] = []
    from_folder = base_models.from_folder

    def noted(folder: Path, *given: object) -> LoadedBase:
        seen.append(folder)
        return from_folder(folder, *given)

    monkeypatch.setattr(base_models, "from_folder", noted)
    monkeypatch.setattr(model_preload, "_waiting", [])
    return seen


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_model("t5"), tmp_path / "model"))


def options(folder: Path, **more: str) -> BaseModelOptions:
    return BaseModelOptions(id=str(folder), **more)


def asked(wanted: BaseModelOptions, device: str = "auto") -> LoadedBase:
    return model_preload.base(wanted, device, make_channel("train", make_recipe("t5")))


@pytest.mark.parametrize("device", ["auto", "cpu"])
def test_the_one_that_waits_is_the_runs(folder: Path, loaded: list[Path], device: str) -> None:
    model_preload.load(options(folder))
    waiting = model_preload._waiting[0]
    assert asked(options(folder), device) is waiting
    assert loaded == [folder]
    # Once: what a run has changed is no base any more.
    assert asked(options(folder)) is not waiting
    assert loaded == [folder, folder]


def test_it_is_what_is_loaded_at_once(folder: Path) -> None:
    model_preload.load(options(folder))
    before, now = asked(options(folder)), asked(options(folder))
    assert before.fingerprint == now.fingerprint
    assert (before.precision, before.threads, before.device) == (now.precision, now.threads, now.device)
    assert all(
        torch.equal(one, other)
        for one, other in zip(
            before.model.state_dict().values(), now.model.state_dict().values(), strict=True
        )
    )


def test_another_or_one_loaded_otherwise_takes_its_place(folder: Path, loaded: list[Path]) -> None:
    for wanted in (options(folder, precision="float32"), options(Path(tiny_model("llama")))):
        model_preload.load(options(folder))
        found = asked(wanted)
        assert found.options == wanted
        assert not model_preload._waiting
    model_preload.load(options(folder))
    model_preload.load(options(Path(tiny_model("llama"))))
    assert [each.options.id for each in model_preload._waiting] == [str(tiny_model("llama"))]


def test_a_base_that_has_changed_meanwhile_is_loaded_again(folder: Path) -> None:
    model_preload.load(options(folder))
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"dropout_rate": 0.25}))
    assert asked(options(folder)).model.config.dropout_rate == 0.25


@pytest.mark.parametrize("trouble", ["gone", "damaged", "of the hub"])
def test_what_can_not_be_loaded_is_left_to_the_run(folder: Path, trouble: str) -> None:
    wanted = options(folder)
    if trouble == "gone":
        shutil.rmtree(folder)
    elif trouble == "damaged":
        (folder / "model.safetensors").write_bytes(b"no weights")
    else:
        wanted = BaseModelOptions(id="nobody/nothing")
    model_preload.load(wanted)
    assert not model_preload._waiting
    if trouble != "of the hub":
        with pytest.raises(BaseModelError):
            asked(wanted)


def test_where_memory_is_short_or_a_card_is_there_none_waits(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bytes_of = (folder / "model.safetensors").stat().st_size
    monkeypatch.setattr(devices, "room_bytes", lambda _: 4 * bytes_of - 1)
    model_preload.load(options(folder))
    assert not model_preload._waiting
    monkeypatch.setattr(devices, "room_bytes", lambda _: 4 * bytes_of)
    model_preload.load(options(folder))
    assert model_preload._waiting
    monkeypatch.setattr(graphics_cards, "find", lambda: [Card("nvidia", "NVIDIA card", "1")])
    model_preload.load(options(folder))
    assert not model_preload._waiting
