"""Declares every action that has a shortcut.

Shortcuts, tooltips, menus, the command palette and the shortcuts sheet derive from this declaration. Knows an action's
title and scope, not what it does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from PySide6.QtCore import QKeyCombination, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractButton, QWidget

from engine.api import escaping
from gui.look.language import mark, tr

Act = Callable[[], object] | QAbstractButton

# The scopes of actions: the part of the id before the dot, and its title in the shortcuts sheet.
SCOPES = {
    "window": mark("Everywhere"),
    "data": mark("Data sets"),
    "train": mark("Train"),
    "playground": mark("Playground"),
    "labelling": mark("Write summaries"),
    "compare": mark("Blind votes"),
    "form": mark("In forms"),
    "list": mark("In lists"),
    "queue": mark("In a queue"),
}


@dataclass(frozen=True)
class Action:
    """An action with a shortcut: `id` is "scope.name", `keys` are in Qt's portable spelling, the usual ones first.

    `is_pressed`: the focused widget handles the key (`pressed`); otherwise the action is a shortcut (`bind`).
    `is_offered`: the command palette lists the action while it is possible. `repeats`: it runs again while its keys are
    held down.
    """

    id: str
    title: str
    keys: tuple[str, ...]
    is_pressed: bool = False
    is_offered: bool = True
    repeats: bool = True

    @property
    def scope(self) -> str:
        """The scope of the action, a key of `SCOPES`."""
        return self.id.partition(".")[0]


ACTIONS = (
    Action(
        "window.find", mark("Find an action, setting, page, run or help topic"), ("Ctrl+K",), is_offered=False
    ),
    Action("window.help", mark("Help"), ("F1",)),
    Action("window.keys", mark("Show all shortcuts"), ("Ctrl+/",)),
    Action("window.home", mark("Home"), ("Ctrl+1",)),
    Action("window.conversations", mark("Conversations"), ("Ctrl+2",)),
    Action("window.train", mark("Train"), ("Ctrl+3",)),
    Action("window.library", mark("Library"), ("Ctrl+4",)),
    Action("window.playground", mark("Playground"), ("Ctrl+5",)),
    Action("window.next_tab", mark("Next tab"), ("Ctrl+Tab",)),
    Action("window.previous_tab", mark("Previous tab"), ("Ctrl+Shift+Tab",)),
    Action("window.search", mark("Search on this page"), ("Ctrl+F",)),
    Action("window.settings", mark("Settings"), ("Ctrl+,",)),
    Action("window.close", mark("Close a panel, search or notice"), ("Esc",), is_offered=False),
    Action("window.quit", mark("Quit (asks during a run)"), ("Ctrl+Q",)),
    Action("data.files", mark("Choose files"), ("Ctrl+O",)),
    Action("data.check", mark("Check"), ("F5",)),
    Action("train.start", mark("Start a run with this recipe"), ("Ctrl+Return", "F5")),
    Action("train.new", mark("New run"), ("Ctrl+N",)),
    Action("train.open", mark("Open a recipe"), ("Ctrl+O",)),
    Action("train.methods", mark("Go to the first method found"), ("Down",), is_offered=False),
    Action("playground.summarise", mark("Summarise"), ("Ctrl+Return",)),
    Action("playground.paste", mark("Paste a conversation"), ("Ctrl+V", "Shift+Ins")),
    Action("labelling.accept", mark("Accept and continue"), ("Ctrl+Return",)),
    Action("labelling.draft", mark("Draft"), ("Ctrl+D",)),
    Action("labelling.skip", mark("Skip"), ("Ctrl+Shift+Return",)),
    Action("labelling.undo", mark("Undo"), ("Ctrl+Z",)),
    Action("labelling.redo", mark("Redo"), ("Ctrl+Shift+Z", "Ctrl+Y")),
    Action("labelling.forward", mark("Next"), ("Ctrl+PgDown",)),
    Action("labelling.back", mark("Back"), ("Ctrl+PgUp",)),
    Action("labelling.to_list", mark("List"), ("Ctrl+L",)),
    Action("labelling.read_on", mark("Scroll down"), ("PgDown",), is_pressed=True),
    Action("labelling.read_back", mark("Scroll up"), ("PgUp",), is_pressed=True),
    Action("compare.first", mark("The first is better"), ("1",), repeats=False),
    Action("compare.second", mark("The second is better"), ("2",), repeats=False),
    Action("compare.tie", mark("Tie"), ("=", "0"), repeats=False),
    Action("compare.undo", mark("Undo the last vote"), ("Backspace", "Ctrl+Z"), repeats=False),
    Action("compare.note", mark("Write a note"), ("N",)),
    Action("compare.read_on", mark("Scroll down"), ("PgDown",), is_offered=False),
    Action("compare.read_back", mark("Scroll up"), ("PgUp",), is_offered=False),
    Action("form.undo", mark("Undo"), ("Ctrl+Z",)),
    Action("form.redo", mark("Redo"), ("Ctrl+Shift+Z", "Ctrl+Y")),
    Action("list.open", mark("Open"), ("Return", "Enter"), is_pressed=True),
    Action("list.rename", mark("Rename"), ("F2",), is_pressed=True),
    Action("list.delete", mark("Move to the trash, or remove"), ("Del",), is_pressed=True),
    Action("list.check", mark("Check or uncheck"), ("Space",), is_pressed=True),
    Action("queue.earlier", mark("Earlier"), ("Alt+Up",)),
    Action("queue.later", mark("Later"), ("Alt+Down",)),
)
# Where macOS expects them in its menu bar.
ROLES = {
    "window.settings": QAction.MenuRole.PreferencesRole,
    "window.quit": QAction.MenuRole.QuitRole,
}
_BY_ID = {each.id: each for each in ACTIONS}


def action(action_id: str) -> Action:
    return _BY_ID[action_id]


def in_scope(scope: str) -> tuple[Action, ...]:
    """Return the actions of a scope, in the order of their declaration."""
    return tuple(each for each in ACTIONS if each.scope == scope)


def keys_text(action_id: str) -> str:
    """Return an action's usual keys in this system's spelling."""
    return native(_BY_ID[action_id].keys[0])


def native(keys: str | QKeySequence) -> str:
    """Return keys in this system's spelling."""
    return QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)


def titled(title: str, action_id: str) -> str:
    """Return a title with its keys, for tooltips: "Earlier (Alt+Up)"."""
    return f"{title} ({keys_text(action_id)})"


def menu_action(text: str, act: Callable[[], object], action_id: str = "") -> QAction:
    """Return an action for menus and the command palette; `action_id` is that of the shortcut which does it, too."""
    made = QAction(escaping.in_one_line(text))
    made.triggered.connect(lambda _checked=False: act())
    if action_id:
        made.setShortcut(_BY_ID[action_id].keys[0])
    return made


def separator() -> QAction:
    made = QAction()
    made.setSeparator(True)
    return made


def about(name: str, offered: Iterable[QAction]) -> list[QAction]:
    """Return a menu's actions without separators, each with the name of its object."""
    named = [each for each in offered if not each.isSeparator()]
    for each in named:
        each.setText(f"{each.text()}: {escaping.in_one_line(name)}")
    return named


def pressed(event: QKeyEvent, action_id: str) -> bool:
    """Return whether a key event has the keys of an action."""
    modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    combination = QKeySequence(QKeyCombination(modifiers, Qt.Key(event.key())))
    return any(QKeySequence(keys) == combination for keys in _BY_ID[action_id].keys)


class BoundAction(QAction):
    """An action bound to a widget, for the life of the widget; its keys work while the widget is visible."""

    def __init__(
        self,
        widget: QWidget,
        wanted: Action,
        act: Act,
        context: Qt.ShortcutContext,
        possible: Callable[[], bool] | None = None,
    ) -> None:
        super().__init__(tr(wanted.title), widget)
        self.action = wanted
        self._widget, self._act, self._possible = widget, act, possible
        self.setShortcuts([QKeySequence(keys) for keys in wanted.keys])
        self.setShortcutContext(context)
        self.setAutoRepeat(wanted.repeats)
        self.setMenuRole(ROLES.get(wanted.id, QAction.MenuRole.NoRole))
        self.triggered.connect(self.do)
        widget.addAction(self)

    def title(self) -> str:
        """Return the current title: the text of the action's button, if it has one."""
        return (isinstance(self._act, QAbstractButton) and self._act.text()) or self.text()

    def is_possible(self) -> bool:
        """Return whether the action is possible now: its button is enabled, or else its widget is visible."""
        if self._possible is not None and not self._possible():
            return False
        if isinstance(self._act, QAbstractButton):
            return self._act.isEnabled() and self._act.isVisible()
        return self._widget.isVisible()

    def do(self) -> None:
        """Run the action, if it is possible now."""
        if not self.is_possible():
            return
        if isinstance(self._act, QAbstractButton):
            self._act.click()
        else:
            self._act()


def bind(
    widget: QWidget,
    action_id: str,
    act: Act,
    context: Qt.ShortcutContext = Qt.ShortcutContext.WindowShortcut,
    possible: Callable[[], bool] | None = None,
) -> BoundAction:
    """Let an action's keys press a button or call a function, while `widget` is visible and `possible` returns true."""
    return BoundAction(widget, _BY_ID[action_id], act, context, possible)


def bound_in(widget: QWidget) -> list[BoundAction]:
    """Return all actions bound to a widget and its children, in the order of their declaration."""
    found = widget.findChildren(BoundAction)
    return sorted(found, key=lambda each: ACTIONS.index(each.action))
