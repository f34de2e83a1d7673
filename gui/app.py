"""Starts the window: one application, one instance, one log, one handler of unexpected errors.

    run([])                                  the window
    run(["--demo"])                          with the starter recipe, started at once
    run(["--demo", "--screenshot", PNG])     ... saves the finished train page and ends
    run(["--demo", "--set", VALUE])          ... with another value in the recipe
    run(["--page", PAGE, FILE ...])          with a page in front, and files opened

Slow imports are made where they are used, so that the window shows within a second.
"""

from __future__ import annotations

import argparse
import faulthandler
import gc
import getpass
import hashlib
import json
import os
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QIcon
from PySide6.QtNetwork import QLocalServer, QLocalSocket
from PySide6.QtWidgets import QApplication, QMessageBox

from engine.api import AppError, Ending, StorageError, escaping, files, paths, recipe, redaction
from gui.core import file_opening
from gui.core.clipboard import copy_text
from gui.core.preferences import Preferences
from gui.look import language, style
from gui.look.language import mark, sentences, tr, translate
from gui.main_window import MainWindow
from gui.widgets.file_dialogs import open_path
from gui.workers.run_model import RunModel
from gui.workers.worker_manager import WorkerManager

DEMO_RECIPE = "starter.toml"
SETTLE_MILLISECONDS = 400
FORMER_MILLISECONDS = 1000
SWITCH_SECONDS = 0.001
# Qt platforms without a screen.
HEADLESS = ("offscreen", "minimal")
# Pages with a Start button.
STARTS_RUNS = ("train", "welcome")


def run(argv: list[str]) -> int:
    """Show the window until it is closed. Return the exit code; 1 if no window can be shown."""
    wanted = _arguments(argv)
    # The default switch interval of 5 ms would delay the window while a thread reads a burst of events.
    sys.setswitchinterval(SWITCH_SECONDS)
    application = _application()
    try:
        preferences = Preferences()
        language.speak(preferences.get("language") or language.SYSTEM)
        instance = SingleInstance()
        if wanted.screenshot is None and instance.raise_first(
            wanted.page, [str(file) for file in wanted.files]
        ):
            return 0
        _install_report()
        style.apply(
            application,
            preferences.choice("scheme"),
            preferences.text_scale(),
            preferences.choice("contrast"),
        )
        window = _window(preferences, guides=not wanted.demo)
    except AppError as error:
        say_why_not(error, quietly=wanted.demo)
        return 1
    instance.asked.connect(lambda page, files: _come_forward(window, page, files))
    window.show()
    QTimer.singleShot(0, window, lambda: _open(window, wanted))
    with freed_in_this_thread():
        code = application.exec()
        while window.restarts:
            window = _restarted(preferences, window)
            code = application.exec()
    window.manager.leave()
    instance.close()
    return code


def _install_report() -> None:
    """Report unexpected errors from now on. Raises StorageError if the log can't be written."""
    path = paths.cache_folder() / "tunesmith.log"
    try:
        report = CrashReport(path)
    except OSError as error:
        hint = mark("Set TUNESMITH_HOME to another folder.")
        raise StorageError(f"{path} can't be written: {error.strerror}.", hint) from error
    report.install()


def _window(preferences: Preferences, *, guides: bool) -> MainWindow:
    """Return the window. Raises StorageError if the home folder can't be used."""
    manager = WorkerManager()
    window = MainWindow(manager, preferences, guides=guides)
    window.left.connect(manager.leave)
    window.page_shown.connect(partial(keep_warm_worker, manager))
    keep_warm_worker(manager, window.current_key())
    return window


def _restarted(preferences: Preferences, former: MainWindow) -> MainWindow:
    """Return a new window in the preferred language, on the page that was shown."""
    former.manager.leave()
    language.speak(preferences.get("language") or language.SYSTEM)
    window = _window(preferences, guides=True)
    window.show()
    QTimer.singleShot(0, window, lambda: begin(window))
    # It takes a moment to go, which the new window's first paint need not wait for.
    QTimer.singleShot(FORMER_MILLISECONDS, former.deleteLater)
    return window


def keep_warm_worker(manager: WorkerManager, shown: str) -> None:
    """Keep a warm worker while a page with a Start button is shown."""
    manager.warm_workers.want(shown in STARTS_RUNS)


def say_why_not(error: AppError, *, quietly: bool) -> None:
    """Report why no window can be shown: in the terminal, and in a message box unless `quietly`."""
    _print(f"{error.message} {error.hint}")
    if quietly or QApplication.platformName() in HEADLESS:
        return
    # The hint comes from the engine or from the window.
    text = f"{translate(error.message)}\n\n{tr(translate(error.hint))}".strip()
    box = QMessageBox(QMessageBox.Icon.Critical, "Tunesmith", text)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.exec()


def _arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tunesmith", description="Tunesmith's window.")
    parser.add_argument("--demo", action="store_true", help="start the starter recipe at once")
    parser.add_argument(
        "--screenshot", type=Path, metavar="PNG", help="with --demo: save the finished page, then end"
    )
    parser.add_argument(
        "--set", action="append", default=[], dest="values", metavar="TABLE.KEY=VALUE", help="with --demo"
    )
    parser.add_argument("--page", default="", help="the page to show")
    parser.add_argument("files", nargs="*", type=Path, help="files to open")
    return parser.parse_args(argv)


def _open(window: MainWindow, wanted: argparse.Namespace) -> None:
    begin(window, demo=wanted.demo, screenshot=wanted.screenshot, values=wanted.values)
    file_opening.show(window, wanted.page, wanted.files)


def _application() -> QApplication:
    QApplication.setApplicationName("tunesmith")
    QApplication.setApplicationDisplayName("Tunesmith")
    QApplication.setDesktopFileName("tunesmith")
    existing = QApplication.instance()
    application = existing if isinstance(existing, QApplication) else QApplication(sys.argv[:1])
    application.setWindowIcon(QIcon(str(paths.resources_folder() / "tunesmith.svg")))
    return application


def begin(
    window: MainWindow, *, demo: bool = False, screenshot: Path | None = None, values: Sequence[str] = ()
) -> None:
    """Start the demo if asked, with changed values in its recipe; else show the run that goes on here or elsewhere."""
    if demo:
        page = window.show_built("train")
        model = _start_demo(page, values)
        if screenshot is not None:
            _end_with_picture(window, model, screenshot.absolute())
        return
    living, elsewhere = window.manager.find_living_run(), window.manager.find_run_elsewhere()
    if living is None and elsewhere is None:
        return
    page = window.show_built("train")
    try:
        if living is not None:
            page.show_run(window.manager.attach(living))
        elif elsewhere is not None:
            page.show_run(window.manager.resume(elsewhere.id))
    except AppError as error:
        page.say(translate(error.message))


def _start_demo(page: Any, values: Sequence[str]) -> RunModel | None:
    try:
        starter = recipe.load(paths.presets_folder() / DEMO_RECIPE, values)
        model: RunModel | None = page.start_run(starter)
    except AppError as error:
        page.say(sentences(error.message, error.hint))
        return None
    return model


def _end_with_picture(window: MainWindow, model: RunModel | None, path: Path) -> None:
    """Save a screenshot once the run has ended, then exit: with 0 if the run completed and the file was written."""

    def finish(outcome: str, message: str) -> None:
        saved = window.grab().save(str(path))
        if outcome != "completed":
            _print(f"The demo {outcome}. {message}")
        elif not saved:
            _print(f"{path} can't be written.")
        QApplication.exit(0 if outcome == "completed" and saved else 1)

    def ended(ending: Ending) -> None:
        QTimer.singleShot(SETTLE_MILLISECONDS, window, lambda: finish(ending.outcome, ending.message))

    if model is None:
        ended(Ending("failed", "It could not be started; the picture says why."))
    else:
        model.ended.connect(ended)


def _print(text: str) -> None:
    """Write to the terminal, if there is one: windowed executables have none."""
    if sys.stderr is not None:
        sys.stderr.write(f"{escaping.escaped(text.strip())}\n")


def _come_forward(window: MainWindow, page: str, files: Sequence[str]) -> None:
    file_opening.show(window, page, [Path(file) for file in files])
    if window.isMinimized():
        window.showNormal()
    window.raise_()
    window.activateWindow()


MILLISECONDS = 500


@contextmanager
def freed_in_this_thread() -> Iterator[None]:
    """Have an event loop inside that frees garbage every half a second, and no other thread that does.

    What there is by then stays: searched again and again, it would hold the window up for two frames at a time.
    """
    gc.disable()
    gc.freeze()
    timer = QTimer()
    timer.timeout.connect(search)
    timer.start(MILLISECONDS)
    try:
        yield
    finally:
        timer.stop()
        gc.unfreeze()
        gc.enable()


def search() -> None:
    """Free the garbage of the oldest generation that has grown beyond its threshold, and of all younger ones."""
    counts, thresholds = gc.get_count(), gc.get_threshold()
    for generation in reversed(range(len(counts))):
        if counts[generation] > thresholds[generation]:
            gc.collect(generation)
            return


MAX_LOG_BYTES = 1_000_000


class CrashReport(QObject):
    """Catches exceptions of all threads, logs them, and shows them in the GUI thread. `caught(message, details)`."""

    caught = Signal(str, str)

    def __init__(self, path: Path) -> None:
        """Open the log; `install` starts catching."""
        super().__init__()
        if path.exists() and path.stat().st_size > MAX_LOG_BYTES:
            files.rename(path, path.with_suffix(".old.log"))
        self._path = path
        self._log = path.open("a", encoding="utf-8", buffering=1)
        self.shown: QMessageBox | None = None
        self.caught.connect(self._show)

    def install(self) -> None:
        """Catch unhandled exceptions from now on, and write the traces of a hard crash."""
        faulthandler.enable(self._log)
        sys.excepthook = self.take
        threading.excepthook = lambda hook: self.take(hook.exc_type, hook.exc_value, hook.exc_traceback)

    def close(self) -> None:
        self._log.close()

    def take(
        self, kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Log an exception and show it; Ctrl+C in a terminal closes the window."""
        if issubclass(kind, KeyboardInterrupt):
            QApplication.quit()
            return
        details = (
            kind.__name__
            if error is None
            else redaction.format_error(error.with_traceback(trace or error.__traceback__))
        )
        details = escaping.escaped(details)
        self._log.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')}\n{details}\n")
        if isinstance(error, AppError):
            self.caught.emit(sentences(error.message, error.hint), details)
        else:
            message = tr("Something went wrong: {error}. Runs keep going.", error=error)
            self.caught.emit(message, details)

    def _show(self, message: str, details: str) -> None:
        """Open one message at a time, so that a repeated error does not cover the window."""
        if self.shown is not None:
            return
        box = self.shown = QMessageBox(QApplication.activeWindow())
        box.setWindowTitle("Tunesmith")
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(message)
        box.setDetailedText(details)
        copy = box.addButton(tr("Copy details"), QMessageBox.ButtonRole.ActionRole)
        folder = box.addButton(tr("Open log folder"), QMessageBox.ButtonRole.ActionRole)
        box.addButton(QMessageBox.StandardButton.Close)
        copy.clicked.connect(lambda: copy_text(details))
        folder.clicked.connect(lambda: open_path(self._path.parent))
        box.finished.connect(self._forget)
        box.open()

    def _forget(self) -> None:
        self.shown = None


WAIT_MILLISECONDS = 500
# A socket's path has 107 bytes at most; Qt first makes it in a folder of seven characters beside it.
MAX_PATH_BYTES = 107 - len("/XXXXXX/s")


class SingleInstance(QObject):
    """`asked(page, files)` is emitted in the first instance when a second one starts, with its arguments."""

    asked = Signal(str, list)

    def __init__(self) -> None:
        super().__init__()
        self._name = _name()
        self._callers: list[QLocalSocket] = []
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._answer)

    def raise_first(self, page: str = "", files: Sequence[str] = ()) -> bool:
        """Ask the first instance to come to the front and show a page and files; return False if this is the first."""
        if not self._name:
            return False
        socket = QLocalSocket()
        socket.connectToServer(self._name)
        if socket.waitForConnected(WAIT_MILLISECONDS):
            socket.write(json.dumps({"page": page, "files": list(files)}).encode())
            socket.waitForBytesWritten(WAIT_MILLISECONDS)
            socket.disconnectFromServer()
            return True
        # No answer: the socket was left by a window that crashed.
        QLocalServer.removeServer(self._name)
        self._server.listen(self._name)
        return False

    def close(self) -> None:
        """Stop listening."""
        self._server.close()

    def _answer(self) -> None:
        while (caller := self._server.nextPendingConnection()) is not None:
            self._callers.append(caller)
            caller.disconnected.connect(self._read_calls)
            self._read_calls()

    def _read_calls(self) -> None:
        """Handle complete messages of other starts."""
        gone = [
            each for each in self._callers if each.state() == QLocalSocket.LocalSocketState.UnconnectedState
        ]
        for caller in gone:
            self._callers.remove(caller)
            self.asked.emit(*_understood(bytes(caller.readAll().data())))
            caller.deleteLater()


def _understood(message: bytes) -> tuple[str, list[str]]:
    """Return page and files; a message of another version only raises the window."""
    try:
        wanted = json.loads(message)
        return str(wanted["page"]), [str(file) for file in wanted["files"]]
    except (ValueError, KeyError, TypeError):
        return "", []


def _name() -> str:
    """Return the socket's path, or the pipe's name on Windows; "" if no folder is ours alone."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):
        user = ""
    whose = os.fsencode(f"{user} {paths.config_folder()}")
    name = f"tunesmith-{hashlib.sha256(whose).hexdigest()[:16]}"
    if os.name == "nt":
        return name
    places = (str(folder / name) for folder in _folders() if paths.is_private(folder))
    return next((place for place in places if len(os.fsencode(place)) <= MAX_PATH_BYTES), "")


def _folders() -> Iterator[Path]:
    """Yield where the socket may be: the runtime folder, the home folder, one of our own among temporary files."""
    if runtime := os.environ.get("XDG_RUNTIME_DIR"):
        yield Path(runtime)
    yield paths.config_folder()
    if temporary := paths.private_temporary_folder():
        yield temporary
