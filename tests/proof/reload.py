"""A process of its own that loads what others saved, by plain PEFT and plain transformers, and compares logits.

    python -m tests.proof.reload       reads one request a line, answers each with a line

It has never seen the model that was trained: what it finds is what is in the files.
"""

import warnings
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel
from peft.utils.peft_types import PeftType
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM, BitsAndBytesConfig

import engine.worker.adapters.tuners  # noqa: F401 - registers our own with PEFT
from tests.helpers.line_process import LineProcess, answer_all

EXPECTED_NAME = "expected.safetensors"


class Reloader(LineProcess):
    """The process, seen from the one that trained."""

    def __init__(self, log: Path, device: str = "cpu") -> None:
        super().__init__("tests.proof.reload", log)
        self._device = device

    def difference(self, folder: Path, base: Path | None, quantization: str, double: bool) -> float:
        """Return by how much the logits differ from those in the folder; `base` None: it holds a whole model.

        Raises RuntimeError with the process's own words if it can't be loaded.
        """
        request = {"folder": str(folder), "base": str(base) if base else None, "quantization": quantization}
        answer = self.ask(request | {"double": double, "device": self._device})
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return float(answer["difference"])


def _answered(request: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"difference": _difference(**request)}
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
        return {"error": f"{type(error).__name__}: {error}"}


@torch.no_grad()
def _difference(folder: str, base: str | None, quantization: str, double: bool, device: str) -> float:
    given = load_file(Path(folder) / EXPECTED_NAME, device)
    expected, labels = given.pop("logits"), given.pop("labels")
    model = _plain_model(base or folder, quantization, double, device)
    if base:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = PeftModel.from_pretrained(model, folder)
            _as_plain_peft_asks(model, given, labels)
    found = model.eval()(**given, use_cache=False).logits
    if model.config.is_encoder_decoder:
        found = found[labels != -100]
    else:
        found = found[:, -labels.shape[1] :][given["attention_mask"].bool()]
    return float((found - expected).abs().max())


def _as_plain_peft_asks(model: PeftModel, given: dict[str, torch.Tensor], labels: torch.Tensor) -> None:
    """Change inputs to what PEFT's forward wants: it shifts labels itself for some prompts of encoder-decoders."""
    if model.active_peft_config.peft_type == PeftType.MULTITASK_PROMPT_TUNING:
        given["task_ids"] = torch.zeros(len(labels), dtype=torch.long, device=labels.device)
        if given.pop("decoder_input_ids", None) is not None:
            given["labels"] = labels


def _quantized(quantization: str, double: bool) -> BitsAndBytesConfig | None:
    if quantization == "none":
        return None
    if quantization == "int8":
        return BitsAndBytesConfig(load_in_8bit=True, llm_int8_threshold=0.0)
    return BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type=quantization, bnb_4bit_use_double_quant=double,
        bnb_4bit_compute_dtype=torch.float32,
    )  # fmt: skip


def _plain_model(folder: str, quantization: str, double: bool, device: str) -> Any:
    is_pair = AutoConfig.from_pretrained(folder).is_encoder_decoder
    loader = AutoModelForSeq2SeqLM if is_pair else AutoModelForCausalLM
    quantized = _quantized(quantization, double)
    model = loader.from_pretrained(
        folder, dtype=torch.float32, quantization_config=quantized, device_map={"": device}
    )
    for module in model.modules():
        # bitsandbytes would compute in bfloat16 on some processors, whatever it was asked for.
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False
    return model


if __name__ == "__main__":
    torch.set_num_threads(1)
    answer_all(_answered)
