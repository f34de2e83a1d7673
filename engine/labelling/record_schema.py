"""The schema of a labelling set's journal, whose lines may be damaged or of another program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from engine.labelling.items import State
from engine.system.validators import Check, has, is_count, is_flag, is_one_of, is_text

_ITEM: Mapping[str, Check] = {"item": is_count}
_is_draft = has({"base_model": is_text, "name": is_text, "text": is_text}, {"adapter": is_text})

_SCHEMAS: Mapping[str, Check] = {
    "added": has({**_ITEM, "conversation": is_text}, {"id": is_text, "summary": is_text}),
    "carried": has({**_ITEM, "state": is_one_of(*get_args(State))}, {"text": is_text, "draft": _is_draft}),
    "written": has({**_ITEM, "text": is_text}, {"joins": is_flag}),
    "drafted": has({**_ITEM, "base_model": is_text, "name": is_text, "text": is_text}, {"adapter": is_text}),
    "accepted": has(_ITEM),
    "skipped": has(_ITEM),
}


def is_valid(record: Mapping[str, Any]) -> bool:
    """Tell whether a record can be applied. One of an event that is not known changes nothing."""
    check = _SCHEMAS.get(record["event"])
    return check is None or check(record)
