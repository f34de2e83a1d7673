import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from engine.adapters import import_checks, library, peft_config_policy
from engine.errors import AdapterError
from engine.methods import METHODS, tuner_of
from engine.system.foreign_files import FileKind
from tests.helpers.homes import write_peft_files, write_safetensors

QUICK = [
    r".*\.(q|v)$",
    r".*decoder.*(SelfAttention|EncDecAttention).*(q|v)$",
    r"model\.layers\.\d+\.self_attn\.(q_proj|k_proj|v_proj|o_proj)",
    r"^(?!.*lm_head).*(?:q_proj|k_proj)",
    r"[^.]+\.block\.[0-3]\..*",
]
ENDLESS = [
    r"(a+)+$", r"(.*)*x", r"(?:.|.)" * 30 + "x", ".*" * 30 + "x", ".?" * 30 + "x" * 30, r"(.*)\1",
    r"(?P<one>.*)(?P=one)x", r"([a-z]+){20,}", "(", "x" * 5000,
]  # fmt: skip
PEFT_TYPES = sorted({method.peft_type for method in METHODS if method.trains})
# Values that name a file, another model or code, or that PEFT would hand on to something else.
NAMES_OF_ELSEWHERE = [
    "../adapter", "/etc/passwd", "owner/model", {"cache_file": "x"}, [{"a": 1}], "http://a/b",
]  # fmt: skip
# Keys whose value nothing reads, or that is replaced before PEFT gets it.
NEVER_READ = {
    "base_model_name_or_path", "bias", "eva_config", "peft_type", "peft_version", "prompt_tuning_init",
    "prompt_tuning_init_text", "revision", "task_type", "tokenizer_name_or_path",
}  # fmt: skip
# Names of modules, which are only compared.
COMPARED = {"target_modules", "exclude_modules", "feedforward_modules", "patterns"}


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "strange"
    path.mkdir()
    write_peft_files(path)
    return path


def say(folder: Path, **changes: Any) -> None:
    path = folder / library.CONFIG_NAME
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changes), encoding="utf-8")


def refused(folder: Path) -> AdapterError:
    with pytest.raises(AdapterError) as caught:
        library.import_adapter(folder)
    assert caught.value.hint
    assert library.scan() == ([], [])
    return caught.value


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("auto_mapping", {"base_model_class": "system", "parent_library": "os"}),
        ("base_model_class", "system"), ("megatron_core", "evil.core"), ("megatron_config", {"a": 1}),
        ("loftq_config", {"loftq_bits": 4}), ("corda_config", {"cache_file": "/tmp/x"}),
        ("lora_ga_config", {"cache_file": "/tmp/x"}), ("layer_replication", [[0, 4000]]),
        ("target_parameters", ["shared.weight"]), ("trainable_token_indices", [1, 2]),
        ("runtime_config", {"ephemeral_gpu_offload": True}), ("arrow_config", {"a": 1}),
        ("adapters", {"one": "/tmp/x"}), ("shadow_model", "somebody/model"), ("anything_new", 3),
        ("modules_to_save", ["a/b"]), ("layers_pattern", "(a+)+"), ("r", -1), ("r", 1e400), ("r", 10**299),
        ("r", True), ("lora_alpha", "many"), ("lora_alpha", float("nan")), ("target_modules", ENDLESS[0]),
        ("target_modules", ["(q|v)+"]), ("exclude_modules", {"a": 1}), ("rank_pattern", {"(a+)+": 3}),
        ("rank_pattern", {"q": "many"}),
    ],
)  # fmt: skip
def test_what_is_not_on_the_list_is_refused_by_name(folder, key, value):
    say(folder, **{key: value})
    assert f"says {key} = " in refused(folder).message


@pytest.mark.parametrize("peft_type", PEFT_TYPES)
def test_no_key_that_is_read_takes_a_file_a_model_or_code(peft_type):
    tuner = tuner_of(peft_type)
    assert tuner is not None
    known = set(peft_config_policy.rules_of(tuner)) | {"auto_mapping", "any_other"}
    taken = {
        key
        for key in known - NEVER_READ - COMPARED
        for value in NAMES_OF_ELSEWHERE
        if peft_config_policy.is_harmless({"peft_type": peft_type, key: value}, key)
    }
    assert taken == set()


@pytest.mark.parametrize("start", ["pissa", "pissa_niter_16", "olora", "corda", "loftq", "lora_ga"])
def test_a_start_that_changes_the_base_is_refused_with_a_way_out(folder, start):
    say(folder, init_lora_weights=start)
    error = refused(folder)
    assert "changes the base model" in error.message
    assert "path_initial_model_for_weight_conversion" in error.hint


def test_keys_of_later_versions_that_say_nothing_are_no_harm(folder):
    say(folder, brand_new=None, another=False, third={}, auto_mapping=None, loftq_config={}, r=16)
    assert library.import_adapter(folder).name == "strange"


@pytest.mark.parametrize("method", ["XLORA", "SHADOW", "NO_SUCH", "lora"])
def test_methods_that_are_not_used_here_are_refused_by_name(folder, method):
    say(folder, peft_type=method)
    assert method in refused(folder).message


def test_a_tokenizer_to_be_read_with_settings_of_its_own_is_refused(folder):
    config = {"peft_type": "PROMPT_TUNING", "tokenizer_kwargs": {"trust_remote_code": True}}
    (folder / library.CONFIG_NAME).write_text(json.dumps(config), encoding="utf-8")
    assert "tokenizer_kwargs" in refused(folder).message


def test_deep_and_huge_configurations_are_refused(folder):
    path = folder / library.CONFIG_NAME
    for text in ("[" * 100_000, '{"a": ' * 100_000, " " * (FileKind.ADAPTER_CONFIG.max_bytes + 1)):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(AdapterError, match="can't be read"):
            library.import_adapter(folder)


@pytest.mark.parametrize("pattern", QUICK)
def test_patterns_as_adapters_have_them_are_safe(pattern):
    assert peft_config_policy.is_safe_pattern(pattern)


@pytest.mark.parametrize("pattern", ENDLESS, ids=range(len(ENDLESS)))
def test_patterns_that_may_not_end_are_refused(pattern):
    assert not peft_config_policy.is_safe_pattern(pattern)


def test_the_slowest_pattern_let_through_ends_soon_on_the_longest_name():
    began = time.process_time()
    assert peft_config_policy.is_safe_pattern(".*.*.*x")
    assert re.fullmatch(".*.*.*x", "a" * peft_config_policy.MAX_NAME_LENGTH) is None
    # Far above what it takes, far below what an endless one does.
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    "extra", ["base_model.model.shared.weight", "base_model.model.lm_head.bias", "shared.weight", ""]
)
def test_weights_of_the_base_in_an_adapter_are_refused_by_name(folder, extra):
    write_safetensors(folder / library.WEIGHTS_NAME, {"base_model.q.lora_A.weight": (16, 16), extra: (4, 4)})
    error = refused(folder)
    assert f"contains {extra}, which doesn't belong" in error.message
    assert "overwrite" in error.hint


def test_copies_of_modules_and_biases_are_taken_where_the_configuration_says_so(folder):
    own = {"base_model.model.q.lora_A.weight": (16, 16), "base_model.model.head.weight": (4, 4)}
    write_safetensors(folder / library.WEIGHTS_NAME, own)
    assert "head.weight" in refused(folder).message
    say(folder, modules_to_save=["head"])
    library.import_adapter(folder)
    write_safetensors(folder / library.WEIGHTS_NAME, {"base_model.model.q.bias": (4,)})
    say(folder, bias="all")
    library.import_adapter(folder)


@pytest.mark.parametrize(
    ("peft_type", "weights", "asked"),
    [
        ("LORA", {"q.lora_A.weight": (8, 32)}, {"r": 200_000}),
        ("LORA", {"q.lora_A.weight": (8, 32)}, {"r": 8, "rank_pattern": {"q": 5000}}),
        ("VERA", {"q.vera_lambda_d": (8,)}, {"r": 900_000}),
        ("HRA", {"q.hra_u": (32, 4)}, {"r": 900_000}),
        ("BOTTLENECK", {"q.bottleneck_down.weight": (64, 32)}, {"size": 900_000}),
        ("PROMPT_TUNING", {"prompt_embeddings": (20, 32)}, {"num_virtual_tokens": 900_000, "token_dim": 32}),
        ("P_TUNING", {"prompt_embeddings": (20, 32)}, {"num_virtual_tokens": 20, "token_dim": 900_000}),
        (
            "PREFIX_TUNING",
            {"prompt_embeddings": (20, 4096)},
            {"num_virtual_tokens": 20, "num_layers": 4096, "token_dim": 4096},
        ),
    ],
)
def test_sizes_that_the_weights_do_not_have_are_refused(folder, peft_type, weights, asked):
    config = {"peft_type": peft_type, **asked}
    (folder / library.CONFIG_NAME).write_text(json.dumps(config), encoding="utf-8")
    write_safetensors(folder / library.WEIGHTS_NAME, weights)
    assert "weights" in refused(folder).message


@pytest.mark.parametrize(
    "change",
    [
        {"shape": [1 << 40, 1 << 40]}, {"shape": [-16, -16]}, {"shape": [16.0, 16]}, {"shape": [16, 15]},
        {"shape": 3}, {"data_offsets": [0]}, {"data_offsets": [512, 1024]}, {"dtype": "F64"},
    ],
    ids=str,
)  # fmt: skip
def test_a_head_that_does_not_add_up_is_refused_before_anything_is_read(folder, change):
    entry = {"dtype": "F32", "shape": [16, 16], "data_offsets": [0, 1024]} | change
    head = json.dumps({"base_model.q.lora_A.weight": entry}).encode()
    (folder / library.WEIGHTS_NAME).write_bytes(len(head).to_bytes(8, "little") + head + bytes(1024))
    assert "is damaged" in refused(folder).message


@pytest.mark.torch
@pytest.mark.parametrize("peft_type", PEFT_TYPES)
def test_what_peft_writes_by_default_is_accepted(peft_type, tmp_path):
    import peft
    from peft.utils.peft_types import PeftType

    from engine.worker.adapters import method_hooks

    method_hooks.of_type(peft_type)  # registers a tuner of our own
    needed = {"total_step": 10} if peft_type == "ADALORA" else {}
    config = peft.mapping.PEFT_TYPE_TO_CONFIG_MAPPING[PeftType[peft_type]](**needed)
    config.save_pretrained(str(tmp_path))
    found = import_checks.peft_config(tmp_path)
    assert found["peft_type"] == peft_type
    peft_config_policy.require_known(found, "mine")
