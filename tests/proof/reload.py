"""A process of its own that loads what others saved, by plain PEFT and plain transformers, and compares logits.

    python -m tests.proof.reload       reads one request a line, answers each with a line

It has never seen the model that was trained: what it finds is what is in the files.
"""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
EXPECTED_NAME = "expected.safetensors"


class Reloader:
    """The process, seen from the one that trained."""

    def __init__(self, log: Path) -> None:
        with log.open("w", encoding="utf-8") as stderr:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.proof.reload"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                cwd=ROOT,
            )

    def difference(self, folder: Path, base: Path | None, quantization: str, double: bool) -> float:
        """Return by how much the logits differ from those in the folder; `base` None: it holds a whole model.

        Raises RuntimeError with the process's own words if it can't be loaded.
        """
        request = {"folder": str(folder), "base": str(base) if base else None}
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(
            json.dumps(request | {"quantization": quantization, "double": double}) + "\n"
        )
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline() or '{"error": "the process ended"}')
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return float(answer["difference"])

    def close(self) -> None:
        """End the process and wait for it."""
        self._process.communicate()


def main() -> None:
    """Answer requests until there are no more."""
    answers, sys.stdout = sys.stdout, sys.stderr
    import torch

    torch.set_num_threads(1)
    for line in sys.stdin:
        try:
            answer: dict[str, Any] = {"difference": _difference(**json.loads(line))}
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)


def _difference(folder: str, base: str | None, quantization: str, double: bool) -> float:
    from peft import PeftModel
    from safetensors.torch import load_file

    import engine.worker.tuners  # noqa: F401 - registers our own with PEFT
    from engine.worker.batches import MicroBatch
    from tests.proof.workshop import logits

    expected = load_file(Path(folder) / EXPECTED_NAME)
    model = _plain_model(base or folder, quantization, double)
    family = "encoder-decoder" if model.config.is_encoder_decoder else "decoder-only"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loaded = PeftModel.from_pretrained(model, folder) if base else model
    batch = MicroBatch(expected["input_ids"], expected["attention_mask"], expected["labels"], 0)
    return float((logits(loaded, family, batch) - expected["logits"]).abs().max())


def _plain_model(folder: str, quantization: str, double: bool) -> Any:
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM, BitsAndBytesConfig

    quantized = {
        "none": None,
        "int8": BitsAndBytesConfig(load_in_8bit=True),
        "nf4": BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=double,
            bnb_4bit_compute_dtype=torch.float32,
        ),
    }[quantization]
    is_pair = AutoConfig.from_pretrained(folder).is_encoder_decoder
    loader = AutoModelForSeq2SeqLM if is_pair else AutoModelForCausalLM
    model = loader.from_pretrained(folder, dtype=torch.float32, quantization_config=quantized)
    for module in model.modules():
        # bitsandbytes would compute in bfloat16 on some processors, whatever it was asked for.
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False
    return model


if __name__ == "__main__":
    main()
