"""How much of the processor's memory an export takes: a Llama in bfloat16 with an adapter on every layer.

Run as `python -m tests.helpers.export_memory FOLDER WIDTH LAYERS TO PRECISION [TOKENIZER]`; the last line is JSON.
TOKENIZER is a model folder: llama.cpp's converter knows none of the tiny ones.
"""

import json
import resource
import sys
import time
from pathlib import Path

import torch
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

from engine.worker.jobs import export
from tests.helpers.peak_memory import MB, growth_of_this_process
from tests.helpers.tiny_models import tiny_model
from tests.helpers.worker_setup import install_random, make_channel

HEAD = 64


def main(folder: Path, width: int, layers: int, to: str, precision: str, tokenizer: str = "") -> None:
    """Export a small model first, so that what is loaded late is there, and then measure."""
    small, base = (
        wide_model(folder / name, *size, tokenizer or str(tiny_model("llama")))
        for name, size in {"small": (2 * HEAD, 1), "base": (width, layers)}.items()
    )
    first, wide = (
        install_random("llama", place.name, base_model={"id": str(place), "precision": "bfloat16"})
        for place in (small, base)
    )
    _export(first.id, folder / "first", to, precision)
    began, before = time.monotonic(), _largest_child()
    with growth_of_this_process() as growth:
        _export(wide.id, folder / "out", to, precision)
    found = {
        "weights": sum(file.stat().st_size for file in base.glob("*.safetensors")) // MB,
        "peak": growth.mb,
        # Of the largest process that was started for it, beside what it took for the small one.
        "converter": _largest_child() - before,
        "seconds": round(time.monotonic() - began),
    }
    print(json.dumps(found))


def wide_model(folder: Path, width: int, layers: int, tokenizer_folder: str) -> Path:
    """Make a Llama with random weights and a tied head."""
    tokenizer = AutoTokenizer.from_pretrained(tokenizer_folder)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=width, intermediate_size=width * 8 // 3,
        num_hidden_layers=layers, num_attention_heads=width // HEAD, num_key_value_heads=width // HEAD,
        tie_word_embeddings=True, bos_token_id=None, eos_token_id=tokenizer.eos_token_id,
        dtype=torch.bfloat16,
    )  # fmt: skip
    LlamaForCausalLM._from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _largest_child() -> int:
    """Return the peak of the largest process that this one has started, in megabytes."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 // MB


def _export(adapter: str, target: Path, to: str, precision: str) -> None:
    request = {"kind": "export", "to": to, "adapter": adapter, "target": str(target)}
    export.run(make_channel("export"), request | {"precision": precision})


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:])
