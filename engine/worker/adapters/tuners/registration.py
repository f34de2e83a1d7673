"""Make a new PEFT type known to PEFT."""

from __future__ import annotations

from typing import Any

from peft import PeftConfig
from peft.tuners.tuners_utils import BaseTuner
from peft.utils import register_peft_method
from peft.utils.peft_types import PeftType


def register(name: str, config_class: type[PeftConfig], model_class: type[BaseTuner]) -> None:
    """Register a tuner under `name` (lower case), once a process.

    WORKAROUND: `register_peft_method` asks for a member of the enum PeftType, which has no way in for a
    member of somebody else's. Enums keep their members in three plain tables; the new one is put there as
    the enum itself does.
    """
    member_name = name.upper()
    if member_name not in PeftType.__members__:
        _add_member(member_name)
        register_peft_method(name=name, config_cls=config_class, model_cls=model_class)


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
