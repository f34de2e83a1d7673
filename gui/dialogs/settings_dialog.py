"""Settings of the window: colour scheme, text size, language, folders. All but the language apply at once."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QApplication, QHBoxLayout, QWidget

from engine.api import paths
from gui.core.preferences import SETTINGS, WHEN_WINDOW_LEAVES, Preferences
from gui.inputs.choices import SegmentedControl
from gui.inputs.combo_box import ComboBox
from gui.inputs.fields import Field
from gui.look import language, style
from gui.look.language import mark, tr
from gui.widgets.buttons import link, plain
from gui.widgets.file_dialogs import open_path
from gui.widgets.growing_dialog import ScrollingDialog
from gui.widgets.labels import ElidedLabel, Label
from gui.widgets.layouts import Line, hbox

LEAVING_HELP = mark("For new runs, also when you log out. A recipe can override this.")


class SettingsDialog(ScrollingDialog):
    """`disk_wanted` opens the disk dialog, `restart_wanted` the window anew, in another language."""

    disk_wanted = Signal()
    restart_wanted = Signal()

    def __init__(self, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(480, parent)
        self._preferences = preferences
        self.setWindowTitle(tr("Settings"))
        self.schemes = _segments("scheme")
        self.schemes.set_current(style.scheme())
        self.contrasts = _segments("contrast")
        self.contrasts.set_current(style.contrast())
        self.sizes = ComboBox(_choices("text_scale"))
        self.sizes.set_key(str(round(100 * preferences.text_scale())))
        self.languages = ComboBox(_choices("language"))
        self.languages.set_key(preferences.choice("language"))
        self.restart_button = plain(tr("Restart now"), press=self._restart)
        self.restart_button.hide()
        self.leaving = _segments(WHEN_WINDOW_LEAVES)
        self.leaving.set_current(preferences.choice(WHEN_WINDOW_LEAVES))
        column = self.column
        column.addWidget(Label(tr("Settings"), "section"))
        feet = {"language": tr("Applies after a restart."), WHEN_WINDOW_LEAVES: tr(LEAVING_HELP)}
        self._controls = dict(
            zip(
                SETTINGS,
                (self.schemes, self.contrasts, self.sizes, self.languages, self.leaving),
                strict=True,
            )
        )
        for key, control in self._controls.items():
            column.addWidget(Field(tr(SETTINGS[key].title), control, helper_text=feet.get(key, "")))
        column.addWidget(Line())
        for name, opens, folder in (
            (tr("Runs"), tr("Open the runs folder"), paths.runs_folder()),
            (tr("Adapters"), tr("Open the adapters folder"), paths.adapters_folder()),
            (tr("Window log"), tr("Open the log folder"), paths.cache_folder()),
        ):
            column.addLayout(_place(name, opens, folder))
        close = plain(tr("Close"), press=self.accept)
        self.disk_button = plain(tr("Disk use…"), press=self.disk_wanted)
        self.foot.addLayout(hbox(self.disk_button, 1, self.restart_button, close, spacing=8))
        self.leaving.currentChanged.connect(self._save_leaving)
        self.languages.chosen.connect(self._save_language)
        self.schemes.currentChanged.connect(self._apply)
        self.contrasts.currentChanged.connect(self._apply)
        self.sizes.chosen.connect(self._apply)

    def show_setting(self, key: str) -> None:
        self._controls[key].setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _save_leaving(self, chosen: str) -> None:
        self._preferences.set(WHEN_WINDOW_LEAVES, chosen)

    def _save_language(self) -> None:
        self._preferences.set("language", self.languages.key())
        self.restart_button.setVisible(language.code_of(self.languages.key()) != language.spoken())

    def _restart(self) -> None:
        self.accept()
        self.restart_wanted.emit()

    def _apply(self) -> None:
        scale = int(self.sizes.key()) / 100
        self._preferences.set("scheme", self.schemes.current())
        self._preferences.set("contrast", self.contrasts.current())
        self._preferences.set("text_scale", str(scale))
        application = QApplication.instance()
        if isinstance(application, QApplication):
            style.apply(application, self.schemes.current(), scale, self.contrasts.current())


def _choices(key: str) -> list[tuple[str, str]]:
    # A language is called as its speakers call it.
    return [
        (chosen, language.LANGUAGES.get(chosen) or tr(text)) for chosen, text in SETTINGS[key].choices.items()
    ]


def _segments(key: str) -> SegmentedControl:
    return SegmentedControl(_choices(key), stretch=True, name=tr(SETTINGS[key].title))


def _place(name: str, opens: str, folder: Path) -> QHBoxLayout:
    label = Label(name, "label", "muted")
    style.scale(label, QWidget.setFixedWidth, 120)
    row = hbox(label, (ElidedLabel(str(folder), "fixed"), 1), spacing=12)
    button = link(tr("Open"))
    button.setAccessibleName(opens)
    button.clicked.connect(lambda: open_path(folder))
    row.addWidget(button)
    return row
