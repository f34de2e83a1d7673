"""The device meter at the rail's foot: what computes, how much waits, the device, its used memory and its load.

Shows given values; queries no device.
"""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from engine.api import run_names
from gui.graphics.bars import Bar
from gui.look.format import bytes_text, gigabytes_text, number_text, percent
from gui.look.language import tr
from gui.widgets.buttons import ContentButton
from gui.widgets.labels import ElidedLabel, Label
from gui.widgets.layouts import hbox, vbox

# The margin of the hover background around the text.
INSET = 8


class DeviceMeter(ContentButton):
    """The device with its name, memory and load, and its queue. A click offers the queue and the computers."""

    def __init__(self) -> None:
        super().__init__("rail")
        self._full_work = ""
        self._work, self._share = ElidedLabel("", "label_medium", "text"), Label("", "figure_small", "accent")
        self._waiting = Label("", "label", "muted", wrap=True)
        self._queue = QWidget()
        self._name = ElidedLabel("", "label_medium", "text")
        self._device = Label("", "label", "muted")
        self._memory_word = ElidedLabel(tr("Memory"), "label", "muted")
        self._memory = Label("", "figure_small", "muted")
        self._load_word = ElidedLabel(tr("Load"), "label", "muted")
        self._load = Label("", "figure_small", "muted")
        self._folded_memory = Label("", "small", "muted")
        self._folded_memory.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._bar = Bar()
        self._texts: tuple[QWidget, ...] = (
            self._name,
            self._device,
            self._memory_word,
            self._memory,
            self._load_word,
            self._load,
        )
        self._below_name, self._below_bar = QWidget(), QWidget()
        self._below_name.setFixedHeight(1)
        self._below_bar.setFixedHeight(2)
        self._texts += (self._below_name, self._below_bar)
        self._device_text, self._is_folded = "", False
        self._lay_out()
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        # Before the first device.
        self.setAccessibleName(tr("Device"))
        self.setAccessibleDescription(tr("Queue and computers"))
        self.set_folded(False)

    def _lay_out(self) -> None:
        vbox(_row(self._work, self._share), self._waiting, of=self._queue, margins=(0, 0, 0, 6), spacing=4)
        content = vbox(
            self._queue,
            _row(self._name, self._device),
            self._below_name,
            _row(self._memory_word, self._memory),
            self._bar,
            self._below_bar,
            self._folded_memory,
            _row(self._load_word, self._load),
            margins=(INSET, 2, INSET, 4),
            spacing=4,
        )
        self.lay_out(content)

    def set_device(
        self, name: str, device: str, used: float | None, total: float | None, load: float | None
    ) -> None:
        """Show a device: `used` and `total` memory in bytes, `load` 0 to 1; None if unknown."""
        self._name.setText(name)
        self._device.setText(device)
        self._bar.set_fraction(used / total if used is not None and total else 0.0)
        self._memory.setText(_memory_text(used, total))
        self._load.setText(percent(load))
        # In gigabytes always, since a folded rail has room for no longer number.
        self._folded_memory.setText(gigabytes_text(used) if used is not None else "")
        text = tr(
            "{name} {device}, memory {memory}, load {load}",
            name=name,
            device=device,
            memory=_memory_text(used, total),
            load=percent(load),
        )
        self._device_text = text
        self._explain()

    def set_work(self, work: str, share: str, waiting: str, *, is_wrong: bool = False) -> None:
        """Show what computes, how far, and what waits, "" for nothing; `is_wrong`: something could not be started."""
        self._full_work = work
        # There is room for the data and the method; the name of the base model is the first of three parts.
        self._work.setText(run_names.SEPARATOR.join(work.split(run_names.SEPARATOR)[-2:]))
        self._share.setText(share)
        self._waiting.show_text(waiting)
        self._waiting.set_token("error" if is_wrong else "muted")
        self._explain()
        self.set_folded(self._is_folded)

    def _explain(self) -> None:
        work = f"{self._full_work} {self._share.text()}".strip()
        parts = (work, self._waiting.text(), self._device_text)
        text = ". ".join(filter(None, parts))
        self.setAccessibleName(text)
        self.setToolTip(tr("{device}. Press for the queue and other computers", device=text))

    def set_folded(self, folded: bool) -> None:
        """Show only the bar and the figure."""
        self._is_folded = folded
        self._queue.setVisible(bool(self._work.text() or self._waiting.text()) and not folded)
        for text in self._texts:
            text.setVisible(not folded)
        self._folded_memory.setVisible(folded)


def _row(left: QWidget, right: QWidget) -> QHBoxLayout:
    return hbox((left, 1), right, spacing=8)


def _memory_text(used: float | None, total: float | None) -> str:
    if used is None or total is None:
        return bytes_text(total if used is None else used)
    if total >= 1e9:
        # In the unit of the total: "754.3 MB of 25.3 GB" is wider than the rail.
        return tr("{used} of {total}", used=number_text(used / 1e9, 1), total=bytes_text(total))
    return tr("{used} of {total}", used=bytes_text(used), total=bytes_text(total))
