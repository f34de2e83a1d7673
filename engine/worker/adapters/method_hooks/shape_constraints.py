"""Hooks of methods whose settings depend on the layers that they adapt, or on another adapter beside them.

Settings must fit the widths of the layers: they are chosen to fit, or refused with a hint. PEFT finds a misfit only
while it replaces layers, and does not say what would fit. To a second adapter PEFT gives the buffers of the first,
whatever its own settings are. Importing this module registers our own tuners with PEFT.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from math import gcd
from typing import Any, ClassVar

import torch
from peft import PeftModel
from peft.tuners.tuners_utils import BaseTunerLayer
from peft.utils import (
    TRANSFORMERS_MODELS_TO_IA3_FEEDFORWARD_MODULES_MAPPING,
    TRANSFORMERS_MODELS_TO_IA3_TARGET_MODULES_MAPPING,
)

from engine.errors import AdapterError
from engine.messages import say
from engine.methods.additive import BottleneckOptions, Ia3Options
from engine.methods.lora_family import GraLoraOptions, MissOptions, VbLoraOptions
from engine.methods.reparameterized import BoftOptions, C3aOptions, FourierFtOptions, ShiraOptions
from engine.options import Options
from engine.worker.adapters.method_hooks import TRAINED, InitContext, MethodHooks
from engine.worker.adapters.method_hooks.target_modules import ALL_LINEAR, adapted_widths
from engine.worker.adapters.tuners.bottleneck import adapted_layers
from engine.worker.kernels.compat import BlockCircularConvolution, boft_layer, shira_layer
from engine.worker.kernels.registry import enabled, replace
from engine.worker.modeling.architecture import Width
from engine.worker.modeling.base_models import LoadedBase

# The largest vector and block that is chosen where the recipe names none.
MAX_CHOSEN = 256
# Ranks up to this one are cut into 2 blocks a side, larger ones into 4 (Jung et al. 2025, GraLoRA).
SMALL_RANK = 32
# Names of layers that end a feed-forward in any model; IA3 scales their inputs.
FEED_FORWARD_ENDS = {
    name for names in TRANSFORMERS_MODELS_TO_IA3_FEEDFORWARD_MODULES_MAPPING.values() for name in names
}
KEYS_AND_VALUES = ("k", "v", "k_proj", "v_proj", "key", "value", "query_key_value")

if enabled("boft_cuda"):
    # PEFT would compile an extension for every layer, with which boft_R has another shape. One butterfly factor needs
    # none.
    boft_layer._FBD_CUDA = False


def permutation_matrix(_: Any, indices: torch.Tensor) -> torch.Tensor:
    """Return the same matrix as BOFT's `perm2mat`, which loops over the rows and can't run on the meta device."""
    return torch.eye(len(indices))[indices]


replace(boft_layer.BOFTLayer, "perm2mat", permutation_matrix)


def _dense_change(layer: Any, adapter: str) -> torch.Tensor:
    """Return the same change as SHiRA's `get_delta_weight`, as a dense matrix whose indices are checked.

    PEFT's sparse matrix writes to indices outside of the weight, and does not exist on the meta device.
    """
    values = layer.shira_weight[adapter] * layer.scaling[adapter]
    layer.shira_indices[adapter] = layer.shira_indices[adapter].to(values.device)
    rows, columns = layer.shira_indices[adapter].long()
    empty = torch.zeros(layer.out_features, layer.in_features, dtype=values.dtype, device=values.device)
    return empty.index_put((rows, columns), values)


replace(shira_layer.Linear, "get_delta_weight", _dense_change, "shira_dense")


def _convolution_gradients(context: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the gradients of C3A's inputs and kernels.

    PEFT's of the inputs is a correlation with the kernels, which trains all adapters but the last layer's wrong.
    """
    inputs, kernels = context.saved_tensors
    rows, _, size = kernels.shape
    spectrum = torch.fft.fft(gradient.unflatten(-1, (rows, size)))
    of_inputs = torch.fft.ifft(torch.einsum("...mb,mnb->...nb", spectrum, torch.fft.fft(kernels)))
    of_kernels = torch.fft.fft(torch.einsum("...mb,...nb->mnb", spectrum, torch.fft.ifft(inputs)))
    return of_inputs.real.flatten(-2), of_kernels.real


replace(BlockCircularConvolution, "backward", _convolution_gradients, "c3a_gradient")


def _widths(options: Options, base: LoadedBase) -> Mapping[str, Width]:
    return adapted_widths(base, getattr(options, "target_modules", None))


def _dividing(
    chosen: int | None, sizes: Iterable[int], field: str, what: str, usual: Iterable[int] = ()
) -> int | None:
    """Return a divisor of all sizes: the chosen one, else the first of `usual` that is one, else the largest.

    Raises AdapterError if the chosen one is none. Returns it unchanged where no layer is adapted, which PEFT refuses.
    """
    sizes = sorted(set(sizes))
    if not sizes:
        return chosen
    divisors = [number for number in range(1, gcd(*sizes) + 1) if gcd(*sizes) % number == 0]
    if chosen is None:
        return next((size for size in usual if size in divisors), max(d for d in divisors if d <= MAX_CHOSEN))
    if chosen not in divisors:
        raise AdapterError(
            say("{} {} must divide all layer widths: {}.", what, chosen, ", ".join(map(str, sizes))),
            say("These do: {}.", ", ".join(str(size) for size in divisors if size > 1) or 1),
            f"method.{field}",
        )
    return chosen


def _both(widths: Mapping[str, Width]) -> list[int]:
    return [size for width in widths.values() for size in width]


class VbLoraHooks(MethodHooks):
    """VB-LoRA: the vector length must divide all widths; the bank learns at a tenth of the rate, as in the paper."""

    ranks = ("rank",)

    def settings(self, options: Options, base: LoadedBase, context: InitContext) -> Mapping[str, Any]:
        """Choose the vectors' length."""
        assert isinstance(options, VbLoraOptions)
        sizes = _both(_widths(options, base))
        length = _dividing(options.vector_length, sizes, "vector_length", "A vector length of")
        return {"vector_length": length or MAX_CHOSEN}

    def learning_rate_factors(self, model: PeftModel, options: Options) -> Mapping[str, float]:
        """Let the bank, which all layers share, learn more slowly (Li et al. 2024)."""
        return {name: 0.1 for name, _ in model.named_parameters() if "vblora_vector_bank" in name}


class MissHooks(MethodHooks):
    """MiSS: its forms are initialisations in PEFT, and a layer has one form for all adapters."""

    def settings(self, options: Options, base: LoadedBase, context: InitContext) -> Mapping[str, Any]:
        """Return the form as PEFT's initialisation, and refuse sizes that do not fit it."""
        assert isinstance(options, MissOptions)
        widths = _widths(options, base)
        if options.form == "bat":
            _dividing(options.rank, _both(widths), "rank", "The bat form's rank")
        else:
            _at_most(options.rank, [width.inputs for width in widths.values()], "rank", "The rank")
        if options.form == "mini":
            outputs = [width.outputs for width in widths.values()]
            _dividing(options.mini_rank, outputs, "mini_rank", "The mini rank")
        return {"init_weights": True if options.form == "plain" else options.form}

    def is_compatible(self, config: Any, other: Any) -> bool:
        """Return whether both have the same form: PEFT uses that of the first adapter for all."""
        return bool(config.init_weights == other.init_weights)


class InPlaceHooks(MethodHooks):
    """Methods that add to a layer's output in place, which autograd forbids for quantized layers."""

    def initialize(self, model: PeftModel, base: LoadedBase, options: Options, context: InitContext) -> None:
        """Let quantized layers return copies."""
        if base.options.quantization == "none":
            return
        for module in model.modules():
            if isinstance(module, BaseTunerLayer):
                module.get_base_layer().register_forward_hook(lambda _, _inputs, output: output.clone())


class GraLoraHooks(InPlaceHooks):
    """GraLoRA: as many blocks as divide the rank and all widths."""

    ranks = ("rank", "hybrid_rank")

    def settings(self, options: Options, base: LoadedBase, context: InitContext) -> Mapping[str, Any]:
        """Choose the number of blocks a side."""
        assert isinstance(options, GraLoraOptions)
        sizes = [*_both(_widths(options, base)), options.rank]
        usual = (2, 1) if options.rank <= SMALL_RANK else (4, 2, 1)
        return {"gralora_k": _dividing(options.blocks, sizes, "blocks", "The number of blocks", usual)}


class BoftHooks(MethodHooks):
    """BOFT: the block size must divide the inputs."""

    def settings(self, options: Options, base: LoadedBase, context: InitContext) -> Mapping[str, Any]:
        """Refuse a block size that does not divide."""
        assert isinstance(options, BoftOptions)
        inputs = [width.inputs for width in _widths(options, base).values()]
        _dividing(options.block_size, inputs, "block_size", "The block size")
        return {}


class C3aHooks(InPlaceHooks):
    """C3A: the block size must divide inputs and outputs."""

    def settings(self, options: Options, base: LoadedBase, context: InitContext) -> Mapping[str, Any]:
        """Choose the block size."""
        assert isinstance(options, C3aOptions)
        sizes = _both(_widths(options, base))
        return {
            "block_size": _dividing(options.block_size, sizes, "block_size", "The block size") or MAX_CHOSEN
        }


class FourierFtHooks(MethodHooks):
    """FourierFT: a layer has no more frequencies than weights."""

    def settings(self, options: Options, base: LoadedBase, context: InitContext) -> Mapping[str, Any]:
        """Limit the frequencies of small layers."""
        assert isinstance(options, FourierFtOptions)
        weights = {name: w.inputs * w.outputs for name, w in _widths(options, base).items()}
        narrow = {name: count for name, count in weights.items() if count < options.frequencies}
        # PEFT matches patterns after a dot, so the name's first part is left out.
        return {"n_frequency_pattern": {name.partition(".")[2]: count for name, count in narrow.items()}}


class ShiraHooks(MethodHooks):
    """SHiRA: it can't change more entries than a weight has; on the meta device none are drawn."""

    def settings(self, options: Options, base: LoadedBase, context: InitContext) -> Mapping[str, Any]:
        """Refuse a rank that is too large; draw no entries on the meta device."""
        assert isinstance(options, ShiraOptions)
        max_ranks = [w.inputs * w.outputs // sum(w) for w in _widths(options, base).values()]
        _at_most(options.rank, max_ranks, "rank", "The rank")
        return {"mask_type": "none_yet"} if base.device.type == "meta" else {}

    def add_modules(self, model: PeftModel, options: Options) -> None:
        """Add indices of the right shape where none are drawn."""
        for module in model.modules():
            if isinstance(module, shira_layer.ShiraLayer) and TRAINED not in module.shira_indices:
                count = module.shira_weight[TRAINED].numel()
                module.shira_indices[TRAINED] = torch.zeros(2, count, dtype=torch.int32, device="meta")


def _at_most(chosen: int, limits: list[int], field: str, what: str) -> None:
    if limits and chosen > min(limits):
        raise AdapterError(
            say("{} {} is too large for the narrowest layer.", what, chosen),
            say("At most {}.", min(limits)),
            f"method.{field}",
        )


class ProjectionHooks(MethodHooks):
    """VeRA and RandLoRA: random matrices of the size of the largest adapted layer, drawn from a seed."""

    def is_compatible(self, config: Any, other: Any) -> bool:
        """Return whether both draw the same matrices: the second adapter gets those of the first."""
        same = ("r", "projection_prng_key", "save_projection", "target_modules", "sparse", "very_sparse")
        return all(getattr(config, name, None) == getattr(other, name, None) for name in same)


class RandLoraHooks(ProjectionHooks):
    """RandLoRA: a pair as wide as the layer has full rank already; VeRA's rank may be higher (Kopiczko et al. 2024)."""

    ranks = ("rank",)


class Ia3Hooks(MethodHooks):
    """IA3: its default layers differ from LoRA's, and the inputs of those that end a feed-forward are scaled."""

    def settings(self, options: Options, base: LoadedBase, context: InitContext) -> Mapping[str, Any]:
        """Return the layers, and which of them end a feed-forward."""
        assert isinstance(options, Ia3Options)
        # The last parts of all linear layers' names: PEFT would use full names, and no feed-forward ends.
        linear = {name.rpartition(".")[2] for name in adapted_widths(base, (ALL_LINEAR,))}
        known = TRANSFORMERS_MODELS_TO_IA3_TARGET_MODULES_MAPPING.get(base.model.config.model_type)
        usual = known or linear & {*KEYS_AND_VALUES, *FEED_FORWARD_ENDS} or linear
        targets: Collection[str] = options.target_modules or usual
        named = sorted(linear if ALL_LINEAR in targets else targets)
        ends = [
            name
            for name in named
            if any(f".{end}".endswith(f".{name}") or name.endswith(f".{end}") for end in FEED_FORWARD_ENDS)
        ]
        return {"target_modules": named, "feedforward_modules": ends}

    def is_compatible(self, config: Any, other: Any) -> bool:
        """Return whether both scale each layer on the same side: PEFT uses the first adapter's side for all."""

        def names(modules: Any) -> set[str]:
            return {modules} if isinstance(modules, str) else set(modules or ())

        different = names(config.feedforward_modules) ^ names(other.feedforward_modules)
        return not different & names(config.target_modules) & names(other.target_modules)


class BottleneckHooks(MethodHooks):
    """Inserts adapters after the last layer of each sublayer, unless layers are named."""

    def settings(self, options: Options, base: LoadedBase, context: InitContext) -> Mapping[str, Any]:
        """Return the layers that get an adapter after them. Raises AdapterError if they are not known."""
        assert isinstance(options, BottleneckOptions)
        if options.target_modules is not None:
            return {}
        return {"target_modules": list(adapted_layers(base.model.config.model_type, options.placement))}


class SelectiveHooks(MethodHooks):
    """Trains copies of the base model's own parameters."""

    copies_base_parameters: ClassVar[bool] = True
