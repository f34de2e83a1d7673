"""Edits a prompt: its text with the conversation's placeholder marked, saved templates, and a preview of the input.

Templates come from `engine.config.prompts`, the values for the preview from a plan, or from a sample before it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QColor, QShowEvent, QSyntaxHighlighter, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QFrame, QMenu, QPlainTextEdit, QWidget

from engine.api import AppError, prompts
from gui.inputs.combo_box import ComboBox
from gui.inputs.fields import NameRow
from gui.look import style
from gui.look.fonts import px
from gui.look.format import number_text
from gui.look.language import mark, tr, tr_count, translate
from gui.widgets.buttons import IconButton, open_below
from gui.widgets.labels import Label
from gui.widgets.layouts import Scroll, fill, hbox, vbox
from gui.widgets.text_view import Mark, TextView

# The key of a custom prompt; no template's name begins with a space.
OWN = " own"
SAMPLE = mark("Ann: Is the train late again?\nBob: Ten minutes. Save me a seat.")
TEXT_HEIGHT = 132


class PromptEditor(QWidget):
    """The control of a prompt. `changed` is emitted when the user changes its text."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.templates = ComboBox()
        self.more = IconButton("more", tr("Save, rename or delete templates"), press=self._open_menu)
        self.area = PromptText()
        self.naming = NameRow(tr("Name of the template"))
        self.preview = PromptPreview()
        self._known: list[prompts.Template] = []
        self._own = self._begun_with = self._last = ""
        self._is_read_only = self._writing = False
        self._filling: Mapping[str, Any] | None = None
        self._act: Callable[[str, bool], None] = self._save
        vbox(
            hbox((self.templates, 1), self.more, spacing=4),
            self.naming,
            self.area,
            self.preview,
            of=self,
            spacing=8,
        )
        self.templates.setAccessibleName(tr("Prompt template"))
        self.templates.chosen.connect(self._take)
        self.area.textChanged.connect(self._edited)
        self.naming.named.connect(self._named)
        self.naming.left.connect(self.more.setFocus)
        self.setFocusProxy(self.area)
        self._offer()

    def setAccessibleName(self, name: str) -> None:
        super().setAccessibleName(name)
        self.area.setAccessibleName(name)

    def setAccessibleDescription(self, description: str) -> None:
        super().setAccessibleDescription(description)
        self.area.setAccessibleDescription(description)

    # The prompt

    def text(self) -> str:
        return self.area.toPlainText()

    def write(self, text: str) -> None:
        """Show the prompt of a recipe; the cursor stays if it is the same."""
        if text == self.text():
            return
        self._own = self._begun_with = ""
        self._writing = True
        self.area.setPlainText(text)
        self._writing = False

    def show_filling(self, filling: Mapping[str, Any] | None) -> None:
        """Show the preview with a plan's values; None shows it with a sample."""
        self._filling = filling
        self._show_preview()

    def set_read_only(self, read_only: bool) -> None:
        self._is_read_only = read_only
        self.templates.set_read_only(read_only)
        self.more.setVisible(not read_only)
        self.area.setReadOnly(read_only)
        style.set_property(self.area, "read_only", "true" if read_only else "false")
        self.naming.close_row()
        self._show_preview()

    def rimmed(self) -> QWidget:
        return self.area

    def menu(self) -> QMenu:
        name = self._saved_name()
        menu = QMenu(self)
        menu.addAction(tr("Save as…"), lambda: self._ask_name(tr("Save"), self._begun_with, self._save))
        rename = menu.addAction(tr("Rename…"), lambda: self._ask_name(tr("Rename"), name, self._rename))
        delete = menu.addAction(tr("Delete"), self._delete)
        for action in (rename, delete):
            action.setEnabled(bool(name))
        menu.addSeparator()
        insert = menu.addAction(
            tr("Insert {place}", place=prompts.PLACEHOLDER),
            lambda: self.area.insertPlainText(prompts.PLACEHOLDER),
        )
        insert.setEnabled(prompts.PLACEHOLDER not in self.text())
        return menu

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._offer()

    # Templates

    def _take(self, name: str) -> None:
        """Insert a template's text, undoable; the custom prompt can be chosen again."""
        taken = next((each for each in self._known if each.name == name), None)
        self._begun_with = taken.name if taken is not None and not taken.built_in else ""
        self.area.replace(self._own if taken is None else taken.text)

    def _offer(self) -> None:
        self._known = prompts.templates()
        if self._named_so() is None:
            self._own = self.text()
        elif self._own in {each.text for each in self._known}:
            self._own = ""
        own = [(OWN, tr("Custom prompt"))] if self._own or self._named_so() is None else []
        known = [(each.name, translate(each.name) if each.built_in else each.name) for each in self._known]
        self.templates.set_items([*known, *own])
        found = self._named_so()
        self.templates.set_key(found.name if found else OWN)

    def _named_so(self) -> prompts.Template | None:
        return next((each for each in self._known if each.text == self.text()), None)

    def _saved_name(self) -> str:
        """Return the name of the saved template shown, "" for any other text."""
        found = self._named_so()
        return found.name if found and not found.built_in else ""

    def _edited(self) -> None:
        self._offer()
        self._show_preview()
        # Qt also reports other colours.
        is_other, self._last = self.text() != self._last, self.text()
        if is_other and not self._writing:
            self.changed.emit()

    def _show_preview(self) -> None:
        self.preview.show_prompt(self.text(), self._filling)
        # A sample is no preview of a finished run.
        has_place = prompts.PLACEHOLDER in self.text()
        self.preview.setVisible(has_place and not (self._is_read_only and self._filling is None))

    # The menu

    def _open_menu(self) -> None:
        open_below(self.more, self.menu())

    def _ask_name(self, verb: str, name: str, act: Callable[[str, bool], None]) -> None:
        self._act = act
        self.naming.ask(verb, name)

    def _named(self, name: str, replace: bool) -> None:
        """Save or rename with the entered name; show an error beside it."""
        try:
            self._act(name, replace)
        except AppError as error:
            self.naming.refuse(error, can_replace=self._can_replace(name))
            return
        self.naming.close_row()
        self._offer()
        self.more.setFocus()

    def _can_replace(self, name: str) -> bool:
        """Return whether saving may replace a saved template; renaming never does."""
        plain_name = " ".join(name.split()).casefold()
        saved = {each.name.casefold() for each in self._known if not each.built_in}
        return self._act == self._save and plain_name in saved and prompts.problem(self.text()) is None

    def _save(self, name: str, replace: bool) -> None:
        self._begun_with = prompts.save(name, self.text(), replace=replace).name

    def _rename(self, name: str, _replace: bool) -> None:
        self._begun_with = prompts.rename(self._saved_name(), name).name

    def _delete(self) -> None:
        """Delete the saved template; its text stays in the editor."""
        try:
            prompts.delete(self._saved_name())
        except AppError as error:
            self.naming.show_error(error)
        self._offer()


class PromptPreview(QFrame):
    """Shows the prompt's own text in the colour of text and the filled-in values in a lighter one."""

    def __init__(self) -> None:
        super().__init__()
        style.set_background(self, "well")
        self.title = Label("", "label", "muted")
        self.count = Label("", "figure_small", "hint")
        self.text = TextView(role="label", token="muted")
        self._scroll = Scroll(margins=(12, 0, 12, 8))
        fill(self._scroll.column, self.text, 1)
        head = hbox((self.title, 1), self.count, margins=(12, 8, 12, 0), spacing=8)
        vbox(head, self._scroll, of=self, spacing=4)
        style.on_style_changed(self._restyle)

    def show_prompt(self, template: str, filling: Mapping[str, Any] | None) -> None:
        """Show a template with a plan's `filling`, or with a sample if there is none.

        The length is known only for the planned template.
        """
        conversation = str(filling["conversation"]) if filling else ""
        self.title.setText(tr("Model input") if conversation else tr("Model input for a sample"))
        counted = filling is not None and conversation and filling["template"] == template
        self.count.setText(length_text(filling) if filling is not None and counted else "")
        text, marks = "", []
        for part in self._parts(template, conversation or tr(SAMPLE), filling):
            if part.own and part.text:
                marks.append(Mark(len(text), len(part.text), "strong"))
            text += part.text
        self.text.set_text(text, marks)
        self._fit()

    @staticmethod
    def _parts(template: str, conversation: str, filling: Mapping[str, Any] | None) -> list[prompts.Part]:
        """Return the parts of the model input: in chat format the model's own turns stand around the prompt."""
        if filling is None:
            return prompts.rendered(template, conversation)
        frame = filling.get("frame")
        if frame:
            before, after = (prompts.Part(str(frame[side]), own=False) for side in ("before", "after"))
            turn, cue = prompts.split_cue(template) if frame.get("moves_cue") else (template, "")
            return [before, *prompts.question(turn, conversation), after, prompts.Part(cue, own=True)]
        shots = [(str(shot), str(summary)) for shot, summary in filling["shots"]]
        return prompts.rendered(template, conversation, shots)

    def resizeEvent(self, event) -> None:  # type: ignore[no-untyped-def]
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        needed = self.text.heightForWidth(self.text.width()) + 8
        self._scroll.setFixedHeight(max(px(54), min(px(216), needed)))

    def _restyle(self) -> None:
        self._fit()


def length_text(filling: Mapping[str, Any]) -> str:
    """Return the length of a filled prompt, with the base model's limit if it has one."""
    tokens, positions = number_text(filling["tokens"]), filling.get("positions")
    if positions:
        return tr("{count} of {limit} tokens", count=tokens, limit=number_text(positions))
    return tr_count(filling["tokens"], "{n} token", "{n} tokens")


class PromptText(QPlainTextEdit):
    """Highlights the placeholder; the recipe reports a missing one."""

    def __init__(self) -> None:
        super().__init__()
        self.setTabChangesFocus(True)
        self._highlighter = _PlaceHighlighter(self)
        style.on_style_changed(self._restyle)

    def replace(self, text: str) -> None:
        cursor = self.textCursor()
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.insertText(text)

    def sizeHint(self) -> QSize:
        return QSize(200, px(TEXT_HEIGHT))

    def _restyle(self) -> None:
        self.setFixedHeight(px(TEXT_HEIGHT))
        self._highlighter.set_colors(style.color("accent"), style.color("accent_soft"))


class _PlaceHighlighter(QSyntaxHighlighter):
    """Highlights the first placeholder only: the engine takes others literally."""

    def __init__(self, area: QPlainTextEdit) -> None:
        super().__init__(area.document())
        self._look = QTextCharFormat()
        self._look.setFontWeight(500)

    def set_colors(self, text: QColor, background: QColor) -> None:
        self._look.setForeground(text)
        self._look.setBackground(background)
        self.rehighlight()

    def highlightBlock(self, text: str) -> None:
        """Highlight the placeholder in a line; the block state records whether a line above has it."""
        had = self.previousBlockState() == 1
        at = -1 if had else text.find(prompts.PLACEHOLDER)
        if at >= 0:
            self.setFormat(at, len(prompts.PLACEHOLDER), self._look)
        self.setCurrentBlockState(1 if had or at >= 0 else 0)
