"""Liger Kernel on a GPU of NVIDIA or AMD: its Triton kernels for RMS norm, SwiGLU, rotary embedding and cross-entropy.

They come through transformers' own integration, for the families of models that Liger knows, and only while a run
trains: its base and its adapter are scored by the same code as ever. The integration also replaces functions of
transformers' modules and of torch; all is put back afterwards. Liger's fused output head is left out: ours computes the
labels' logits alone already (`modeling.forward`), and Liger's would replace the model's forward pass as a whole.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from peft import PeftModel
from torch.nn import functional

from engine.system.versions import installed

PACKAGE = "liger-kernel"
# torch calls AMD's GPUs "cuda" too.
GPUS = frozenset({"cuda"})
# PEFT types whose layers add a change to a linear layer's output, as Liger is used with every day. Others wrap the
# norms that it replaces, or may save what its backward pass overwrites.
PEFT_TYPES = frozenset({"LORA", "ADALORA"})
SETTINGS = {"cross_entropy": True, "fused_linear_cross_entropy": False}
MODELS = "transformers.models."
_ABSENT = object()
# A namespace, a name in it, and the value that it had.
_Replaced = tuple[dict[str, Any], str, Any]


def version(device: torch.device, model_type: str) -> str:
    """Return the version of Liger where it has kernels for a family of models on a device, else ""."""
    found = installed(PACKAGE) if device.type in GPUS else ""
    if not found:
        return ""
    try:
        from liger_kernel.transformers.monkey_patch import MODEL_TYPE_TO_APPLY_LIGER_FN
    except (ImportError, OSError, RuntimeError):
        # Using it will say why.
        return found
    return found if model_type in MODEL_TYPE_TO_APPLY_LIGER_FN else ""


def suits(peft_type: str) -> bool:
    """Tell whether a method's layers and these kernels go together."""
    return peft_type in PEFT_TYPES


@contextmanager
def applied(model: PeftModel, try_step: Callable[[], None]) -> Iterator[str]:
    """Compute inside with Liger's kernels; yield why that failed, "" if it did not.

    `try_step` computes gradients and drops them: Triton compiles a kernel when it is first used.
    """
    from transformers.integrations import apply_liger_kernel

    # All that the integration may change: the model's modules, transformers' and torch's functions.
    libraries = [vars(found) for name, found in [*sys.modules.items()] if name.startswith(MODELS)]
    namespaces = [*map(vars, model.modules()), *libraries, vars(functional)]
    before = [(names, dict(names)) for names in namespaces]
    replaced: list[_Replaced] = []
    problem = ""
    try:
        try:
            apply_liger_kernel(model, SETTINGS)
        finally:
            replaced = _replaced(before)
        try_step()
    except (MemoryError, torch.OutOfMemoryError):
        _put_back(replaced)
        raise
    except Exception as error:  # noqa: BLE001 - Triton, its compiler and the driver raise exceptions of every kind
        _put_back(replaced)
        traceback.print_exc()
        replaced, problem = [], f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
    try:
        yield problem
    finally:
        _put_back(replaced)


def _replaced(before: list[tuple[dict[str, Any], dict[str, Any]]]) -> list[_Replaced]:
    """Return what has changed, with the values from before."""
    return [
        (names, name, values.get(name, _ABSENT))
        for names, values in before
        for name in names
        if values.get(name, _ABSENT) is not names[name]
    ]


def _put_back(replaced: list[_Replaced]) -> None:
    for names, name, value in replaced:
        if value is _ABSENT:
            names.pop(name, None)
        else:
            names[name] = value
