"""Long conversations summarised piece by piece, the pieces' summaries to be seen; and one prompt for every column."""

from engine.api import SummarizeOptions, prompts
from gui.pages.playground.column_results import ColumnModel, ColumnResults, as_markdown
from gui.pages.playground.column_view import ColumnView, as_lines
from gui.pages.playground.decoding_row import OWN
from gui.pages.playground.page import PlaygroundPage
from gui.workers.summarizer import Request
from tests.helpers.playground_stage import CONVERSATION, SUMMARIES, tried

LONG = "\n".join(f"Ann: this is the line number {number}\nBo: yes" for number in range(20))
PLAIN = "summarize: {conversation}"


def summarised(page: PlaygroundPage, qtbot, text: str) -> None:
    page.open_conversation(text)
    page.summarise_button.click()
    qtbot.waitUntil(lambda: not page.controller.results.busy)
    qtbot.waitUntil(page.summarise_button.isEnabled)


def test_only_a_conversation_that_is_too_long_asks_how_it_shall_be_read(page):
    page.open(["a1"])
    page.open_conversation(CONVERSATION)
    assert page.panel.piecewise.isHidden()
    page.open_conversation(LONG)
    assert page.panel.piecewise.isVisible()
    assert "turns are cut off" in page.panel.meter.accessibleName()
    page.panel.piecewise.click()
    assert "read in parts" in page.panel.meter.accessibleName()
    assert page.decoding.decoding().long_conversations == "piecewise"
    page.decoding.show_decoding(SummarizeOptions())
    assert not page.panel.is_piecewise


def test_the_summaries_of_the_pieces_can_be_unfolded_and_come_back_with_the_try(page, qtbot):
    page.open(["a1"])
    page.open_conversation(LONG)
    page.panel.piecewise.click()
    summarised(page, qtbot, LONG)
    view = page.columns.view("a1")
    assert view.text() == SUMMARIES["a1"]
    assert view.chunks.unfold.text() == "Show the summaries of 2 parts"
    assert view.chunks.text() == ""
    view.chunks.unfold.click()
    assert view.chunks.text() == "1. Piece 1.\n2. Piece 2."

    other = qtbot.add(PlaygroundPage(page._manager))
    other.history.list.clicked.emit(other.history.table.index(0, 0))
    other.columns.view("a1").chunks.unfold.click()
    assert not other.columns.view("a1").chunks.isHidden()
    assert other.controller.results.column("a1").rounds == (("Piece 1.", "Piece 2."),)
    assert other.panel.is_piecewise
    assert "Summarised in 2 parts:\n\n- Piece 1.\n- Piece 2." in as_markdown(
        other.controller.results, "", SummarizeOptions()
    )


def test_pieces_come_in_any_order_and_in_rounds():
    results = ColumnResults(ColumnModel(None, "Base model"))
    results.begin("r", LONG)
    facts = {"request": "r", "adapter": None}
    results.apply({"event": "summary_started", **facts, "input_tokens": 300, "pieces": 3})
    for round_, piece, pieces in ((1, 3, 3), (1, 1, 3), (1, 2, 3), (2, 1, 2), (2, 2, 2)):
        summary = f"{round_}.{piece}"
        results.apply(
            {
                "event": "piece_finished", **facts, "round": round_, "piece": piece, "pieces": pieces,
                "summary": summary,
            }
        )  # fmt: skip
    assert results.base.rounds == (("1.1", "1.2", "1.3"), ("2.1", "2.2"))
    assert as_lines(results.base.rounds) == "Round 1\n1. 1.1\n2. 1.2\n3. 1.3\nRound 2\n1. 2.1\n2. 2.2"
    results.begin("again", CONVERSATION)
    assert not results.base.rounds


def test_a_long_conversation_says_how_long_its_pieces_still_take(qtbot):
    view, results = ColumnView(is_base=True), ColumnResults(ColumnModel(None, "Base model"))
    qtbot.addWidget(view)
    results.begin("r", LONG)
    facts = {"request": "r", "adapter": None}
    results.apply({"event": "summary_started", **facts, "pieces": 9, "clock": 100.0})
    view.show_column(results.base, results.marks(results.base))
    assert view.state_text() == "Split into 9 parts, 0 summarised"
    for piece, at in ((3, 130.0), (1, 160.0)):
        part = {"round": 1, "piece": piece, "pieces": 9, "summary": "Some.", "clock": at}
        results.apply({"event": "piece_finished", **facts, **part})
    view.show_column(results.base, results.marks(results.base))
    assert view.state_text() == "Split into 9 parts, 2 summarised, about 4 min left"


def heard(asked):
    """What stands in the place of `Request.arguments` and keeps what is asked."""
    plain = Request.arguments

    def arguments(request, request_id):
        asked.append(plain(request, request_id))
        return asked[-1]

    return arguments


def test_every_column_reads_its_own_prompt_unless_one_is_chosen_for_all(page, qtbot, monkeypatch):
    asked = []
    monkeypatch.setattr(Request, "arguments", heard(asked))
    field = page.decoding.prompt
    assert field.template() == ""
    assert field.text() == prompts.DEFAULT_PROMPT
    page.open(["a1"])
    assert field.text() == "{conversation}"
    tried(page, qtbot, "a1")
    first = page.controller.summarizer._thread
    assert "prompt" not in asked[-1]

    field.choice.set_key("T5's task prefix")
    field.choice.chosen.emit("T5's task prefix")
    assert field.text() == PLAIN
    summarised(page, qtbot, CONVERSATION)
    # The base model need not be loaded again for other words around a conversation.
    assert page.controller.summarizer._thread is first
    assert asked[-1]["prompt"] == {"template": PLAIN, "max_conversation_tokens": 64}
    assert page.controller.history.items[0].prompt == PLAIN
    page.copy_button.click()


def choose(field, key):
    field.choice.set_key(key)
    field.choice.chosen.emit(key)


def test_a_prompt_that_no_template_has_can_be_chosen_again(page):
    page.decoding.unfold_all()
    field = page.decoding.prompt
    mine = "Sum up:\n{conversation}"
    field.show_template(mine)
    choose(field, "T5's task prefix")
    assert field.template() == PLAIN
    # Templates are offered anew whenever the page comes to the front.
    page.decoding.unfold_all(False)
    page.decoding.unfold_all()
    assert field.template() == PLAIN
    field.show_template("")
    assert field.template() == ""
    assert field.choice.findText("Another prompt") >= 0
    choose(field, OWN)
    assert field.template() == field.text() == mine
    prompts.save("Mine", mine)
    page.decoding.unfold_all(False)
    page.decoding.unfold_all()
    assert field.choice.currentText() == "Mine"
    assert field.choice.findText("Another prompt") < 0
