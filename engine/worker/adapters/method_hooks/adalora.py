"""Hooks of AdaLoRA: its phases, the importance of ranks, and its saved form, an ordinary LoRA.

Each change is B diag(E) A (Zhang et al. 2023). PEFT's own AdaLoRA files can't be merged, and only one can be loaded at
a time; as a LoRA of two matrices they can do everything that LoRA can.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from peft import LoraConfig, PeftConfig, PeftModel

from engine.methods.low_rank import AdaLoraOptions
from engine.options import Options
from engine.worker.adapters.method_hooks import TRAINED, InitContext, Tensors
from engine.worker.adapters.method_hooks.lora import LowRankHooks
from engine.worker.adapters.method_hooks.lora_init import adapted, named_pair
from engine.worker.modeling.base_models import LoadedBase

ALLOCATIONS = 100
# PEFT adds it to the rank in the scaling.
EPSILON = 1e-5
# Names of tensors in checkpoints.
SENSITIVITY, UNCERTAINTY, KEPT = "sensitivity: ", "uncertainty: ", "kept: "


class AdaLoraHooks(LowRankHooks):
    """AdaLoRA."""

    ranks: ClassVar[tuple[str, ...]] = ("rank", "initial_rank")
    sized_by_training: ClassVar[bool] = True

    def settings(self, options: Options, base: LoadedBase, context: InitContext) -> Mapping[str, Any]:
        """Return the phases in steps. Rounded down, they leave at least one step between them."""
        assert isinstance(options, AdaLoraOptions)
        steps = context.total_steps
        return {
            "total_step": steps,
            "tinit": int(options.full_share * steps),
            "tfinal": int(options.settled_share * steps),
            "deltaT": options.allocate_every or max(1, steps // ALLOCATIONS),
        }

    def add_modules(self, model: PeftModel, options: Options) -> None:
        """Freeze the rank in the scaling: in a half-precision base PEFT casts it, and it becomes trainable."""
        for _, layer in adapted(model):
            layer.ranknum[TRAINED].requires_grad_(False)

    def extra_loss(self, model: PeftModel) -> torch.Tensor:
        """Return the weighted distance of the matrices from orthonormal ones."""
        weight = model.peft_config[TRAINED].orth_reg_weight
        distances = []
        for _, layer in adapted(model):
            for matrix in (layer.lora_A[TRAINED], layer.lora_B[TRAINED].T):
                products = matrix @ matrix.T
                distances.append(
                    torch.linalg.matrix_norm(products - torch.eye(len(products), device=products.device))
                )
        return weight * torch.stack(distances).mean()

    def on_optimizer_step(self, model: PeftModel, step: int) -> None:
        """Update the importance of the ranks by their gradients and remove those above the step's budget."""
        model.base_model.update_and_allocate(step)

    def state(self, model: PeftModel) -> Tensors:
        """Return the running importance, and which ranks are kept."""
        allocator = model.base_model.rankallocator
        rank_pattern = model.peft_config[TRAINED].rank_pattern or {}
        return {
            **{f"{SENSITIVITY}{name}": score for name, score in allocator.exp_avg_ipt.items()},
            **{f"{UNCERTAINTY}{name}": score for name, score in allocator.exp_avg_unc.items()},
            **{f"{KEPT}{name}": torch.tensor(ranks) for name, ranks in rank_pattern.items()},
        }

    def load_state(self, model: PeftModel, tensors: Tensors) -> None:
        """Restore the importance and the kept ranks."""
        device = next(model.parameters()).device
        allocator = model.base_model.rankallocator
        allocator.exp_avg_ipt = {name: score.to(device) for name, score in _under(SENSITIVITY, tensors)}
        allocator.exp_avg_unc = {name: score.to(device) for name, score in _under(UNCERTAINTY, tensors)}
        # For a name that is missing here the allocator would reset its scores.
        allocator.ipt = {name: torch.zeros_like(score) for name, score in allocator.exp_avg_ipt.items()}
        rank_pattern = {name: ranks.tolist() for name, ranks in _under(KEPT, tensors)}
        model.peft_config[TRAINED].rank_pattern = rank_pattern or None

    def saved_tensors(self, model: PeftModel) -> Tensors:
        """Return the changes as two matrices a layer, without the removed ranks.

        On the meta device nothing is removed yet, and every layer has the final average rank.
        """
        tensors: Tensors = {}
        for name, layer in adapted(model):
            lora_A, lora_B, values = (part[TRAINED] for part in (layer.lora_A, layer.lora_B, layer.lora_E))
            if values.device.type == "meta":
                columns = torch.arange(model.peft_config[TRAINED].target_r)
            else:
                # A layer without ranks keeps one that is zero: the rank of a LoRA is at least one.
                columns = (
                    values.flatten().nonzero().flatten() if bool(values.any()) else torch.zeros(1).long()
                )
            scaling = layer.scaling[TRAINED] / (layer.r[TRAINED] + EPSILON)
            tensors |= named_pair(name, (lora_A * values)[columns], lora_B[:, columns] * scaling)
        return tensors

    def saved_config(self, model: PeftModel) -> PeftConfig:
        """Return that of an ordinary LoRA whose rank differs by layer; it scales by one."""
        tensors, trained = self.saved_tensors(model), super().saved_config(model)
        ranks = {
            name.removeprefix("base_model.model."): len(tensors[f"{name}.lora_A.weight"])
            for name, _ in adapted(model)
        }
        return LoraConfig(
            task_type=trained.task_type,
            base_model_name_or_path=trained.base_model_name_or_path,
            target_modules=trained.target_modules,
            lora_dropout=trained.lora_dropout,
            r=trained.target_r,
            lora_alpha=trained.target_r,
            rank_pattern=ranks,
            alpha_pattern=dict(ranks),
        )


def _under(prefix: str, tensors: Tensors) -> list[tuple[str, torch.Tensor]]:
    return [
        (name.removeprefix(prefix), tensor) for name, tensor in tensors.items() if name.startswith(prefix)
    ]
