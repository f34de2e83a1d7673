"""The menu bar, which macOS has: everything that the rail, the tabs, the keys and a page's buttons do.

Made of the window's actions; what the page in front offers is asked for when its menu opens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from PySide6.QtCore import QMetaObject
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QMenu, QMenuBar

from gui.core import actions
from gui.look.language import mark, tr
from gui.look.shown_texts import menu_text
from gui.shell.palette import PaletteEntry
from gui.shell.rooms import ROOMS
from gui.shell.window import ShellWindow

# The slots of text fields, by the titles of their entries.
TEXT_SLOTS = {
    "undo": mark("Undo"),
    "redo": mark("Redo"),
    "cut": mark("Cut"),
    "copy": mark("Copy"),
    "paste": mark("Paste"),
    "selectAll": mark("Select all"),
}


class MenuBar(QMenuBar):
    """File, Edit, Go, what the page in front offers, Window and Help."""

    def __init__(
        self,
        window: ShellWindow,
        first: Iterable[tuple[str, Callable[[], object]]],
        offered: Callable[[], Iterable[PaletteEntry]],
    ) -> None:
        """Make the menus; `first` begins things anew, `offered` returns what the page in front can do now."""
        super().__init__(window)
        self._window, self._offered = window, offered
        self._bound = {
            each.action.id: each for each in window.actions() if isinstance(each, actions.BoundAction)
        }
        self._add_file(first)
        self._add_edit()
        self._add_go()
        self.page_menu = self.addMenu(tr("Page"))
        self.page_menu.aboutToShow.connect(self._fill_page_menu)
        self._fill_page_menu()
        self._add_window()
        menu = self.addMenu(tr("Help"))
        self._add_bound(menu, "help", "keys", "find")
        menu.addAction(tr(ROOMS["welcome"].title), partial(window.show_page, "welcome"))
        for each in self.findChildren(QAction):
            # Qt would move some of them by their titles.
            each.setMenuRole(QAction.MenuRole.NoRole)

    def _add_bound(self, menu: QMenu, *names: str) -> None:
        menu.addActions([self._bound[f"window.{name}"] for name in names])

    def _add_file(self, first: Iterable[tuple[str, Callable[[], object]]]) -> None:
        menu = self.addMenu(tr("File"))
        for text, begin in first:
            menu.addAction(text, begin)
        menu.addSeparator()
        # macOS moves both to the menu of the application.
        self._add_bound(menu, "settings", "quit")

    def _add_edit(self) -> None:
        menu = self.addMenu(tr("Edit"))
        for slot, title in TEXT_SLOTS.items():
            menu.addAction(tr(title), partial(self._edit, slot))
        menu.addSeparator()
        self._add_bound(menu, "search")

    def _edit(self, slot: str) -> None:
        """Call a slot of the text that has the focus, else undo or redo what the page can."""
        focused = QApplication.focusWidget()
        if focused is not None and focused.metaObject().indexOfMethod(f"{slot}()") >= 0:
            QMetaObject.invokeMethod(focused, slot)
            return
        page = self._window.built(self._window.current_key())
        for bound in actions.bound_in(page):
            if bound.action.id.endswith(f".{slot}") and bound.is_possible():
                bound.do()
                return

    def _add_go(self) -> None:
        menu = self.addMenu(tr("Go"))
        for key, room in ROOMS.items():
            if room.in_rail:
                self._add_bound(menu, key)
            if len(room.views) > 1:
                for view_key, view in room.views.items():
                    menu.addAction(f"    {tr(view.title)}", partial(self._window.show_page, view_key))
        menu.addSeparator()
        self._add_bound(menu, "next_tab", "previous_tab")

    def _fill_page_menu(self) -> None:
        self.page_menu.clear()
        for entry in self._offered():
            action = self.page_menu.addAction(menu_text(entry.title), entry.do)
            action.setMenuRole(QAction.MenuRole.NoRole)

    def _add_window(self) -> None:
        menu, window = self.addMenu(tr("Window")), self._window
        menu.addAction(tr("Minimize"), window.showMinimized)
        menu.addAction(
            tr("Zoom"), lambda: window.showNormal() if window.isMaximized() else window.showMaximized()
        )
        menu.addAction(
            tr("Full screen"),
            lambda: window.showNormal() if window.isFullScreen() else window.showFullScreen(),
        )
