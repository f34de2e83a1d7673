"""Methods that change weights by something other than a low-rank sum: rotations, frequencies, sparse entries."""

from __future__ import annotations

from typing import Any

from engine.errors import Problem
from engine.messages import say
from engine.methods import sketches
from engine.methods.base import QUANTIZATIONS, BaseFacts, Method, Preset, Tuner, Variant
from engine.methods.shared_options import Targets, rank_option, rank_text, target_modules_option
from engine.options import Options, option


class OftOptions(Options):
    block_size: int = option(
        32,
        "Block size",
        "Inputs rotated together, rounded to a divisor of the layer's width. Larger blocks learn more, "
        "with more parameters.",
        control="slider",
        peft_name="oft_block_size",
        ge=2,
        le=512,
    )
    shared: bool = option(
        False,
        "One rotation for all blocks",
        "Use one rotation for all blocks of a layer: fewer trainable parameters.",
        peft_name="block_share",
    )
    fast_rotation: bool = option(
        True,
        "Fast rotation",
        "Approximate rotations by a short series. Faster, and accurate while they are small.",
        peft_name="use_cayley_neumann",
    )
    dropout: float = option(
        0.0,
        "Dropout",
        "Fraction of the blocks left unrotated in a training step.",
        peft_name="module_dropout",
        ge=0.0,
        lt=1.0,
    )
    target_modules: Targets = target_modules_option("are rotated")


class BoftOptions(Options):
    block_size: int = option(
        4,
        "Block size",
        "Inputs rotated together; must divide all input widths. Larger blocks learn more, with more "
        "parameters.",
        control="slider",
        peft_name="boft_block_size",
        ge=2,
        le=512,
    )
    dropout: float = option(
        0.0,
        "Dropout",
        "Fraction of the blocks left unrotated in a training step.",
        peft_name="boft_dropout",
        ge=0.0,
        lt=1.0,
    )
    target_modules: Targets = target_modules_option("are rotated and scaled")


class HraOptions(Options):
    rank: int = rank_option(8, "Number of reflections; must be even.", maximum=256)
    target_modules: Targets = target_modules_option("are reflected")


class FourierFtOptions(Options):
    """Settings of FourierFT."""

    frequencies: int = option(
        1000,
        "Frequencies",
        "Trained amplitudes at random frequencies, for each adapted layer.",
        control="slider",
        peft_name="n_frequency",
        ge=1,
        le=100_000,
    )
    scaling: float = option(
        150.0,
        "Scaling",
        "Strength of the change. If you raise it, lower the learning rate.",
        gt=0.0,
        le=10_000.0,
    )
    target_modules: Targets = target_modules_option("get trained waves")


class C3aOptions(Options):
    block_size: int | None = option(
        None,
        "Block size",
        "Size of a circulant block; must divide all layer widths. Larger blocks have fewer parameters. "
        "Empty: the largest possible, up to 256.",
        ge=1,
        le=8192,
    )
    target_modules: Targets = target_modules_option("get trained circulant blocks")


class ShiraOptions(Options):
    rank: int = rank_option(8, "Trains as many entries of each weight as LoRA of this rank has parameters.")
    target_modules: Targets = target_modules_option("are changed at random entries")


def _block(options: OftOptions | BoftOptions | C3aOptions) -> str:
    return say("block {}", options.block_size) if options.block_size else ""


def _frequencies(options: FourierFtOptions) -> str:
    return f"n {options.frequencies}"


def _even_rank(options: Any, _: BaseFacts) -> Problem | None:
    if options.rank % 2 == 0:
        return None
    message = say("{} is odd, but reflections come in pairs.", options.rank)
    return Problem("method.rank", message, say("{} or {} work.", options.rank - 1 or 2, options.rank + 1))


REPARAMETERIZED: tuple[Method, ...] = (
    Method(
        id="oft",
        title="OFT",
        group="Reparameterizations",
        summary="Rotates each weight, keeps its length",
        sketch=sketches.ROTATION,
        explanation=(
            "Multiplies each weight by a trained rotation, which preserves lengths and angles. Use it if "
            "the model must not forget what it can do. (Qiu et al. 2023)"
        ),
        options=OftOptions,
        tuner=Tuner("OFT", keys={"coft": "flag", "eps": "number", "num_cayley_neumann_terms": "count"}),
        presets={"encoder-decoder": Preset(1e-3), "decoder-only": Preset(5e-4)},
        quantizations=QUANTIZATIONS,
        merges=True,
        variants=(
            Variant(
                "shared",
                "Shared rotation",
                {"shared": True},
                summary="One rotation for all blocks of a layer",
            ),
        ),
        short=_block,
        linear_only=True,
    ),
    Method(
        id="boft",
        title="BOFT",
        group="Reparameterizations",
        summary="Small rotations and trained output scales",
        sketch=sketches.ROTATION,
        explanation=(
            "OFT with small exact rotations and a trained scale for every output; one factor of the "
            "paper's chain. (Liu et al. 2024)"
        ),
        options=BoftOptions,
        tuner=Tuner(
            "BOFT",
            hooks="engine.worker.adapters.method_hooks.shape_constraints:BoftHooks",
            keys={"boft_block_num": "size", "boft_n_butterfly_factor": "size"},
            sizes={
                "boft_n_butterfly_factor": (("boft_R", 0),),
                "boft_block_num": (("boft_R", 1),),
                "boft_block_size": (("boft_R", 2),),
            },
        ),
        presets={"encoder-decoder": Preset(3e-3), "decoder-only": Preset(1e-3)},
        quantizations=QUANTIZATIONS,
        merges=True,
        peft_defaults={"boft_n_butterfly_factor": 1},
        short=_block,
        nearest="oft",
        linear_only=True,
    ),
    Method(
        id="hra",
        title="HRA",
        group="Reparameterizations",
        summary="Reflects each weight a few times",
        sketch=sketches.ROTATION,
        explanation=(
            "Multiplies each weight by a chain of trained reflections. Preserves lengths and angles like "
            "OFT, and is as small as LoRA. (Yuan et al. 2024)"
        ),
        options=HraOptions,
        tuner=Tuner(
            "HRA",
            hooks="engine.worker.adapters.method_hooks.lora:LowRankHooks",
            keys={"apply_GS": "flag"},
            sizes={"r": (("hra_u", 1),)},
        ),
        presets={"encoder-decoder": Preset(3e-3), "decoder-only": Preset(1e-3)},
        merges=True,
        # The pairs cancel each other up to the rounding of float32.
        identity_at_start=False,
        short=rank_text,
        nearest="oft",
        linear_only=True,
        rule=_even_rank,
    ),
    Method(
        id="fourierft",
        title="FourierFT",
        group="Reparameterizations",
        summary="Trains a few frequencies per weight",
        sketch=sketches.WAVES,
        explanation=(
            "Writes the change as a sum of waves and trains their amplitudes at a few random "
            "frequencies. For very small adapters. (Gao et al. 2024)"
        ),
        options=FourierFtOptions,
        tuner=Tuner(
            "FOURIERFT",
            hooks="engine.worker.adapters.method_hooks.shape_constraints:FourierFtHooks",
            keys={"random_loc_seed": "whole", "n_frequency_pattern": "sizes_by_pattern"},
        ),
        presets={"encoder-decoder": Preset(3e-2), "decoder-only": Preset(1e-2)},
        quantizations=QUANTIZATIONS,
        merges=True,
        # PEFT's own default starts from random waves that spoil the base.
        peft_defaults={"init_weights": True},
        short=_frequencies,
    ),
    Method(
        id="c3a",
        title="C3A",
        group="Reparameterizations",
        summary="Adds circular convolutions to each weight",
        sketch=sketches.CIRCULANT_BLOCKS,
        explanation=(
            "Builds the change from circulant blocks: n parameters fill n × n entries. For a higher rank "
            "than LoRA with fewer parameters. (Chen et al. 2024)"
        ),
        options=C3aOptions,
        tuner=Tuner(
            "C3A",
            hooks="engine.worker.adapters.method_hooks.shape_constraints:C3aHooks",
            keys={
                "init_weights": (True, False, "gaussian", "kaiming_uniform", "xavier_uniform"),
                "block_size_pattern": "sizes_by_pattern",
            },
        ),
        presets={"encoder-decoder": Preset(1e-1), "decoder-only": Preset(1e-1)},
        quantizations=QUANTIZATIONS,
        merges=True,
        # True means zeros; PEFT's own default starts from random kernels that spoil the base.
        peft_defaults={"init_weights": True},
        short=_block,
        linear_only=True,
        beyond_peft=lambda options, base: "PEFT computes wrong gradients for it",  # noqa: ARG005
    ),
    Method(
        id="shira",
        title="SHiRA",
        group="Reparameterizations",
        summary="Changes a few random entries directly",
        sketch=sketches.SPARSE_CHANGE,
        explanation=(
            "Trains a few random entries of each weight, one or two percent in the paper. Use it if only "
            "few weights may change. (Bhardwaj et al. 2024)"
        ),
        options=ShiraOptions,
        tuner=Tuner(
            "SHIRA",
            hooks="engine.worker.adapters.method_hooks.shape_constraints:ShiraHooks",
            keys={"mask_type": ("random",), "random_seed": "whole"},
        ),
        presets={"encoder-decoder": Preset(3e-3), "decoder-only": Preset(1e-3)},
        # On int8 it would compute with dequantized weights, and so not start at the base model.
        quantizations=("none", "nf4", "fp4"),
        merges=True,
        peft_defaults={"random_seed": 0},
        short=rank_text,
        linear_only=True,
    ),
)
