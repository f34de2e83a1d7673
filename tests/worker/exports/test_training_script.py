import json
import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from safetensors.torch import load_file

from engine.adapters import library
from engine.config import recipe as recipes
from engine.errors import AdapterError
from engine.methods import BaseFacts
from engine.worker.exports import training_script
from engine.worker.kernels.registry import PATCHES
from engine.worker.modeling import base_models
from tests.helpers.chat_templates import CHATML
from tests.helpers.programs import run_script
from tests.helpers.systems import forbidden_names
from tests.helpers.tiny_models import tiny_model
from tests.helpers.tiny_runs import adapter_of, tiny_recipe, train_in_process
from tests.helpers.worker_setup import exported, make_recipe

pytestmark = pytest.mark.torch

DROPOUTS = (
    "dropout", "dropout_rate", "attention_dropout", "activation_dropout", "resid_pdrop", "embd_pdrop",
    "attn_pdrop",
)  # fmt: skip
STEPS = 8
# Of weights in float32.
TOLERANCE = 1e-5
RUN = (
    "training.epochs=2", "training.batch_size=4", f"training.max_steps={STEPS}", "training.keep=last",
    "training.evaluate_summaries=0", "training.evaluate_every=1000", "training.warmup=0.2",
    "evaluation.examples=1",
)  # fmt: skip
# With our own kernels a run rounds otherwise than the libraries do, and the tiny models make much of that.
FIXES = ",".join(name for name, patch in PATCHES.items() if patch.kind == "fix")


CODE = ("engine/worker/exports/", "engine/worker/training/", "resources/templates/export/")


@pytest.fixture(autouse=True)
def libraries_alone(monkeypatch):
    monkeypatch.setenv("TUNESMITH_PATCHES", FIXES)


def without_dropout(kind: str, folder: Path, chat: bool = False) -> Path:
    shutil.copytree(tiny_model(kind), folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(
        json.dumps(config | {name: 0.0 for name in DROPOUTS if name in config})
    )
    if chat:
        (folder / "chat_template.jinja").write_text(CHATML)
    return folder


def trained(tmp_path: Path, kind: str, method: str, *overrides: str, chat: bool = False, name: str = "model"):
    model = without_dropout(kind, tmp_path / name, chat)
    given = (*RUN, f"base_model.id={model}", *overrides)
    _, events = train_in_process(tiny_recipe(tmp_path, kind, method, *given))
    return adapter_of(events), model


def run_as_program(folder: Path, model: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "train.py", str(model)], cwd=folder, env=environment | {"HF_HUB_OFFLINE": "1"},
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def difference(adapter, folder: Path) -> float:
    """Return the largest difference between the adapter's weights and the script's."""
    ours = load_file(adapter.folder / "adapter_model.safetensors")
    made = folder / "adapter" / "adapter_model.safetensors"
    theirs = load_file(made if made.exists() else folder / "model" / "model.safetensors")
    ours, theirs = ({_plain(name): each for name, each in weights.items()} for weights in (ours, theirs))
    assert ours.keys() <= theirs.keys(), ours.keys() - theirs.keys()
    return max(float((each - theirs[name]).abs().max()) for name, each in ours.items())


def _plain(name: str) -> str:
    return name.removeprefix("base_model.model.").replace(".selective_values", "")


@pytest.mark.slow(*CODE, quick=1)
@pytest.mark.parametrize(
    ("kind", "method", "chat", "more"),
    [
        ("t5", "lora", False, ["method.dropout=0.0"]),
        # A chat, cut conversations and summaries, examples in the prompt, another order, a rate of its own for B.
        ("llama", "lora", True, [
            "method.dropout=0.0", "method.lora_plus_ratio=4", "data.shots=1", "training.order=random",
            "data.max_conversation_tokens=40", "data.max_summary_tokens=10",
        ]),
        ("bart", "lora", True, ["method.dropout=0.0", "training.optimizer=adafactor", "training.schedule=cosine"]),
        ("llama", "prefix_tuning", False, []),
        ("gpt2", "full", False, ["training.learning_rate=1e-3"]),
        ("t5", "prompt_tuning", False, ["method.init=vocabulary"]),
        ("gpt2", "layers", False, ["training.weight_decay=0.1", "training.activation_checkpointing=true"]),
    ],
)  # fmt: skip
def test_it_trains_the_same_weights(tmp_path, kind, method, chat, more):
    adapter, model = trained(tmp_path, kind, method, *more, chat=chat)
    exported(adapter, tmp_path / "out", "script")
    assert run_script(tmp_path / "out" / "train.py", str(model)) == 0
    assert difference(adapter, tmp_path / "out") < TOLERANCE


@forbidden_names
@pytest.mark.slow(*CODE)
def test_as_a_program_it_needs_nothing_of_tunesmith(tmp_path, monkeypatch):
    name = 'm") #""" ; import os; os.mkdir("made") #\u202e'
    adapter, model = trained(tmp_path, "llama", "lora", "method.dropout=0.0", name=name)
    result = exported(library.update(adapter, name=name), tmp_path / "out", "script")
    out = tmp_path / "out"
    assert (result["conversations"], result["verified"]) == (24, None)
    assert sorted(path.name for path in out.iterdir()) == ["requirements.txt", "train.jsonl", "train.py"]

    said = run_as_program(out, model)
    assert said.splitlines()[-1].startswith("step 8 of 8: loss ")
    assert difference(adapter, out) < TOLERANCE
    script = (out / "train.py").read_text(encoding="utf-8")
    assert "engine" not in script
    assert str(model.parent) not in script
    assert "Nothing in the training is left to chance" in script
    assert f"peft=={version('peft')}\n" in (out / "requirements.txt").read_text()
    rows = [json.loads(line) for line in (out / "train.jsonl").read_text(encoding="utf-8").splitlines()]
    given = [json.loads(line) for line in (tmp_path / "data" / "train.jsonl").read_text().splitlines()]
    assert rows == [{"conversation": each["dialogue"], "summary": each["summary"]} for each in given]

    # Without the base model's folder it says what to give.
    monkeypatch.chdir(tmp_path)
    reason = run_script(out / "train.py")
    assert reason == f"python train.py FOLDER, the folder of the base model {model.name!r}"
    assert not list(tmp_path.rglob("made"))


def test_it_trains_to_the_state_that_was_kept_and_tells_of_dropout(tmp_path):
    adapter, _ = trained(tmp_path, "t5", "lora")
    facts = adapter.metadata.training.model_copy(update={"step": 5})
    recipe = (adapter.folder / "recipe.toml").read_text().replace('keep = "last"', 'keep = "best"')
    (adapter.folder / "recipe.toml").write_text(recipe)
    exported(library.update(adapter, training=facts), tmp_path / "out", "script")
    script = (tmp_path / "out" / "train.py").read_text(encoding="utf-8")
    assert "STEPS = 5\n" in script
    assert "SCHEDULE_STEPS = 8\n" in script
    assert "its best state was there" in script
    assert "The run had dropout" in script


def test_a_base_model_of_the_hub_is_named_with_its_commit(tmp_path, monkeypatch):
    adapter, model = trained(tmp_path, "llama", "prompt_tuning", "training.max_steps=1")
    (tmp_path / "snapshots").mkdir()
    model.rename(tmp_path / "snapshots" / "3f2a")
    monkeypatch.setattr(training_script, "looks_like_path", lambda _: False)
    monkeypatch.setattr(base_models, "folder_of", lambda *_: tmp_path / "snapshots" / "3f2a")
    exported(adapter, tmp_path / "out", "script")
    script = (tmp_path / "out" / "train.py").read_text(encoding="utf-8")
    compile(script, "train.py", "exec")
    assert "BASE_MODEL = 'model'\nREVISION = '3f2a'\n" in script
    assert "import sys" not in script


def test_what_no_script_can_repeat_is_refused_by_name(tmp_path):
    adapter, _ = trained(tmp_path, "llama", "bottleneck", "training.max_steps=1")
    with pytest.raises(AdapterError, match="PEFT lacks this method") as caught:
        exported(adapter, tmp_path / "out", "script")
    assert caught.value.hint == "Export it as peft instead."
    recipe = recipes.from_tables(adapter.recipe().as_tables() | {"method": {"id": "lora"}})
    (adapter.folder / "recipe.toml").write_text(recipes.dumps(recipe), encoding="utf-8")
    (tmp_path / "data" / "train.jsonl").write_text(
        '{"id": "1", "dialogue": "Ann: Hi.", "summary": "Hi."}\n' * 9
    )
    with pytest.raises(AdapterError, match="Conversations changed"):
        exported(adapter, tmp_path / "out", "script")
    (adapter.folder / "recipe.toml").unlink()
    with pytest.raises(AdapterError, match="its training is unknown"):
        exported(adapter, tmp_path / "out", "script")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("method", "precision", "quantization", "refused"),
    [
        ({"id": "lora"}, "bfloat16", "nf4", False),
        ({"id": "lora", "initialisation": "pissa"}, "float32", "none", True),
        ({"id": "lora", "initialisation": "gaussian"}, "float32", "none", False),
        ({"id": "full"}, "float32", "none", False),
        ({"id": "full"}, "bfloat16", "none", True),
        ({"id": "gralora"}, "bfloat16", "nf4", True),
        ({"id": "adalora"}, "float32", "none", True),
        ({"id": "c3a"}, "float32", "none", True),
    ],
)
def test_the_registry_says_what_peft_alone_can_t_do(method, precision, quantization, refused):
    settings = make_recipe("llama", method=method).method
    base = BaseFacts(precision=precision, quantization=quantization)
    assert bool(settings.method.beyond_peft(settings.options, base)) is refused


def test_blocks_are_named_by_a_pattern_where_all_of_them_are_trained():
    names = ["wte.weight", "h.0.ln.weight", "h.0.fc.weight", "h.1.ln.weight", "h.1.fc.weight"]
    assert training_script.layer_patterns(names, names) == ["*"]
    assert training_script.layer_patterns(["h.1.ln.weight", "h.1.fc.weight"], names) == [
        "h.1.ln.weight",
        "h.1.fc.weight",
    ]
    assert training_script.layer_patterns(["h.0.ln.weight", "h.1.ln.weight"], names) == ["h.*.ln.weight"]
