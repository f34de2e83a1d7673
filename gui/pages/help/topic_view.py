"""One help topic: title, text, drawing and facts."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from gui.core.background_tasks import BackgroundTasks
from gui.look import style
from gui.look.fonts import px
from gui.look.language import mark, tr
from gui.pages.help.drawings import DrawingView
from gui.pages.help.topics import Topic
from gui.pages.train.method.method_sketch import MethodSketch
from gui.widgets.labels import Label
from gui.widgets.line import Line
from gui.widgets.scroll import Scroll, at_most_so_wide
from gui.widgets.text_view import ReadingText

NAME_WIDTH, TEXT_WIDTH = 168, 680
NO_TEXT = mark("The package includes no licence text.")


class TopicView(Scroll):
    """Shows a topic; licence texts are read off the GUI thread."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(margins=(32, 24, 32, 32), spacing=0, parent=parent)
        self._background = BackgroundTasks(self)
        self._topic: Topic | None = None
        self._group = Label("", "label", "ink2")
        self._title = Label("", "title", wrap=True)
        self._text = ReadingText()
        self._sketch, self._drawing = MethodSketch(), DrawingView()
        self._facts = QWidget()
        self.long = ReadingText(role="body", token="ink2")
        self._lay_out()

    def _lay_out(self) -> None:
        content = QWidget()
        style.scale(content, QWidget.setMaximumWidth, TEXT_WIDTH)
        column = self._column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(16)
        for label in (self._title, self._group):
            column.addWidget(label)
        for part in (self._text, self._drawing, self._sketch, self._facts, self.long):
            column.addWidget(part)
        column.addStretch(1)
        self.column.addLayout(at_most_so_wide(content))
        self.column.addStretch(1)

    def topic(self) -> Topic | None:
        """Return the topic shown."""
        return self._topic

    def show_topic(self, topic: Topic) -> None:
        """Show another topic."""
        self._topic = topic
        self._title.setText(topic.title)
        self._group.setText(tr(topic.group))
        self._text.set_text(topic.text)
        self._text.setVisible(bool(topic.text))
        self._drawing.show_drawing(topic.drawing)
        self._sketch.setVisible(topic.method is not None)
        if topic.method is not None:
            self._sketch.show_method(topic.method)
        self._show_facts(topic)
        self.long.hide()
        if topic.read is not None:
            self._background.run(topic.read, partial(self._show_long, topic))
        self.verticalScrollBar().setValue(0)

    def _show_long(self, topic: Topic, text: str) -> None:
        if topic is self._topic:
            self.long.set_text(text or tr(NO_TEXT))
            self.long.show()

    def _show_facts(self, topic: Topic) -> None:
        fresh = _facts_view(topic)
        self._column.replaceWidget(self._facts, fresh)
        self._facts.hide()
        self._facts.deleteLater()
        self._facts = fresh
        fresh.setVisible(bool(topic.facts))


def _facts_view(topic: Topic) -> QWidget:
    made = QWidget()
    grid = QGridLayout(made)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(16)
    grid.setVerticalSpacing(10)
    grid.setColumnMinimumWidth(0, px(NAME_WIDTH))
    grid.setColumnStretch(1, 1)
    grid.addWidget(Line(), 0, 0, 1, 2)
    for row, (name, text) in enumerate(topic.facts, 1):
        named = Label(name, "body_medium", wrap=True)
        named.setMaximumWidth(px(NAME_WIDTH))
        grid.addWidget(named, row, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(Label(text, "body", "ink2", wrap=True), row, 1)
    return made
