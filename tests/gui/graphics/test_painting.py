"""Histogram, intervals, block drawing, scrubber, bars and labels: keys, mouse, and the words for each."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from engine.api import Place
from gui.graphics.bars import Bar
from gui.graphics.block_drawing import MARKS, Block, BlockDrawing, Group, Part
from gui.graphics.histogram import Histogram, label_step
from gui.models.metric_text import ConfidenceInterval, as_text
from gui.pages.train.samples_view import Scrubber
from gui.widgets.labels import ElidedLabel, Figure, Label


@pytest.fixture
def lengths(styled, qtbot):
    made = qtbot.add(Histogram("Conversation length"))
    made.resize(402, 240)
    made.set_counts([10, 40, 30, 20, 10, 5, 4, 3, 2, 1], 100)
    made.set_limit(500)
    return made


def test_keys_move_the_limit_and_the_handle_stands_where_its_number_is(lengths, qtbot):
    assert [label_step(span, 5) for span in (1, 4, 10, 900)] == [1, 1, 2, 200]
    key = Qt.Key
    for pressed, wanted in (
        (key.Key_Right, 501),
        (key.Key_Left, 500),
        (key.Key_PageUp, 516),
        (key.Key_PageDown, 500),
    ):
        with qtbot.waitSignals([lengths.limitChanged, lengths.limitSettled]):
            QTest.keyClick(lengths, pressed)
        assert lengths.limit() == wanted
    lengths.set_limit(995)
    QTest.keyClick(lengths, key.Key_PageUp)
    assert lengths.limit() == 1000
    for limit in (1, 500, 1000, 1500, 4000):
        lengths.set_limit(limit)
        x, handle = lengths.x_of(limit), lengths.handle()
        assert handle.left() <= x <= handle.right()
        plot = lengths.plot_area()
        # The axis reaches so far: what is at x is the limit's number.
        share = (x - plot.left()) / plot.width()
        assert share * lengths.high() == pytest.approx(limit)
        assert lengths.limit_text() == f"{limit:,} tokens"


def test_what_lies_beyond_is_counted_and_said(lengths):
    assert lengths.beyond() == 15
    assert "500 tokens" in lengths.accessibleDescription()
    assert "125 in total" in lengths.accessibleDescription()
    # A limit far beyond all lengths points there and squeezes no bar.
    lengths.set_limit(50_000)
    assert lengths.high() == 1000
    assert lengths.limit_text() == "50,000 tokens →"
    assert not lengths.grab().isNull()


def test_the_axis_stays_while_the_handle_is_dragged(lengths):
    lengths.set_limit(2000)
    high = lengths.high()
    start = QPoint(round(lengths.x_of(2000)), 120)
    QTest.mousePress(lengths, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(lengths, QPoint(201, 120))
    QTest.mouseRelease(lengths, Qt.MouseButton.LeftButton, pos=QPoint(201, 120))
    assert lengths.high() == high
    assert lengths.x_of(lengths.limit()) == pytest.approx(201, abs=1)


def test_the_limit_is_dragged_and_escape_takes_it_back(lengths):
    start, end = QPoint(201, 120), QPoint(301, 120)
    QTest.mousePress(lengths, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(lengths, end)
    assert lengths.limit() == 750
    QTest.keyClick(lengths, Qt.Key.Key_Escape)
    assert lengths.limit() == 500
    QTest.mouseRelease(lengths, Qt.MouseButton.LeftButton, pos=end)
    assert lengths.limit() == 500


def test_an_interval_has_a_text():
    text = as_text("ROUGE-1", ConfidenceInterval(0.484, 0.472, 0.496), "better than base")
    assert text == "ROUGE-1 48.4, interval 47.2 to 49.6, better than base"
    assert as_text("ROUGE-1", ConfidenceInterval(0.484)) == "ROUGE-1 48.4, one conversation, so no interval"


@pytest.fixture
def blocks(styled, qtbot):
    made = qtbot.add(BlockDrawing())
    attention = Group("Self-attention", tuple(Part(text, f"encoder.{text}") for text in "qkvo"))
    made.set_blocks([Block("Encoder block × 12", (attention,))])
    made.resize(made.sizeHint())
    return made


def test_exactly_the_trained_parts_are_lit(blocks):
    blocks.set_trained({"encoder.q", "encoder.v", "decoder.q"})
    assert blocks.trained() == ["encoder.q", "encoder.v"]
    assert "Self-attention: q, v trained" in blocks.accessibleDescription()
    blocks.set_trained(set())
    assert blocks.trained() == []
    assert "frozen" in blocks.accessibleDescription()


def test_a_scrubber_stands_at_the_newest_or_where_it_was_moved_to(styled, qtbot):
    scrubber = qtbot.place(Scrubber(), 500, 28)
    scrubber.set_steps([0, 154, 308], 1540)
    received = []
    scrubber.chosen.connect(received.append)
    assert scrubber.current() == 308
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_Home, Qt.Key.Key_End):
        QTest.keyClick(scrubber.slider, key)
    assert received == [154, 0, 308]

    QTest.mouseClick(scrubber.slider, Qt.MouseButton.LeftButton, pos=QPoint(2, 10))
    assert scrubber.current() == 0
    assert scrubber.previous() is None
    assert scrubber.slider.accessibleDescription() == "base model of 1,540, 3 to choose from"
    QTest.mouseClick(scrubber.slider, Qt.MouseButton.LeftButton, pos=scrubber.slider.rect().bottomRight())
    assert scrubber.current() == 308
    assert scrubber.previous() == 154

    scrubber.set_steps([0, 154, 308, 462], 1540)
    assert scrubber.current() == 462
    scrubber.set_current(154)
    scrubber.set_steps([0, 154, 308, 462, 616], 1540)
    assert scrubber.current() == 154
    assert received[-1] == 154


def test_an_elided_label_explains_itself_only_where_it_is_cut(styled, qtbot):
    label = qtbot.place(ElidedLabel("a text of some length"), 400, 20)
    assert label.toolTip() == ""
    label.resize(40, 20)
    assert label.toolTip() == "a text of some length"


def test_a_bar_stays_within_its_ends_and_a_figure_is_said_whole(styled, qtbot):
    bar, figure = Bar(), Figure("Step")
    qtbot.addWidget(bar)
    qtbot.addWidget(figure)
    for fraction, shown in ((1.7, 1.0), (-1, 0.0)):
        bar.set_fraction(fraction)
        assert bar.fraction == shown
    figure.set_value("954", "of 1,540")
    assert figure.accessibleName() == "Step 954 of 1,540"


def test_what_is_trained_beside_weights_has_parts_of_its_own(styled, qtbot):
    made = qtbot.add(BlockDrawing())
    made.set_blocks([Block("Block × 2", (Group("Self-attention", (Part("q"), Part("o"))),))])
    words: dict[Place, list[str]] = {
        "keys and values": ["k v", "q", "o", "trained", "frozen"],
        "prompt": ["prompt", "q", "o", "trained", "frozen"],
        "biases": ["q", "o", "trained", "frozen"],
    }
    for mark, shown in words.items():
        made.set_trained((), None, (mark,))
        labels = [label.text() for label in made._content.findChildren(Label)]
        assert [text for text in labels if text in {"k v", "q", "o", "prompt", "trained", "frozen"}] == shown
        assert MARKS[mark] in made.accessibleDescription()
