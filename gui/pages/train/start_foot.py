"""What stands around Start: what a run will do, its warnings and problems, the computer, and what is asked before it.

A download, and what is sent to another computer, are asked for between the press of Start and the run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from engine.api import (
    AppError,
    Computer,
    Problem,
    Recipe,
    computer_store,
    offline,
    plan_text,
    recipe,
    run_store,
    run_summaries,
    sending,
)
from gui.inputs.combo_box import ComboBox
from gui.inputs.fields import Field, ProblemLine
from gui.look.format import bytes_text, number_text
from gui.look.language import sentences, tr, tr_count, translate
from gui.pages.labelling.no_summaries import NoSummaries
from gui.pages.train.run_notices import RemarksView
from gui.pages.train.run_text import in_bold
from gui.widgets.buttons import primary
from gui.widgets.cards import NoticeStrip
from gui.widgets.dimming import dim
from gui.widgets.layouts import FittedScroll, hbox, vbox
from gui.widgets.text_view import TextView
from gui.workers.download_prompt import DownloadPrompt, missing, repositories
from gui.workers.engine_thread import AskedJob
from gui.workers.worker_manager import WorkerManager

# A warning about this field says that a run is too short.
EPOCHS = "training.epochs"


class StartFoot(QWidget):
    """A plan's warnings, the plan in two lines, the first problem, the computer and its cards, and Start.

    In place of Start stands what to do first where the conversations have no summaries yet.

    `computer_chosen` reports another computer, `length_wanted` that a run too short to learn is to be longer.
    """

    computer_chosen = Signal()
    length_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.ready, self.happening = (
            TextView(role="label", token="muted"),
            TextView(role="label", token="muted"),
        )
        self._has_plan = False
        self.warnings, self.too_short = RemarksView(), NoticeStrip()
        self.too_short.acted.connect(self.length_wanted)
        self._problem = ProblemLine()
        self.no_summaries = NoSummaries()
        self.computers = ComboBox([("", tr("This computer"))])
        self.where = Field(tr("Train on"), self.computers)
        self.where.hide()
        self.cards_choice = ComboBox([])
        self.how_many = Field(tr("GPUs"), self.cards_choice)
        self.offer_cards(1)
        self.start_button = primary(tr("Start"), "play")
        self.computers.chosen.connect(lambda _name: self.computer_chosen.emit())
        self.said = FittedScroll((24, 12, 24, 4), spacing=8)
        for part in (self.warnings, self.too_short, self.ready, self.happening):
            self.said.column.addWidget(part)
        texts = vbox(self._problem, self.no_summaries, margins=(24, 4, 24, 12), spacing=8)
        place = hbox((self.where, 2), (self.how_many, 1), spacing=12)
        right = vbox(1, place, self.start_button, margins=(0, 12, 24, 16), spacing=8)
        hbox((vbox(self.said, 1, texts, spacing=0), 1), right, of=self, spacing=0)
        self.ready.hide()

    def offer_computers(self, names: Sequence[str]) -> None:
        """Offer other computers; one that is gone is no longer chosen."""
        before = self.computer()
        self.computers.set_items([("", tr("This computer")), *((name, name) for name in names)])
        self.where.setVisible(bool(names))
        if self.computer() != before:
            self.computer_chosen.emit()

    def computer(self) -> str:
        """Return the name of the computer that is to train, "" for this one."""
        return self.computers.key()

    def offer_cards(self, most: int) -> None:
        """Offer up to so many cards of one node of the chosen computer."""
        self.cards_choice.set_items([(str(count), number_text(count)) for count in range(1, most + 1)])
        self.how_many.setVisible(most > 1)

    def cards(self) -> int:
        """Return how many cards of the chosen computer a run takes."""
        return int(self.cards_choice.key())

    def place(self) -> tuple[str, int]:
        """Return the computer that is to train, and how many of its cards a run takes."""
        return self.computer(), self.cards()

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """Show why Start is grey: the first problem, and how many more there are. Any problem disables Start."""
        message, hint = "", ""
        if problems:
            message, hint = translate(problems[0].message), translate(problems[0].hint)
        if others := len(problems) - 1:
            more = tr_count(others, "{n} more problem above.", "{n} more problems above.")
            hint = f"{hint} {more}".strip() if problems else ""
        self._problem.show_problem(message, hint)
        self.start_button.setEnabled(not problems)

    def show_unlabelled(self, source: str, count: int) -> None:
        """Offer to write the summaries of a source, in place of Start; `count` conversations lack them."""
        self.no_summaries.show_source(source, count)
        self.start_button.setVisible(not count)

    def show_waits(self, waits: bool) -> None:
        """Show whether a run would start now, or wait for its turn."""
        self.start_button.setText(tr("Add to queue") if waits else tr("Start"))
        self.start_button.set_icon("plus" if waits else "play")

    def show_busy(self, busy: bool) -> None:
        """Show that a plan is being made, and dim the one before."""
        dim((self.warnings, self.too_short, self.happening), busy and self._has_plan)
        # As high as before, so that nothing moves.
        self.ready.setMinimumHeight(self.ready.height() if busy and self.ready.isVisible() else 0)
        if busy and self._has_plan:
            self.ready.set_markup(tr("Updating…"))
            self.ready.show()
        elif busy:
            self._show(tr("Checking base model and data…"), "", ())

    def say(self, text: str) -> None:
        """Show another text in place of the plan."""
        self._has_plan = False
        self.show_busy(False)
        self._show(text, "", ())

    def show_plan(self, plan: Mapping[str, Any], *, trains: bool) -> None:
        """Show a plan, its readiness and its warnings."""
        self._has_plan = True
        self.show_busy(False)
        warnings = [notice for notice in plan.get("notices") or () if notice.get("level") == "warning"]
        short = next((each for each in warnings if each.get("field") == EPOCHS), None)
        others = [each for each in warnings if each is not short]
        self._show(happening_text(plan, trains=trains), readiness_text(plan, trains=trains), others)
        if short is not None:
            self.too_short.show_notice(translate(short["message"]), tr("Train longer"), "warning")

    def _show(self, happening: str, ready: str, warnings: Sequence[dict[str, Any]]) -> None:
        for label, text in ((self.ready, ready), (self.happening, happening)):
            label.set_markup(text)
            label.setVisible(bool(text))
        self.warnings.show_notices(warnings)
        self.too_short.hide()


BETWEEN = " · "
MAX_RUNS = 20


def readiness_text(plan: Mapping[str, Any], *, trains: bool = True) -> str:
    """Return conversations, their language and the lengths of summaries in one line, as far as the plan knows them."""
    ready, counts = plan.get("readiness") or {}, plan.get("examples") or {}
    if "scored" in ready:
        counts = {**counts, "test": ready["scored"]}
    parts = [
        *map(translate, plan_text.examples(counts, ("train", "test") if trains else ("test",))),
        translate(plan_text.language(ready)),
        _lengths(ready, "learned" if trains else "written"),
    ]
    return BETWEEN.join(filter(None, parts))


def _lengths(ready: Mapping[str, Any], which: str) -> str:
    facts = ready.get(which)
    if not facts:
        return ""
    longest, limit = number_text(facts["longest"]), number_text(facts["limit"])
    if facts["over"]:
        return tr("summaries up to {longest} tokens, limit {limit}", longest=longest, limit=limit)
    return tr("summaries up to {longest} of {limit} tokens", longest=longest, limit=limit)


def happening_text(plan: Mapping[str, Any], *, trains: bool = True) -> str:
    """Return what a run of the planned recipe will do, the main facts in bold."""
    happening = _steps_text(plan) if trains else _scoring_text(plan)
    first = missing_text(plan.get("missing") or ()), unpacking_text(plan.get("unpacks") or {})
    return " ".join(part for part in (happening, *first) if part)


def _steps_text(plan: Mapping[str, Any]) -> str:
    if not plan.get("steps"):
        return ""
    happening = in_bold(plan_text.length(plan), plan_text.steps(plan), plan_text.time(plan))
    return f"{happening} {tr('The base model is scored first, to show the gain.')}"


def _scoring_text(plan: Mapping[str, Any]) -> str:
    # Warnings stand by themselves.
    notices = [
        translate(notice["message"])
        for notice in plan.get("notices") or ()
        if notice.get("level") != "warning"
    ]
    return " ".join(notices) or tr("<b>Nothing is trained.</b> The plain prompt is scored, then this one.")


def unpacking_text(unpacks: Mapping[str, str]) -> str:
    """Return what a run would unpack first, how large that gets, and what it means; "" if nothing."""
    return " ".join(translate(unpacks[part]) for part in ("message", "hint") if part in unpacks)


def missing_text(names: Sequence[str]) -> str:
    """Return what a run would download first; "" if nothing, or if it is a problem because Tunesmith is offline."""
    if not names or offline():
        return ""
    return f"{translate(plan_text.missing(names))} {tr('Start asks first.')}"


def expected_seconds(wanted: Recipe, steps: int) -> float | None:
    """Return the estimated seconds of a run, or None without a similar completed run."""
    for job in run_store.list_jobs()[:MAX_RUNS]:
        try:
            earlier = recipe.load(job.recipe_path)
        except AppError:
            continue
        if _kind(earlier) == _kind(wanted):
            entry = run_summaries.read_entry(job)
            if entry.outcome == "completed" and entry.step:
                # Early stopping or the time limit may have ended it before its last step. Loading and scoring
                # take as long for few steps as for many.
                training = min(entry.training_seconds or entry.seconds, entry.seconds)
                return entry.seconds - training + training * steps / entry.step
    return None


def _kind(one: Recipe) -> tuple[object, ...]:
    """Return what determines the time of a step."""
    training, data = one.training, one.data
    sizes = (training.batch_size, data.max_conversation_tokens, data.max_summary_tokens)
    return one.base_model, data.source, one.method.id, training.device, *sizes


class StartPrompt(QObject):
    """`opened(recipe, computer, cards)`: start it, on so many cards there.

    `says(text, action)`: a message, with an action that confirms.
    """

    opened = Signal(object, str, int)
    says = Signal(str, str)

    def __init__(self, manager: WorkerManager, foot: StartFoot, parent: QObject) -> None:
        """`foot` offers the computers; it is told how many cards the chosen one has."""
        super().__init__(parent)
        self._counting = AskedJob(self, manager)
        self._cluster_cards = ClusterCards(manager, foot, self)
        self._downloads = DownloadPrompt(manager, self)
        self._pending: tuple[Recipe, str, int] | None = None
        self._downloads.opened.connect(lambda wanted: self.opened.emit(wanted, "", 1))
        self._downloads.says.connect(self.says)

    def request(self, wanted: Recipe, name: str = "", cards: int = 1) -> None:
        """Request a run of a recipe here, or on so many cards of another computer."""
        self.forget()
        if not name:
            needed = missing(repositories(wanted))
            self._downloads.request(wanted, needed)
            if self._downloads.is_checking:
                names = ", ".join(each["id"] for each in needed)
                self.says.emit(tr("Asking the hub about {name}…", name=names), "")
            return
        try:
            computer = computer_store.find(name)
            sending.require_online(computer)
        except AppError as error:
            self.says.emit(sentences(error.message, error.hint), "")
            return
        if computer.agreed:
            self.opened.emit(wanted, name, cards)
        else:
            self._pending = (wanted, name, cards)
            self._ask(computer, {})
            self._count(computer, wanted)

    def _ask(self, computer: Computer, counts: dict[str, int]) -> None:
        if self._pending is not None:
            self.says.emit(question(computer, self._pending[0], counts), tr("Send and start"))

    def _count(self, computer: Computer, wanted: Recipe) -> None:
        """Let the question say how many conversations are sent, once a worker has counted them."""
        source, options = next(iter(sending.to_count([wanted]).items()), ("", None))
        if options is None:
            return

        def tell(result: dict[str, Any]) -> None:
            self._ask(computer, {source: result["conversations"]})

        # Without a number it is asked as well.
        asked = {"data": options.model_dump()}
        self._counting.ask("count_conversations", asked, tell, lambda _ending: None)

    def confirm(self) -> None:
        """Confirm the last prompt; a person agrees to sending once for each computer."""
        pending = self._pending
        if pending is None:
            self._downloads.confirm()
            return
        self.forget()
        try:
            computer_store.agree(pending[1])
        except AppError as error:
            self.says.emit(sentences(error.message, error.hint), "")
            return
        self.opened.emit(*pending)

    def forget(self) -> None:
        """Drop the prompt, since something else is shown."""
        self._pending = None
        self._counting.cancel()
        self._downloads.forget()


def computer_names() -> list[str]:
    """Return the names of the other computers; of a damaged list none."""
    try:
        return [computer.name for computer in computer_store.list_computers()]
    except AppError:
        return []


def question(computer: Computer, wanted: Recipe, counts: Mapping[str, int]) -> str:
    """Return what leaves this computer, and to whom; `counts` are the conversations of sources, where known."""
    sent = sending.of_recipes([wanted], counts)
    where = f"{computer.name} ({computer.destination})"
    if not sent:
        return tr("Sent to {where}, without your conversations.", where=where)
    parts = ", ".join(map(_part, sent))
    text = tr("Sent to {where}, along with: {parts}.", where=where, parts=parts)
    return f"{text} {tr('You are asked once per computer.')}"


def _part(sent: sending.Sent) -> str:
    name, size = sent.path.name, bytes_text(sent.bytes)
    if sent.is_model:
        return tr("the model {name} ({size})", name=name, size=size)
    if sent.conversations is None:
        return tr("the conversations of {name} ({size})", name=name, size=size)
    count = number_text(sent.conversations)
    return tr_count(
        sent.conversations,
        "{count} conversation of {name} ({size})",
        "{count} conversations of {name} ({size})",
        count=count,
        name=name,
        size=size,
    )


class ClusterCards(QObject):
    """Asks the chosen computer how many cards it has; until it has answered, a run takes one there."""

    def __init__(self, manager: WorkerManager, foot: StartFoot, parent: QObject) -> None:
        super().__init__(parent)
        self._foot, self._job = foot, AskedJob(self, manager)
        foot.computer_chosen.connect(self._ask)

    def _ask(self) -> None:
        self._job.cancel()
        self._foot.offer_cards(1)
        name = self._foot.computer()
        if name:
            # Start says what is wrong.
            self._job.ask("computers", {"names": [name]}, self._take, lambda _ending: None)

    def _take(self, result: dict[str, Any]) -> None:
        [facts] = result["computers"]
        self._foot.offer_cards(most_cards(facts))


def most_cards(facts: dict[str, Any]) -> int:
    """Return the cards of the node that has most, of those that fit; 1 where none has any."""
    fitting = [node for node in facts["nodes"] if node["fits"]]
    return max((node["cards_for_entries"] for node in fitting), default=1) or 1
