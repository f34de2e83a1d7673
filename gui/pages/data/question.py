"""The one place where the data page asks what only a person can say: a text, and a button for each answer."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from engine.api import Problem, questions
from gui.look import style
from gui.look.language import translate
from gui.widgets.buttons import Button, plain
from gui.widgets.flow_layout import FlowBox
from gui.widgets.labels import Label


class Question(QFrame):
    """One question about the source; `answered(option, value)` is emitted with the chosen answer."""

    answered = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        style.ground(self, "notice")
        self._text = Label("", "body", "ink", wrap=True)
        self.buttons: list[Button] = []
        self._answers = FlowBox(self.buttons)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(12, 8, 12, 8)
        self._column.setSpacing(8)
        self._column.addWidget(self._text)
        self._column.addWidget(self._answers)

    def ask(self, problems: Sequence[Problem]) -> str:
        """Ask the first problem that is a question, with its answers; return its field, "" if none is one."""
        problem = next((each for each in problems if questions.answers(each)), None)
        if problem is None:
            self.hide()
            return ""
        self._show(problem)
        return problem.field

    def _show(self, problem: Problem) -> None:
        self._text.setText(f"{translate(problem.message)} {translate(problem.hint)}")
        self.buttons = [self._button(problem.field, answer) for answer in questions.answers(problem)]
        self._answers.hide()
        self._answers.deleteLater()
        self._answers = FlowBox(self.buttons)
        self._column.addWidget(self._answers)
        self.show()

    def _button(self, field: str, answer: questions.Answer) -> Button:
        button = plain(translate(answer.text))
        option = field.removeprefix("data.")
        button.clicked.connect(lambda: self.answered.emit(option, answer.value))
        return button

    def text(self) -> str:
        """Return the question shown."""
        return self._text.text()
