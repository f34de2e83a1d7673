"""The table of everything that replaces library code to be faster, or that corrects it.

Data only, imports no library. `registry` says what of it is on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

# What was made for a processor: graphics cards have kernels of their own.
CPU = frozenset({"cpu"})
# Cards of AMD, Intel and Apple, on which nothing here was ever run: no "speed" entry applies to them.
UNPROVEN = frozenset({"hip", "xpu", "mps"})
# On which nobody waits for values; the entry is proven on the pretend card of the tests.
CUDA = frozenset({"cuda"})
BFLOAT16, FLOAT32 = frozenset({"bfloat16"}), frozenset({"float32"})
TRANSFORMERS = {"transformers": ("5.22", "5.25")}
PEFT = {"peft": ("0.21", "0.22")}
TORCH = {"torch": ("2.13", "2.16")}


@dataclass(frozen=True)
class Patch:
    """An entry of the table.

    `where` is a file below engine/worker, `test` the node of its equivalence test below tests/worker. `devices` and
    `dtypes` name where it applies, everywhere if empty, but for `UNPROVEN` devices. `libraries` holds tested versions:
    from the first, below the second. `why` is a fix's reason.
    """

    name: str
    kind: Literal["speed", "fix"]
    replaces: str
    where: str
    test: str
    devices: frozenset[str] = frozenset()
    dtypes: frozenset[str] = frozenset()
    libraries: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    why: str = ""


PATCHES: tuple[Patch, ...] = (
    Patch(
        "attention", "speed", "sdpa attention in training, where attention weights are dropped out",
        "kernels/attention.py",
        "kernels/test_attention.py::test_with_dropout_gradients_go_where_the_weights_went",
        devices=CPU, libraries=TRANSFORMERS | TORCH,
    ),
    Patch(
        "position_bias", "speed", "T5's sum of position bias and mask, formed anew in every layer",
        "kernels/attention.py",
        "kernels/test_attention.py::test_bias_and_mask_of_a_t5_are_put_together_once_for_all_layers",
        libraries=TRANSFORMERS,
    ),
    Patch(
        "causal_attention", "speed", "torch's fused causal attention in training, up to 1,024 tokens",
        "kernels/attention.py",
        "kernels/test_causal_attention.py::test_it_is_torch_s_with_all_its_gradients",
        devices=CPU, dtypes=BFLOAT16, libraries=TRANSFORMERS | TORCH,
    ),
    Patch(
        "decode_attention", "speed", "torch's fused attention of one token a row, from 4 rows on",
        "kernels/attention.py",
        "kernels/test_decode_attention.py::test_the_result_is_torchs",
        devices=CPU, dtypes=BFLOAT16, libraries=TRANSFORMERS,
    ),
    Patch(
        "mask_checks", "speed", "the look at an attention mask's values, for which the host waits",
        "kernels/mask_checks.py",
        "kernels/test_mask_checks.py::test_on_a_card_every_mask_is_used_and_its_values_stay_unread",
        devices=CUDA, libraries=TRANSFORMERS,
    ),
    Patch(
        "dropout", "speed", "torch.nn.Dropout modules",
        "kernels/dropout.py",
        "kernels/test_dropout.py::test_the_share_is_left_out_and_the_rest_scaled_so_that_the_mean_stays",
        devices=CPU, libraries=TORCH,
    ),
    Patch(
        "rms_norm", "speed", "the RMS norms of T5, Llama and their kin",
        "kernels/rms_norm.py",
        "kernels/test_rms_norm.py::test_it_norms_and_learns_as_the_model_s_own",
        devices=CPU, libraries=TRANSFORMERS,
    ),
    Patch(
        "linear", "speed", "torch.nn.Linear with frozen weights, by oneDNN",
        "kernels/linear.py",
        "kernels/test_linear.py::test_what_frozen_weights_read_gets_torchs_gradient",
        devices=CPU, dtypes=FLOAT32, libraries=TORCH,
    ),
    Patch(
        "gelu", "speed", "NewGELUActivation and FastGELUActivation, written out in eight operations",
        "kernels/activations.py",
        "kernels/test_activations.py::test_it_is_the_same_function",
        libraries=TRANSFORMERS,
    ),
    Patch(
        "preallocated_cache", "speed", "DynamicCache, which copies itself for every token",
        "kernels/preallocated_cache.py",
        "kernels/test_preallocated_cache.py::test_it_holds_and_returns_what_the_plain_one_does",
        libraries=TRANSFORMERS,
    ),
    Patch(
        "grouped_prefill", "speed", "one padded prefill of the whole batch",
        "generation/prefill.py",
        "generation/test_prefill.py::test_groups_write_what_each_writes_alone",
        libraries=TRANSFORMERS,
    ),
    Patch(
        "decode_loop", "speed", "transformers' own decoding loop, for greedy decoding",
        "generation/generate.py",
        "generation/test_generate.py::test_what_is_left_in_a_batch_is_what_transformers_writes_alone",
        libraries=TRANSFORMERS,
    ),
    Patch(
        "ranks", "speed", "runs and scoring on a processor, computed in one process",
        "planning/requirements.py",
        "training/test_ranks.py::test_ranks_train_what_one_trains",
        devices=CPU,
    ),
    Patch(
        "head_at_labels", "speed", "logits at every position",
        "modeling/forward.py",
        "modeling/test_forward.py::test_loss_and_gradients_are_those_of_all_logits",
    ),
    Patch(
        "fused_lora", "speed", "PEFT's LoRA forward and backward pass in training",
        "adapters/method_hooks/fused_lora.py",
        "adapters/method_hooks/test_fused_lora.py::test_in_float32_output_and_gradients_are_those_of_peft",
        libraries=PEFT,
    ),
    Patch(
        "multi_lora", "speed", "one column after the other in the playground",
        "adapters/adapter_manager.py",
        "adapters/test_multi_lora.py::test_rows_are_what_their_columns_write_alone",
        libraries=PEFT,
    ),
    Patch(
        "boft_permutation", "speed", "BOFTLayer.perm2mat, a loop over rows",
        "adapters/method_hooks/shape_constraints.py",
        "kernels/test_registry.py::test_boft_s_permutation_matrix_is_peft_s",
        libraries=PEFT,
    ),
    Patch(
        "fourierft_indices", "speed", "FourierFTLayer.get_delta_weight, which copies its indices at every pass",
        "adapters/method_hooks/shape_constraints.py",
        "kernels/test_registry.py::test_fourierft_s_change_is_peft_s_and_its_indices_stay_on_the_device",
        libraries=PEFT,
    ),
    Patch(
        "vblora_check", "speed", "VB-LoRA's look for infinite logits in every layer and pass",
        "adapters/method_hooks/shape_constraints.py",
        "kernels/test_registry.py::test_vb_lora_s_pair_is_peft_s_and_no_logits_are_looked_at",
        libraries=PEFT,
    ),
    Patch(
        "meta_trace", "fix", "a formula of the memory that a run needs",
        "planning/requirements.py",
        "planning/test_memory_estimate.py::test_traced_bytes_are_those_that_a_real_micro_batch_keeps",
        libraries=TORCH,
        why="no library tells the memory of a step before it is computed",
    ),
    Patch(
        "peft_type", "fix", "PeftType's members",
        "adapters/tuners/registration.py",
        "adapters/tuners/test_tuners.py::test_copies_are_float32_beside_a_base_in_bfloat16",
        libraries=PEFT,
        why="register_peft_method takes names of this enum only, so bottleneck and selective tuners need members",
    ),
    Patch(
        "shira_dense", "fix", "SHiRA's get_delta_weight",
        "adapters/method_hooks/shape_constraints.py",
        "adapters/method_hooks/test_reparameterized.py::"
        "test_places_outside_of_the_weight_are_refused_by_the_computation",
        libraries=PEFT,
        why="PEFT's sparse matrix writes to indices outside of the weight and does not exist on the meta device",
    ),
    Patch(
        "c3a_gradient", "fix", "the gradient that C3A passes to the layers before",
        "adapters/method_hooks/shape_constraints.py",
        "kernels/test_registry.py::test_c3a_s_gradients_are_those_of_its_change",
        libraries=PEFT,
        why="PEFT passes on that of another function, by which all adapters but the last layer's are trained wrong",
    ),
    Patch(
        "boft_cuda", "fix", "BOFT's CUDA extension",
        "adapters/method_hooks/shape_constraints.py",
        "kernels/test_registry.py::test_boft_compiles_nothing",
        libraries=PEFT,
        why="PEFT compiles it for every layer, and where it is there boft_R has another shape",
    ),
    Patch(
        "tied_head", "fix", "tie_word_embeddings of a T5 with a head of its own",
        "modeling/base_models.py",
        "modeling/test_base_models.py::test_an_untied_head_is_said_to_be_untied_and_survives_a_resize",
        libraries=TRANSFORMERS,
        why="T5Config claims a tied head for every T5; believing it, resizing and exports overwrite flan-t5's head",
    ),
)  # fmt: skip
