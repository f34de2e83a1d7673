"""Says once which settings changed with the base model or with the data, and takes that back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.api import OptionInfo, describe, method
from gui.forms.field_grid import LEVELS
from gui.forms.recipe_tables import followers
from gui.look.language import tr, tr_count, translate
from gui.widgets.cards import NoticeStrip

# So many settings are named, the essential ones first.
MAX_NAMED = 5

Tables = Mapping[str, Any]


class FollowedNotice(NoticeStrip):
    """A strip with *Undo*: back to the tables `before` another value of the table `leader`."""

    def __init__(self) -> None:
        super().__init__()
        self.before: dict[str, Any] = {}
        self.leader = ""
        self.hide()

    def show_changes(
        self, leader: str, given: Mapping[str, Any], before: dict[str, Any], now: Tables
    ) -> None:
        """Name what changed with a table's base model or data, but not what came with it."""
        changed = [
            info for table, info in _changed(leader, before, now) if table != leader or info.name not in given
        ]
        titles = [
            translate(info.title) for info in sorted(changed, key=lambda info: LEVELS.index(info.level))
        ]
        if leader == "base_model" and before["method"]["id"] != now["method"]["id"]:
            titles = [tr("Method"), *titles]
        self.before, self.leader = before, leader
        if not titles:
            self.hide()
            return
        named, more = ", ".join(titles[:MAX_NAMED]), len(titles) - MAX_NAMED
        if more > 0:
            named = tr_count(more, "{settings} and {n} more", "{settings} and {n} more", settings=named)
        text = (
            tr("Changed with the base model: {settings}.", settings=named)
            if leader == "base_model"
            else tr("Changed with the data: {settings}.", settings=named)
        )
        self.show_notice(text, tr("Undo"), "info", "muted")


def _changed(leader: str, before: Tables, now: Tables) -> Iterator[tuple[str, OptionInfo]]:
    """Yield table and option of each setting that is another one; those of another method are all new."""
    options = list(followers(leader))
    if leader == "base_model" and before["method"]["id"] == now["method"]["id"]:
        options += [("method", info) for info in describe(method(now["method"]["id"]).options)]
    for table, info in options:
        if _plain(before[table].get(info.name)) != _plain(now[table].get(info.name)):
            yield table, info


def _plain(value: Any) -> Any:
    """Return a tuple of an option as the list of a recipe's file, other values unchanged."""
    return list(value) if isinstance(value, tuple) else value
