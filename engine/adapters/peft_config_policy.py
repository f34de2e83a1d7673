"""What an adapter's PEFT configuration may say: known keys, harmless values, sizes that its weights have.

PEFT executes a configuration while it loads an adapter: it reads files and models that are named there, allocates
the sizes that are asked for, and runs patterns over module names. So imported ones are checked here first. The keys
of a tuner come from its declaration and from the options of its methods (`engine.methods`). Knows nothing of torch,
and of the weights only names and shapes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args

from engine.errors import AdapterError
from engine.messages import say
from engine.methods import methods_of, tuner_of
from engine.methods.base import Dimension, KeyKind, KeyRule, Tuner
from engine.options import OptionInfo, describe
from engine.system.command_name import command_name

Shapes = Mapping[str, tuple[int, ...]]
Check = Callable[[Any], bool]
"""Tells whether a key may have a value."""

# The largest sizes of the widest models are below this.
MAX_NUMBER = 1_000_000
MAX_NAMES = 10_000
MAX_TEXT_LENGTH = 2_000
# A size that no tensor has, such as a rank that every layer overrides, is at most this or so many times the largest.
UNCHECKED_SIZE = 64
TIMES_THE_FILE = 4
_NAME = re.compile(r"[\w.\-]{1,300}")
# Initialisations that subtract something from the base's own weights, which breaks other adapters on it.
CHANGES_THE_BASE = ("pissa", "olora", "corda", "loftq", "lora_ga", "kasa")

EVERY_TUNER: Mapping[str, KeyRule] = {
    "peft_type": "text",
    "task_type": "text",
    "peft_version": "text",
    "base_model_name_or_path": "text",
    "revision": "text",
    "inference_mode": "flag",
    "modules_to_save": "names",
}
LAYER_TUNER: Mapping[str, KeyRule] = {
    "target_modules": "modules",
    "exclude_modules": "modules",
    "layers_to_transform": "layers",
    "layers_pattern": "names",
    "fan_in_fan_out": "flag",
    "bias": "text",
    "init_weights": "flag",
    "r": "size",
}
PROMPT_TUNER: Mapping[str, KeyRule] = {
    "num_virtual_tokens": "size",
    "token_dim": "size",
    "num_transformer_submodules": "size",
    "num_attention_heads": "size",
    "num_layers": "size",
}
PROMPT_SIZES: Mapping[str, tuple[Dimension, ...]] = {
    "num_virtual_tokens": (("prompt_embeddings", 0),),
    "token_dim": (("prompt_embeddings", 1),),
    "num_layers": (("prompt_embeddings", 1),),
    "num_transformer_submodules": (("prompt_embeddings", 0),),
}


# Patterns

MAX_PATTERN_LENGTH = 2_000
# Ways to match one name. Fifty of them take at most a microsecond, and a model has hundreds of names.
MAX_WAYS = 500_000
MAX_NAME_LENGTH = 64
_ONE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_BACK = re.compile(r"\\[1-9]|\(\?P=|\(\?\(")
_REPEATED_GROUP = re.compile(r"\)(?:[*+]|\{)")
_OPENING = re.compile(r"\(\?(?:P<\w+>|<?[=!:]|[a-zA-Z\-]+:)?")
_REPEAT = re.compile(r"(?:[*+?]|\{\d*,\d*\})[?+]?")


def is_safe_pattern(pattern: str) -> bool:
    """Tell whether a regular expression is valid and ends soon on any module name.

    Matching can backtrack so often that it never ends; accepted expressions have few ways to match.
    """
    if len(pattern) > MAX_PATTERN_LENGTH or _BACK.search(pattern):
        return False
    # An escape and a class match one character.
    plain = _ONE.sub("x", pattern)
    if _REPEATED_GROUP.search(plain) or _ways(plain) > MAX_WAYS:
        return False
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return False
    return True


def _ways(plain: str) -> int:
    """Estimate how many ways there are to match a name: by repeats and by alternatives."""
    plain = _OPENING.sub("(", plain)
    repeats = len(_REPEAT.findall(plain))
    choices, open_groups = 1, [1]
    for letter in plain:
        if letter == "(":
            open_groups.append(1)
        elif letter == "|":
            open_groups[-1] += 1
        elif letter == ")" and len(open_groups) > 1:
            choices *= open_groups.pop()
    return math.comb(MAX_NAME_LENGTH + repeats, repeats) * choices * math.prod(open_groups)


# Kinds of values


def _is_number(value: Any) -> bool:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    # NaN and infinity fail the comparison; integers of any length can be compared.
    return is_number and abs(value) <= MAX_NUMBER


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and _is_number(value)


def _is_size(value: Any) -> bool:
    return _is_whole(value) and value >= 0


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= MAX_TEXT_LENGTH


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and _NAME.fullmatch(value) is not None


def _is_names(value: Any) -> bool:
    """One module name or several."""
    return _is_name(value) or _is_list_of(_is_name)(value)


def _is_list_of(check: Check, max_items: int = MAX_NAMES) -> Check:
    return lambda value: isinstance(value, list) and len(value) <= max_items and all(map(check, value))


def _is_by_pattern(check: Check) -> Check:
    """A table from module names or patterns to values."""

    def is_table(value: Any) -> bool:
        if not isinstance(value, dict) or len(value) > MAX_NAMES:
            return False
        return all((_is_name(key) or is_safe_pattern(key)) and check(each) for key, each in value.items())

    return is_table


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


CHECKS: Mapping[KeyKind, Check] = {
    "flag": _is_flag,
    "number": _is_number,
    "whole": _is_whole,
    "size": _is_size,
    "count": lambda value: _is_size(value) and value <= UNCHECKED_SIZE,
    "text": _is_text,
    "texts": _is_list_of(_is_text),
    "names": _is_names,
    "modules": lambda value: _is_names(value) or (isinstance(value, str) and is_safe_pattern(value)),
    "layers": lambda value: _is_whole(value) or _is_list_of(_is_whole)(value),
    "sizes_by_pattern": _is_by_pattern(_is_size),
    "numbers_by_pattern": _is_by_pattern(_is_number),
    "ranks_by_pattern": _is_by_pattern(
        lambda value: _is_size(value) or _is_list_of(_is_flag, MAX_NUMBER)(value)
    ),
    "table": lambda value: isinstance(value, dict),
}
assert set(CHECKS) == set(get_args(KeyKind))


# Configurations


def rules_of(tuner: Tuner) -> dict[str, KeyRule]:
    """Return the rule of every key that a tuner's configuration may have."""
    shared = PROMPT_TUNER if tuner.virtual_tokens else LAYER_TUNER
    return {**_derived_rules(tuner), **EVERY_TUNER, **shared, **tuner.keys}


def _derived_rules(tuner: Tuner) -> dict[str, KeyRule]:
    """Return the rules of keys that options declare, or that a method sets: what Tunesmith itself writes there."""
    rules: dict[str, KeyRule] = {}
    for method in methods_of(tuner.peft_type):
        for key, value in method.peft_defaults.items():
            set_before = rules.get(key, ())
            rules[key] = (*set_before, value) if isinstance(set_before, tuple) else set_before
        for info in describe(method.options):
            rule = _option_rule(info)
            if info.peft_name != "-" and rule is not None:
                rules[info.peft_name] = rule
    return rules


def _option_rule(info: OptionInfo) -> KeyRule | None:
    """Return the rule of an option's key; None for free texts, which could name a file: their tuner declares them."""
    match info.kind:
        case "int":
            return "size" if info.minimum is not None and info.minimum >= 0 else "whole"
        case "float":
            return "number"
        case "bool":
            return "flag"
        case "choice":
            return info.choices
        case _:
            return None


def is_harmless(config: Mapping[str, Any], key: str) -> bool:
    """Tell whether a key of a known type's configuration may have its value."""
    tuner = tuner_of(str(config["peft_type"]))
    assert tuner is not None
    return _accepts(rules_of(tuner).get(key), config[key])


def _accepts(rule: KeyRule | None, value: Any) -> bool:
    if value is None:
        return True
    if rule is None:
        # Later versions of PEFT write keys for what this adapter does not use; values may name files, models or code.
        return value is False or value in ({}, [])
    if isinstance(rule, tuple):
        return any(type(value) is type(each) and value == each for each in rule)
    return CHECKS[rule](value)


def require_known(config: Mapping[str, Any], name: str) -> None:
    """Raise AdapterError for a method, a key or a value that is not known to be harmless; `name` is the adapter's."""
    peft_type = str(config["peft_type"])
    tuner = tuner_of(peft_type)
    if tuner is None:
        raise AdapterError(
            say("{} was made with {}, which Tunesmith doesn't support.", name, peft_type[:60]),
            say("`{} methods` lists them.", command_name()),
        )
    rules = rules_of(tuner)
    for key, value in config.items():
        if not _accepts(rules.get(key), value):
            raise _refused(name, key, value, known=key in rules)


def _refused(name: str, key: str, value: Any, *, known: bool) -> AdapterError:
    shown = repr(value)[:80]
    if key == "init_lora_weights" and str(value).startswith(CHANGES_THE_BASE):
        return AdapterError(
            say("{} was initialised with {}, which changes the base model.", name, shown),
            "Convert it to a plain LoRA where it was made: save_pretrained with "
            "path_initial_model_for_weight_conversion.",
        )
    what = "is not accepted" if known else "is not known"
    return AdapterError(
        say("The configuration of {} says {} = {}, which {}.", name, key[:60], shown, what),
        "If you trust the adapter, remove the setting.",
    )


# Weights


def require_own_weights(config: Mapping[str, Any], shapes: Shapes, name: str) -> None:
    """Raise AdapterError for tensors that are not the tuner's, and for sizes that the weights do not have.

    Must be called before anything is allocated. Whether each tensor fits its layer is checked on the model.
    """
    tuner = tuner_of(str(config["peft_type"]))
    assert tuner is not None
    foreign = next((key for key in shapes if not _is_own(key, tuner, config)), None)
    if foreign is not None:
        raise AdapterError(
            say(
                "{} contains {}, which doesn't belong in an adapter of {}.",
                name,
                foreign[:200],
                tuner.peft_type,
            ),
            "It could overwrite the base model. Export the adapter again.",
        )
    sizes = {**(PROMPT_SIZES if tuner.virtual_tokens else {}), **tuner.sizes}
    for key, dimensions in sizes.items():
        held, asked = _largest_dimension(shapes, dimensions), _largest(config.get(key))
        if asked > max(UNCHECKED_SIZE, TIMES_THE_FILE * held):
            raise AdapterError(
                say("The configuration of {} says {} = {:,}, its weights {:,}.", name, key, asked, held),
                "Copy or export the adapter again.",
            )
    if tuner.virtual_tokens == "keys_and_values":
        # Both sizes may be moderate and their product not.
        asked = 2 * _largest(config.get("num_layers")) * _largest(config.get("token_dim"))
        held = _largest_dimension(shapes, (("prompt_embeddings", 1),))
        if asked > TIMES_THE_FILE * held:
            raise AdapterError(
                say(
                    "The configuration of {} declares a prefix of width {:,}, its weights {:,}.",
                    name,
                    asked,
                    held,
                ),
                "Copy or export the adapter again.",
            )


def _is_own(key: str, tuner: Tuner, config: Mapping[str, Any]) -> bool:
    parts = key.split(".")
    if tuner.virtual_tokens:
        return key in tuner.tensor_names or _is_saved_module(parts, config)
    if any(part.startswith(tuner.tensor_names) for part in parts):
        return True
    is_bias = parts[-1] == "bias" and str(config.get("bias") or "none") != "none"
    return is_bias or _is_saved_module(parts, config)


def _is_saved_module(parts: Sequence[str], config: Mapping[str, Any]) -> bool:
    """Tell whether a tensor is of a module that the adapter holds a whole copy of."""
    named = config.get("modules_to_save") or []
    saved = [named] if isinstance(named, str) else named
    path = f".{'.'.join(parts)}."
    return any(f".{module}." in path for module in saved)


def _largest_dimension(shapes: Shapes, dimensions: Sequence[Dimension]) -> int:
    sizes = [
        shape[index]
        for key, shape in shapes.items()
        for part, index in dimensions
        if part in key.split(".") and index < len(shape)
    ]
    return max(sizes, default=0)


def _largest(value: Any) -> int:
    if isinstance(value, dict):
        return max(map(_largest, value.values()), default=0)
    if isinstance(value, list):
        return len(value)
    return value if isinstance(value, int) else 0
