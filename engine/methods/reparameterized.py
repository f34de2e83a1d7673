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
    """Settings of OFT."""

    block_size: int = option(
        32,
        "Block size",
        "Inputs that are rotated together. Larger blocks can learn more and train more parameters. If "
        "it doesn't divide a layer's width, the nearest size that does is used.",
        control="slider",
        peft_name="oft_block_size",
        ge=2,
        le=512,
    )
    shared: bool = option(
        False,
        "One rotation for all blocks",
        "Use the same rotation for all blocks of a layer: fewer trainable parameters.",
        peft_name="block_share",
    )
    fast_rotation: bool = option(
        True,
        "Fast rotation",
        "Approximate rotations by a short series instead of computing exact ones. Faster; lengths are "
        "preserved as long as the rotations stay small.",
        peft_name="use_cayley_neumann",
    )
    dropout: float = option(
        0.0,
        "Dropout",
        "Fraction of the blocks that is left unrotated in a training step, against overfitting.",
        peft_name="module_dropout",
        ge=0.0,
        lt=1.0,
    )
    target_modules: Targets = target_modules_option("are rotated")


class BoftOptions(Options):
    """Settings of BOFT."""

    block_size: int = option(
        4,
        "Block size",
        "Inputs that are rotated together; must divide the input widths of all adapted layers. Larger "
        "blocks can learn more and train more parameters.",
        control="slider",
        peft_name="boft_block_size",
        ge=2,
        le=512,
    )
    dropout: float = option(
        0.0,
        "Dropout",
        "Fraction of the blocks that is left unrotated in a training step, against overfitting.",
        peft_name="boft_dropout",
        ge=0.0,
        lt=1.0,
    )
    target_modules: Targets = target_modules_option("are rotated and scaled")


class HraOptions(Options):
    """Settings of HRA."""

    rank: int = rank_option(
        8, "Number of reflections; must be even, since they start as pairs that cancel.", maximum=256
    )
    target_modules: Targets = target_modules_option("are reflected")


class FourierFtOptions(Options):
    """Settings of FourierFT."""

    frequencies: int = option(
        1000,
        "Frequencies",
        "Trainable parameters of each adapted layer: amplitudes at random frequencies. A layer with fewer "
        "weights gets as many as it has weights.",
        control="slider",
        peft_name="n_frequency",
        ge=1,
        le=100_000,
    )
    scaling: float = option(
        150.0,
        "Scaling",
        "Strength of the change. Scale it and the learning rate against each other.",
        gt=0.0,
        le=10_000.0,
    )
    target_modules: Targets = target_modules_option("get trained waves")


class C3aOptions(Options):
    """Settings of C3A."""

    block_size: int | None = option(
        None,
        "Block size",
        "Size of a circulant block; must divide the widths of all adapted layers. Larger blocks train "
        "fewer parameters. Empty: the largest that divides, up to 256.",
        ge=1,
        le=8192,
    )
    target_modules: Targets = target_modules_option("get trained circulant blocks")


class ShiraOptions(Options):
    """Settings of SHiRA."""

    rank: int = rank_option(
        8,
        "As many entries of each weight are trained as LoRA of this rank has parameters.",
    )
    target_modules: Targets = target_modules_option("are changed at random entries")


def _block(options: OftOptions | BoftOptions | C3aOptions) -> str:
    return say("block {}", options.block_size) if options.block_size else ""


def _frequencies(options: FourierFtOptions) -> str:
    return f"n {options.frequencies}"


def _even_rank(options: Any, _: BaseFacts) -> Problem | None:
    if options.rank % 2 == 0:
        return None
    message = say(
        "{} is odd: reflections come in pairs, and a single one would change the base model.", options.rank
    )
    return Problem("method.rank", message, say("{} or {} work.", options.rank - 1 or 2, options.rank + 1))


REPARAMETERIZED: tuple[Method, ...] = (
    Method(
        id="oft",
        title="OFT",
        group="Reparameterizations",
        summary="Rotates each weight, keeps its length",
        sketch=sketches.ROTATION,
        explanation=(
            "Multiplies each weight by a trained rotation instead of adding to it. A rotation preserves "
            "the lengths of the weight's rows and the angles between them, and with them much of what "
            "the base model knows. The inputs are rotated in blocks to keep the parameters few. Use it "
            "if the model must not forget what it can do. (Qiu et al. 2023)"
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
            "Orthogonal fine-tuning with small exact rotations and a trained scale for every output. "
            "The paper chains several rotations in a butterfly pattern, so that small blocks reach all "
            "inputs; PEFT needs a compiled CUDA extension for that, so Tunesmith uses one factor, which "
            "works everywhere. Use it for OFT with very small blocks. (Liu et al. 2024)"
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
            "Multiplies each weight by a chain of Householder reflections, each given by one trained "
            "vector. It preserves lengths and angles like OFT and is as small as LoRA: a middle way "
            "between the two. At the start the reflections cancel in pairs. (Yuan et al. 2024)"
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
            "Writes the change of a weight as a sum of waves, as image formats do with pictures, and "
            "trains the amplitudes at a few random frequencies. Every wave covers the whole weight, so "
            "few parameters change all of it. The frequencies are regenerated from their seed. Use it "
            "for very small adapters. (Gao et al. 2024)"
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
            "Builds the change of a weight from circulant blocks, in which each row is the row above "
            "shifted by one. A block of n × n entries has n parameters and can have full rank; a fast "
            "Fourier transform applies it with little memory. Use it if you need a higher rank than "
            "LoRA with fewer parameters. (Chen et al. 2024)"
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
            "Picks a few random entries of each weight (one or two percent in the paper) and trains a "
            "change of only these. The change is sparse and of high rank. The positions come from a "
            "seed and are stored with the values. Use it if only few of the base model's weights may "
            "change. (Bhardwaj et al. 2024)"
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
