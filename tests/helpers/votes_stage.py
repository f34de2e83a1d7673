"""Blind votes on runs on disk, and their keys."""

from collections.abc import Iterator

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from engine.jobs.job import Job
from gui.pages.compare.systems import Wanted
from gui.pages.compare.votes_view import VotesView
from tests.helpers.homes import make_recipe
from tests.helpers.scored_runs import add_scored_run, bundled, scores_of

KEYS = {"left": Qt.Key.Key_1, "right": Qt.Key.Key_2, "tie": Qt.Key.Key_Equal}
RUN_NAMES = ("Quiet Otter", "Loud Heron", "Swift Badger")


def add_runs(count: int, conversations: int = 30) -> list[Job]:
    """Add finished runs on the same conversations, each tuned better than the next."""
    texts = bundled(conversations)
    return [
        add_scored_run(
            adapter_name=f"adapter-{at}",
            scores=scores_of(texts, tuned=0.8 - 0.2 * at),
            recipe=make_recipe(RUN_NAMES[at], base="starter", source="sample"),
        )
        for at in range(count)
    ]


def settle(page: VotesView) -> None:
    """Wait until the page has nothing more to read or to show."""
    for _ in range(4):
        page.controller.wait()
        QApplication.processEvents()


def begin(page: VotesView, jobs: list[Job], pairs: int = 60) -> None:
    """Open runs and start to vote."""
    page.open_systems([Wanted(origin=job.id) for job in jobs])
    settle(page)
    page.setup.pairs.setValue(pairs)
    page.setup.voter.setText("Ann")
    page.setup.start_button.click()
    settle(page)


def press(page: VotesView, key: Qt.Key) -> None:
    """Press a key where the focus is."""
    QTest.keyClick(QApplication.focusWidget() or page.vote, key)
    QApplication.processEvents()


def vote_for_best(page: VotesView, most: int = 1_000) -> int:
    """Vote by key for the system that comes last in the comparison's order, the base model being the first."""
    cast = 0
    while cast < most and (asked := page.controller.question) is not None:
        press(page, KEYS["left" if asked.left > asked.right else "right"])
        assert page.controller.question != asked, "the key was not taken"
        cast += 1
    settle(page)
    return cast


def texts_in(widget: QWidget) -> Iterator[str]:
    """Yield every text, tooltip and accessible name of a widget and its children, shown or not."""
    for each in (widget, *widget.findChildren(QWidget)):
        yield from (each.toolTip(), each.accessibleName(), each.accessibleDescription(), each.windowTitle())
        for name in ("text", "placeholderText", "currentText", "toPlainText", "title"):
            read = getattr(each, name, None)
            if callable(read):
                found = read()
                if isinstance(found, str):
                    yield found
