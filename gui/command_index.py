"""The entries of the command palette: actions, pages, recent runs, adapters and recipes, settings and help topics.

All derive from their declarations, and the actions of the page shown also from its buttons and menus. Runs, recipes and
topics are read off the GUI thread, so that the palette opens at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QAbstractButton, QWidget

from engine.api import METHODS, AppError, Recipe, describe, library, recipe, run_store
from gui.core import actions
from gui.core.background_tasks import BackgroundTasks
from gui.core.preferences import SETTINGS
from gui.forms import recipe_files
from gui.forms.recipe_tables import TABLES
from gui.inputs.fields import SearchField
from gui.look.language import mark, tr, translate
from gui.navigator import Navigator
from gui.pages.help import topics
from gui.pages.help.topics import Topic
from gui.shell.page import Page
from gui.shell.palette import Palette, PaletteEntry
from gui.shell.rooms import ROOMS, VIEWS
from gui.widgets.buttons import Button

MAX_RUNS, MAX_ADAPTERS = 12, 50
RUN, ADAPTER, RECIPE, PROGRAM = mark("Run"), mark("Adapter"), mark("Recipe"), "Tunesmith"
HERE, PAGE, SETTING, HELP = mark("On this page"), mark("Page"), mark("Setting"), mark("Help")


class CommandIndex(QObject):
    """Opens the palette; `show_setting` opens a setting of the window."""

    def __init__(self, window: QWidget, navigator: Navigator, show_setting: Callable[[str], object]) -> None:
        super().__init__(window)
        self._window, self._navigator, self._show_setting = window, navigator, show_setting
        self._background = BackgroundTasks(self)
        self.palette: Palette | None = None

    def open(self, page: QWidget) -> Palette:
        """Open the palette over a page; one that is still open goes, as it may never have got the focus."""
        if self.palette is not None:
            self.palette.close()
        opened = self.palette = Palette([*of_page(page), *self._of_window(page)], self._window)
        opened.finished.connect(self._forget)
        self._background.run(_read_recent, self._add_recent)
        opened.show()
        opened.activateWindow()
        return opened

    def _forget(self) -> None:
        if self.palette is self.sender():
            self.palette = None

    def _of_window(self, page: QWidget) -> list[PaletteEntry]:
        inside = set(actions.bound_in(page))
        found = []
        for bound in actions.bound_in(self._window):
            if bound.action.scope == "window" and bound not in inside and bound.action.is_offered:
                room = ROOMS.get(bound.action.id.partition(".")[2])
                group, icon = (tr(PAGE), room.icon) if room is not None else (PROGRAM, "settings")
                keys = actions.keys_text(bound.action.id)
                found.append(PaletteEntry(tr(bound.action.title), group, bound.do, keys, icon))
        listed = {entry.title for entry in found}
        found += [
            PaletteEntry(
                tr(view.title),
                tr(PAGE),
                partial(self._navigator.page, key),
                tr(room.title) if room.title != view.title else tr(PAGE),
                view.icon,
                f"{tr(room.title)} {tr(view.keywords)}",
            )
            for room in ROOMS.values()
            for key, view in room.views.items()
            if tr(view.title) not in listed
        ]
        return [*found, *self._of_other_pages(inside)]

    def _of_other_pages(self, inside: set[actions.BoundAction]) -> list[PaletteEntry]:
        """Return the actions that wait on other pages: they lead there."""
        here = {bound.action.scope for bound in inside}
        return [
            PaletteEntry(
                tr(each.title),
                tr(PAGE),
                partial(self._navigator.page, each.scope),
                tr(VIEWS[each.scope].title),
                VIEWS[each.scope].icon,
            )
            for each in actions.ACTIONS
            if each.is_offered and not each.is_pressed and each.scope in VIEWS.keys() - here
        ]

    def _settings(self) -> list[PaletteEntry]:
        """Return the options of recipes, those of methods once for all methods, and the settings of the window."""
        navigator = self._navigator
        options = {
            (table, info.title): info
            for table, declaration in (*TABLES.items(), *(("method", each.options) for each in METHODS))
            for info in describe(declaration)
        }
        return [
            *(
                PaletteEntry(
                    translate(title),
                    tr(SETTING),
                    partial(navigator.option, f"{table}.{info.name}", topics.id_of_setting(title)),
                    icon="train",
                    keywords=info.name,
                )
                for (table, title), info in options.items()
            ),
            *(
                PaletteEntry(
                    tr(each.title),
                    tr(SETTING),
                    partial(self._show_setting, key),
                    icon="settings",
                    keywords=" ".join(map(tr, each.choices.values())),
                )
                for key, each in SETTINGS.items()
            ),
        ]

    def _add_recent(self, found: _Recent) -> None:
        if self.palette is None:
            return
        navigator = self._navigator
        self.palette.add(
            [
                *(
                    PaletteEntry(name, tr(RUN), partial(navigator.run, run_id), icon="history")
                    for run_id, name in found.runs
                ),
                *(
                    PaletteEntry(
                        name,
                        tr(ADAPTER),
                        partial(navigator.adapter, adapter_id),
                        icon="library",
                        keywords=text,
                    )
                    for adapter_id, name, text in found.adapters
                ),
                *(
                    PaletteEntry(
                        wanted.name,
                        tr(RECIPE),
                        partial(navigator.recipe, wanted, origin),
                        icon="file",
                        keywords=tr("preset"),
                    )
                    for wanted, origin in found.recipes
                ),
                *self._settings(),
                *(
                    PaletteEntry(
                        topic.title,
                        tr(HELP),
                        partial(navigator.topic, topic.id),
                        f"{tr(HELP)} · {tr(topic.group)}",
                        "help",
                        topic.others,
                    )
                    for topic in found.topics
                ),
            ]
        )


@dataclass(frozen=True)
class _Recent:
    runs: list[tuple[str, str]]
    adapters: list[tuple[str, str, str]]
    recipes: list[tuple[Recipe, str]]
    topics: list[Topic]


def _read_recent() -> _Recent:
    """Read recent runs, adapters and presets. Unreadable ones are left out."""
    named = []
    for job in run_store.list_jobs()[:MAX_RUNS]:
        with suppress(AppError):
            named.append((job.id, recipe.load(job.recipe_path).name))
    adapters = [
        (each.id, each.name, f"{each.metadata.base_model.id} {translate(each.metadata.method.title)}")
        for each in library.scan()[0][:MAX_ADAPTERS]
    ]
    presets = [(each.recipe, recipe_files.preset_text(each.recipe)) for each in recipe_files.presets()]
    return _Recent(named, adapters, presets, topics.topics())


def of_page(page: QWidget) -> list[PaletteEntry]:
    """Return the actions that are possible on a page now: shortcuts, buttons and menu entries."""
    found: dict[str, PaletteEntry] = {}

    def offer(title: str, do: Callable[[], Any], note: str = "") -> None:
        title = title.replace("&", "").rstrip("…").strip()
        if title and title not in found:
            found[title] = PaletteEntry(title, tr(HERE), do, note or tr(HERE), "play")

    for bound in actions.bound_in(page):
        if bound.action.is_offered and bound.is_possible():
            offer(bound.title(), bound.do, actions.keys_text(bound.action.id))
    for button in _buttons(page):
        if button.isVisible() and button.isEnabled():
            offer(button.text() or button.accessibleName(), button.click)
    for each in page.entries() if isinstance(page, Page) else ():
        offer(each.text(), each.trigger, actions.native(each.shortcut()))
    return list(found.values())


def _buttons(page: QWidget) -> Iterator[QAbstractButton]:
    """Yield the buttons of a page's header, then all others but those with the same text, as rows have."""
    if isinstance(page, Page):
        # Of a choice, what is not chosen.
        yield from (each for each in page.header.findChildren(QAbstractButton) if not each.isChecked())
    shown = [button for button in page.findChildren(Button) if button.isVisible()]
    counts = Counter(button.text() for button in shown)
    yield from (button for button in shown if counts[button.text()] == 1)


def search_field(page: QWidget) -> SearchField | None:
    """Return the visible search field of a page, if there is one."""
    return next((each for each in page.findChildren(SearchField) if each.isVisible()), None)
