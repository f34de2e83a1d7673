"""Registers our own tuners with PEFT, and refuses them by name where that is switched off."""

from __future__ import annotations

from typing import Any

from peft import PeftConfig
from peft.tuners.tuners_utils import BaseTuner
from peft.utils import register_peft_method
from peft.utils.peft_types import PeftType

from engine.errors import AdapterError
from engine.messages import say
from engine.worker.kernels.registry import VARIABLE, enabled

# The names of all our own types, registered or not.
OWN_TYPES: set[str] = set()


def register(name: str, config_class: type[PeftConfig], model_class: type[BaseTuner]) -> None:
    """Register a tuner under `name` (lower case), once a process.

    `register_peft_method` asks for a member of the enum PeftType, which takes no new ones. An enum keeps its members
    in three tables; the new member is added to them as the enum itself does it.
    """
    member_name = name.upper()
    OWN_TYPES.add(member_name)
    if enabled("peft_type") and member_name not in PeftType.__members__:
        _add_member(member_name)
        register_peft_method(name=name, config_cls=config_class, model_cls=model_class)


def refuse_unregistered(peft_type: str, title: str) -> None:
    """Raise AdapterError for one of our own types if the entry `peft_type` is off."""
    if peft_type in OWN_TYPES and not enabled("peft_type"):
        raise AdapterError(
            say("{} needs the patch peft_type, switched off by {}.", title, VARIABLE),
            say("Set {} to all.", VARIABLE),
            VARIABLE,
        )


def _add_member(name: str) -> None:
    member: Any = str.__new__(PeftType, name)
    member._name_ = name
    member._value_ = name
    member._sort_order_ = len(PeftType.__members__)
    member.__objclass__ = PeftType
    type.__setattr__(PeftType, name, member)
    PeftType._member_names_.append(name)
    PeftType._member_map_[name] = member
    PeftType._value2member_map_[name] = member
