"""Exports of an adapter, each scored again: time, size, and how many summaries are the adapter's; speed and memory.

Trains a short run of the starter, or of the model folder that `EXPORT_MODEL` names. Time and memory are those of a
model of 1 GB with random weights. Fetches llama.cpp's converter, which wants a tokenizer it knows: `EXPORT_MODEL`'s.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.helpers.benchmark_report import Row, run_main, show, temporary_home, trained
from tests.helpers.repository import ROOT

KINDS = (
    ("merged", "float32"), ("merged", "bfloat16"), ("ctranslate2", "float32"), ("ctranslate2", "int8"),
    ("gguf", "bfloat16"), ("gguf", "int8"),
)  # fmt: skip
SHORT = ("data.source=sample", "training.max_steps=60", "evaluation.examples=20")
CONVERSATIONS = 100
# Whose speed is measured: of the starter, and of a larger model.
MANY, FEW = "128", "32"
# A Llama of 1 GB in bfloat16: with SmolLM2's tokenizer, and with a tiny one.
LARGE = (("merged", ""), ("ctranslate2", "int8"), ("gguf", "bfloat16"))
WIDTH, LAYERS, LAYERS_FOR_FEW_TOKENS = "1536", "16", "19"


def main() -> None:
    """Train, export in every way, and print."""
    model = os.environ.get("EXPORT_MODEL", "")
    recipe = "smollm2-135m-samsum" if model else "starter"
    with temporary_home() as home:
        values = [*SHORT, *([f"base_model.id={model}"] if model else [])]
        adapter = trained(recipe, *values)
        show(f"Exports of {Path(model).name or 'the starter'}", _exports(adapter, home))
        show("Summaries a second", _speeds(home, FEW if model else MANY))
        show("Exports of a Llama of 1 GB in bfloat16", _large(model))


def _exports(adapter: str, home: Path) -> Iterator[Row]:
    for to, precision in KINDS:
        began = time.monotonic()
        command = ["adapters", "export", adapter, str(home / f"{to}-{precision}"), "--to", to]
        options = ["--precision", precision, "--conversations", str(CONVERSATIONS), "--json"]
        last = json.loads(run_main(*command, *options, check=False).splitlines()[-1])
        yield f"{to} {precision}", _told(last, time.monotonic() - began), "same"


def _speeds(home: Path, conversations: str) -> Iterator[Row]:
    """Yield how fast the exported model is written with, by the engine and by CTranslate2."""
    folders = [str(home / name) for name in ("merged-float32", "ctranslate2-float32", "ctranslate2-int8")]
    for line in _helper("runtime_speed", [conversations, *folders]).stdout.splitlines():
        found = json.loads(line)
        rate = f"{found['together']} together, {found['alone']} one by one; {found['same']} as the first"
        yield found["name"], rate, "-"


def _large(tokenizer: str) -> Iterator[Row]:
    """Yield how long the exports of a large model take, and the peak of memory in times its weights."""
    layers = LAYERS if tokenizer else LAYERS_FOR_FEW_TOKENS
    for to, precision in LARGE:
        with tempfile.TemporaryDirectory() as folder:
            words = [folder, WIDTH, layers, to, precision, *([tokenizer] if tokenizer else [])]
            done = _helper("export_memory", words)
        if done.returncode:
            yield f"{to} {precision}", f"not tried: {done.stderr.splitlines()[-1]}", "1.5"
            continue
        found = json.loads(done.stdout.splitlines()[-1])
        peak = max(found["peak"], found["converter"]) / found["weights"]
        yield f"{to} {precision}", f"{peak:.2f} times {found['weights']} MB; {found['seconds']} s", "1.5"


def _told(result: dict[str, object], seconds: float) -> str:
    verified = result.get("verified")
    if not isinstance(verified, dict):
        return json.dumps(result)[:100]
    if not verified["conversations"]:
        return f"{verified['state']}: {verified['reason']}"
    difference = verified["difference"]["rouge1"]
    change = (
        f"{100 * difference['mean']:+.1f} ({100 * difference['low']:+.1f} to {100 * difference['high']:+.1f})"
    )
    equal = f"{verified['identical']} of {verified['conversations']} identical"
    return f"{verified['state']}: ROUGE-1 {change}, {equal}; {seconds:.0f} s"


def _helper(name: str, words: list[str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", f"tests.helpers.{name}", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


if __name__ == "__main__":
    main()
