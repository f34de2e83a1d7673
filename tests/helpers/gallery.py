"""Every widget in every state on one sheet, to be looked at: `python -m tests.helpers.gallery OUT.png light|dark`.

Nothing is asserted here. The sheet shows what the pages are made of, so that a change of a token or of the style sheet
can be judged in both schemes and at any scale factor.
"""

from __future__ import annotations

import math
import random
import sys

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from gui.graphics.bars import BusyRow, MeterRow
from gui.graphics.block_drawing import Block, BlockDrawing, Group, Part
from gui.graphics.histogram import Histogram
from gui.graphics.interval_bar import IntervalBar
from gui.graphics.scrubber import Scrubber
from gui.graphics.sparkline import paint_sparkline
from gui.inputs.chips import ToggleChips
from gui.inputs.combo_box import ComboBox
from gui.inputs.fields import Field
from gui.inputs.number_inputs import FloatField, IntField, Slider, SliderSpin
from gui.inputs.search_field import SearchField
from gui.inputs.segmented_control import SegmentedControl
from gui.look import icons, style
from gui.models.intervals import ConfidenceInterval
from gui.plots.loss_plot import LossPlot
from gui.widgets.buttons import IconButton, link, plain, primary, quiet
from gui.widgets.cards import ErrorCard, Fallback, NoticeStrip
from gui.widgets.empty_state import EmptyState
from gui.widgets.labels import ElidedLabel, Figure, IconLabel, Label, Tag
from gui.widgets.line import Line
from gui.widgets.text_view import ConversationView, Mark, ReadingText, Turn

ROLES = (
    ("welcome", "28 semibold", "Teach a model"),
    ("title", "20 semibold", "954 of 1,540"),
    ("section", "15 semibold", "Sample summaries"),
    ("reading", "14 regular", "Reading text, 22 px lines"),
    ("body_medium", "13 medium", "Button, field label in lists"),
    ("body", "13 regular", "Body, 20 px lines"),
    ("label", "12 regular", "Label, hint, table head"),
    ("small", "11 regular", "Axis and drawing text"),
)


class Swatch(QWidget):
    """A patch of one token."""

    def __init__(self, token: str) -> None:
        super().__init__()
        self._token = token
        self.setFixedSize(40, 24)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the patch."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(style.color("edge"))
        painter.setBrush(style.color(self._token))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.end()


class Spark(QWidget):
    """A sparkline."""

    def __init__(self, share: float, token: str) -> None:
        super().__init__()
        self._share, self._token = share, token
        self.setFixedSize(116, 28)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the line."""
        painter = QPainter(self)
        values = [math.exp(-at / 8) + 0.02 * math.sin(at * 3) for at in range(50)]
        paint_sparkline(painter, QRectF(self.rect()), values, self._share, self._token)
        painter.end()


def column(*parts: QWidget, gap: int = 8) -> QWidget:
    """Return widgets below one another."""
    made = QWidget()
    layout = QVBoxLayout(made)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(gap)
    for part in parts:
        layout.addWidget(part)
    layout.addStretch(1)
    return made


def row(*parts: QWidget, gap: int = 8, stretch: bool = True) -> QWidget:
    """Return widgets beside one another."""
    made = QWidget()
    layout = QHBoxLayout(made)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(gap)
    for part in parts:
        layout.addWidget(part)
    if stretch:
        layout.addStretch(1)
    return made


def named(name: str, widget: QWidget) -> QWidget:
    """Return a widget with what it shows at its left."""
    label = Label(name, "label", "ink2")
    label.setFixedWidth(72)
    return row(label, widget, stretch=False)


def section(title: str) -> Label:
    """Return a head."""
    return Label(title, "section", "ink")


def focused(widget: QWidget) -> QWidget:
    """Return a picture of a widget that has the focus."""
    return _pictured(widget, focus=True)


def hovered(widget: QWidget) -> QWidget:
    """Return a picture of a widget under the pointer."""
    return _pictured(widget, focus=False)


def _pictured(widget: QWidget, focus: bool) -> QWidget:
    window = column(widget)
    style.ground(window, "window")
    window.show()
    window.activateWindow()
    QApplication.processEvents()
    widget.clearFocus()
    if focus:
        widget.setFocus(Qt.FocusReason.TabFocusReason)
    else:
        QTest.mouseMove(widget, widget.rect().topLeft())
        QTest.mouseMove(widget, widget.rect().center())
        QApplication.processEvents()
    picture = QLabel()
    picture.setPixmap(window.grab(widget.geometry()))
    window.close()
    return picture


def colors_and_type() -> QWidget:
    """Return tokens, roles of type and icons."""
    grid = QWidget()
    layout = QGridLayout(grid)
    layout.setContentsMargins(0, 0, 0, 0)
    for at, (token, value) in enumerate(style.tokens().colors().items()):
        down, across = at % 14, 3 * (at // 14)
        layout.addWidget(Swatch(token), down, across)
        layout.addWidget(Label(token.replace("_", " "), "label_medium"), down, across + 1)
        layout.addWidget(Label(value, "figure_small", "ink2"), down, across + 2)
    roles = [named_role(role, told, text) for role, told, text in ROLES]
    marks = QWidget()
    marks_layout = QGridLayout(marks)
    marks_layout.setContentsMargins(0, 0, 0, 0)
    for at, name in enumerate(icons.names()):
        marks_layout.addWidget(IconLabel(name), at // 12, at % 12)
    return column(section("Colour"), grid, section("Type"), *roles, section("Icons"), marks)


def named_role(role: str, told: str, text: str) -> QWidget:
    """Return a role of type with its name."""
    name = Label(told, "label", "ink2")
    name.setFixedWidth(104)
    return row(name, Label(text, role))


def buttons_and_fields() -> QWidget:
    """Return buttons, fields and choices in their states."""
    off, off_plain = primary("Start", "play"), plain("Pause")
    off.setEnabled(False)
    off_plain.setEnabled(False)
    return column(
        section("Buttons"),
        named(
            "rest", row(primary("Start", "play"), plain("Pause", "pause"), quiet("Skip"), link("Show log"))
        ),
        named(
            "hover", row(*map(hovered, (primary("Start", "play"), plain("Pause", "pause"), quiet("Skip"))))
        ),
        named(
            "focus",
            row(*map(focused, (primary("Start", "play"), plain("Pause"), quiet("Skip"), link("Show log")))),
        ),
        named("disabled", row(off, off_plain, IconButton("more", "More"), IconButton("close", "Close"))),
        section("Fields"),
        *fields(),
        section("Choices"),
        *choices(),
    )


def fields() -> list[QWidget]:
    """Return fields at rest, fixed, empty and faulty."""
    faulty = Field("Precision", QLineEdit("float16"), foot="of the frozen weights")
    faulty.set_problem("T5 overflows in float16.", "Use bfloat16.")
    settled: list[ComboBox | IntField | FloatField] = [
        ComboBox(["LoRA"]),
        IntField(1, 256, 32),
        FloatField(0.05),
    ]
    for part in settled:
        part.set_fixed(True)
    pair = row(
        Field("Epochs", IntField(1, 100, 10)), Field("Learning rate", FloatField(2e-5)), gap=16, stretch=False
    )
    return [
        named("rest", row(ComboBox(["LoRA", "DoRA"]), IntField(1, 256, 32), FloatField(0.05), stretch=False)),
        named(
            "focus", row(*map(focused, (ComboBox(["LoRA", "DoRA"]), IntField(1, 256, 32), FloatField(0.05))))
        ),
        named("fixed", row(*settled, stretch=False)),
        named("empty", SearchField("Search methods")),
        faulty,
        Field("Method", ComboBox(["LoRA", "IA3"]), "Two thin matrices beside each weight", "low rank"),
        pair,
    ]


def choices() -> list[QWidget]:
    """Return segments, chips, sliders, checks and radios."""
    settled = SliderSpin(1, 64, 32)
    settled.set_fixed(True)
    chips = ToggleChips(["q", "k", "v", "o", "wi", "wo"], ["q", "v"])
    settled_chips = ToggleChips(["q", "k", "v", "o", "wi", "wo"], ["q", "v"])
    settled_chips.set_fixed(True)
    checks = [
        QCheckBox("Smoothed"),
        QCheckBox("Log axis"),
        QRadioButton("Hold the device"),
        QRadioButton("Free it"),
    ]
    checks[0].setChecked(True)
    checks[2].setChecked(True)
    return [
        named("level", row(SegmentedControl(["Essential", "More", "Everything"]))),
        named(
            "short",
            row(
                SegmentedControl(["Linear", "Log"], short=True),
                focused(SegmentedControl(["Run", "Recipe"], short=True)),
            ),
        ),
        named("targets", chips),
        named("settled", settled_chips),
        named("range", SliderSpin(1, 64, 32)),
        named("settled", settled),
        named("focus", row(focused(Slider(0, 9, 4)), focused(QCheckBox("On")), focused(QRadioButton("One")))),
        named("check", row(*checks[:2])),
        named("pick one", row(*checks[2:])),
        named(
            "search",
            row(Tag("in use"), Tag("imported"), ElidedLabel("A text that is far too long for its room")),
        ),
    ]


def notices() -> QWidget:
    """Return verdicts, notices, progress, empty state and reading text."""
    verdicts = row(
        IconLabel("arrow-up", "accent"),
        Label("Better", "body_medium", "accent"),
        IconLabel("equals", "ink2"),
        Label("No measurable difference", "body", "ink2"),
        IconLabel("arrow-down", "brick"),
        Label("Worse", "body_medium", "brick"),
    )
    busy = BusyRow("Downloading google/flan-t5-base", plain("Cancel"))
    busy.set_progress(0.41, "412 of 990 MB, 1 min left")
    meter = MeterRow(above=False)
    meter.set_value(0.41, "fits the trained limit", "212 of 512 tokens")
    capped = "6 % of outputs reached the length cap, so ROUGE is measured on cut sentences."
    return column(
        section("Verdicts"),
        verdicts,
        section("Notices, in place"),
        NoticeStrip(capped, "Raise the cap", "warning"),
        NoticeStrip("Moved samsum-prefix-20 to the trash.", "Undo"),
        busy,
        meter,
        section("Reading"),
        *reading(),
        section("Empty state"),
        EmptyState(
            "library",
            "No adapters yet",
            "Train one, or import a folder or a zip file.",
            [primary("New run", "plus"), plain("Import…", "import")],
            card=True,
        ),
    )


def reading() -> list[QWidget]:
    """Return marked text and a conversation."""
    text = "The venue can’t do the 14th but has Thursday 21st. Marcus may join by video at 17:30."
    summary = ReadingText(text, [Mark(23, 26), Mark(text.index("17:30"), 5, "attention")])
    streaming = ReadingText("They offer the 21st with 10 % off, and Priya asks")
    streaming.set_streaming(True)
    talk = ConversationView()
    talk.set_turns(
        [
            Turn("Leila", "morning! the venue wrote, they can’t do the 14th any more"),
            Turn("Tom", "oh no. what do they offer?"),
            Turn("Priya", "21st works for me"),
        ],
        2,
        "416 tokens, the rest is cut",
    )
    return [summary, streaming, talk]


def drawings() -> QWidget:
    """Return the drawn widgets: plot, intervals, histogram, blocks, scrubber, error card."""
    scrubber = Scrubber()
    scrubber.set_steps([0, 154, 308, 462, 616, 770, 924], 1540, [1078, 1232, 1386, 1540])
    figures = row(
        Figure("Step", "954", "of 1,540"),
        Line(vertical=True),
        Figure("Time left", "4 min 10 s", "done at 14:19"),
        Line(vertical=True),
        Figure("Loss", "1.188", "evaluation 1.344"),
        gap=16,
    )
    return column(
        figures,
        plot(),
        row(section("Sample summaries"), scrubber, stretch=False),
        blocks(),
        intervals(),
        histogram(),
        row(Spark(1.0, "accent"), Spark(0.5, "grey")),
        error_card(),
        gap=16,
    )


def plot() -> LossPlot:
    """Return a plot of 954 steps."""
    chance = random.Random(7)
    made = LossPlot()
    made.setFixedHeight(280)
    made.set_total(1540)
    steps = range(1, 955)
    made.append_many(steps, [1.16 + 0.38 * math.exp(-step / 200) + chance.gauss(0, 0.08) for step in steps])
    for step in range(154, 954, 154):
        made.append_evaluation(step, 1.34 + 0.2 * math.exp(-step / 180))
    return made


def blocks() -> BlockDrawing:
    """Return a T5 with LoRA on q and v."""
    attention = tuple(Part(text) for text in "qkvo")
    feed = Group("Feed-forward", (Part("wi"), Part("wo")))
    encoder = Block("Encoder block × 12", (Group("Self-attention", attention), feed))
    decoder_groups = (Group("Self-attention", attention), Group("Cross-attention", attention), feed)
    made = BlockDrawing()
    made.set_blocks([encoder, Block("Decoder block × 12", decoder_groups)])
    made.set_trained({"q", "v"})
    made.setFixedWidth(296)
    return made


def intervals() -> QWidget:
    """Return base above tuned, and their difference with its zero."""
    both, difference = IntervalBar(), IntervalBar()
    both.show_intervals(
        [ConfidenceInterval(0.469, 0.457, 0.481, "grey"), ConfidenceInterval(0.484, 0.472, 0.496)],
        (0.44, 0.51),
        "ROUGE-1",
    )
    difference.show_intervals(
        [ConfidenceInterval(0.015, 0.006, 0.024)], (-0.01, 0.03), "difference", zero=True
    )
    return row(
        Label("ROUGE-1"),
        both,
        Label("46.9", "figure", "ink2"),
        Label("48.4", "figure_medium"),
        difference,
        stretch=False,
    )


def histogram() -> Histogram:
    """Return lengths with a limit."""
    made = Histogram("Conversation length")
    made.setFixedHeight(200)
    counts = [round(900 * (at / 6) ** 2 * math.exp(-at / 4)) + 3 for at in range(1, 60)]
    made.set_counts(counts, 16)
    made.set_limit(416)
    return made


def error_card() -> ErrorCard:
    """Return the card of a run out of memory."""
    plans = [
        Fallback(
            "Micro-batch 8 to 4",
            "Same 8 examples per step, in two parts",
            "7.7 GB",
            "−38 %",
            "+6 %",
            "same result",
        ),
        Fallback(
            "Recompute activations", "Nothing kept between layers", "6.3 GB", "−49 %", "+31 %", "same result"
        ),
    ]
    text = (
        "Nothing is lost: the run goes on from the <b>checkpoint at step 200</b>. Choose how to make it fit."
    )
    return ErrorCard(
        "Out of memory at step 212",
        text,
        plans,
        "Continue from step 200",
        "Probe first",
        "End the run",
        "Show log",
    )


def sheet() -> QWidget:
    """Return the whole sheet."""
    made = QWidget()
    made.setObjectName("gallery")
    style.ground(made, "window")
    layout = QHBoxLayout(made)
    layout.setContentsMargins(32, 24, 32, 24)
    layout.setSpacing(32)
    for part, stretch in ((colors_and_type(), 0), (buttons_and_fields(), 3), (notices(), 3), (drawings(), 5)):
        layout.addWidget(part, stretch)
    return made


def main(arguments: list[str]) -> int:
    """Draw the sheet into a PNG."""
    path, scheme = arguments
    app = QApplication([])
    style.apply(app, scheme)
    shown = sheet()
    shown.resize(2100, 1300)
    shown.show()
    app.processEvents()
    shown.findChild(LossPlot).redraw()
    if app.focusWidget() is not None:
        app.focusWidget().clearFocus()
    app.processEvents()
    saved = shown.grab().save(path, "PNG")
    return 0 if saved else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
