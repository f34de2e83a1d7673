"""The choice of a prompt: each column's own, or one template for all, with its text.

Reads templates with `engine.config.prompts`.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from engine.api import prompts
from gui.inputs.combo_box import ComboBox
from gui.inputs.fields import Field
from gui.look import style
from gui.look.fonts import px
from gui.look.language import mark, tr, translate
from gui.widgets.labels import Label

AS_TRAINED = mark("As trained")
# The key of a prompt without a template; no template's name begins with a space.
OWN = " own"
WIDTH = 300


class PromptField(QWidget):
    """A list of templates and the text of the chosen one; `changed` reports another choice.

    A prompt without a template stays in the list after another is chosen.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._own, self._trained = "", prompts.DEFAULT_PROMPT
        self.choice = ComboBox()
        self.choice.chosen.connect(self._choose)
        self._text = Label("", "label", "ink2", wrap=True, selectable=True)
        self._text.setAccessibleName(tr("Prompt in use"))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        tooltip = tr("One prompt for every column, instead of the one each adapter was trained with")
        self.field = Field(tr("Prompt"), self.choice, tooltip=tooltip)
        row.addWidget(self.field, alignment=Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._text, 1)
        style.follow(self._restyle)
        self._offer("")

    def _restyle(self) -> None:
        self.field.setFixedWidth(px(WIDTH))

    def template(self) -> str:
        """Return the template for all columns, or "" for each column's own."""
        key = self.choice.key()
        if key == OWN:
            return self._own
        return next((each.text for each in prompts.templates() if each.name == key), "")

    def show_template(self, text: str) -> None:
        """Choose a template by its text, or "" for each column's own."""
        if text != self.template():
            self._offer(text)
            self.changed.emit()

    def show_trained(self, text: str) -> None:
        """Show the prompt that the first adapter was trained with, used unless another is chosen."""
        self._trained = text
        self._show()

    def text(self) -> str:
        """Return the shown prompt."""
        return self._text.text()

    def showEvent(self, event: QShowEvent) -> None:
        """Read the list of templates again."""
        super().showEvent(event)
        self._offer(self.template())

    def _offer(self, chosen: str) -> None:
        known = prompts.templates()
        named = next((each.name for each in known if each.text == chosen), "")
        if chosen and not named:
            self._own = chosen
        elif self._own in {each.text for each in known}:
            self._own = ""
        own = [(OWN, tr("Another prompt"))] if self._own else []
        titles = [(each.name, translate(each.name) if each.built_in else each.name) for each in known]
        self.choice.set_items([("", tr(AS_TRAINED)), *titles, *own])
        self.choice.set_key(OWN if chosen and not named else named)
        self._show()

    def _choose(self, _key: str) -> None:
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        self._text.setText(self.template() or self._trained)
