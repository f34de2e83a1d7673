import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester

from engine.adapters import library
from engine.adapters.library import Adapter
from gui.look.format import bytes_text
from gui.models import adapter_table
from gui.models.adapter_table import AdapterTable, Narrowed, axis_of, grouped, matches
from gui.models.grouped_table import CELL_ROLE, IconTextCell, LinkCell, NameCell, ScoreCell
from tests.helpers.example_library import fill_library
from tests.helpers.homes import MOMENT, add_adapter, make_recipe, score_card


@pytest.fixture
def adapters(home) -> list[Adapter]:
    return fill_library()


@pytest.fixture
def table(adapters, qapp) -> AdapterTable:
    made = AdapterTable()
    made.set_adapters(adapters)
    return made


def names(table: AdapterTable) -> list[str]:
    return [adapter.name for adapter in table.items()]


def cell(table: AdapterTable, name: str, key: str):
    row = next(row for row in range(table.rowCount()) if (found := table.item_at(row)) and found.name == name)
    column = [column.key for column in table.columns].index(key)
    return table.index(row, column).data(CELL_ROLE)


def test_qt_finds_no_fault_with_the_model(table):
    QAbstractItemModelTester(table, QAbstractItemModelTester.FailureReportingMode.Fatal)
    table.show_only("scored", Narrowed("samsum"))
    table.sort_by("score")


def test_groups_come_by_their_newest_adapter_and_unscored_ones_last(adapters):
    groups = grouped(adapters)
    assert [group.title for group in groups] == [
        "samsum with google/flan-t5-base",
        "support tickets with google/flan-t5-large",
        "stand-up-notes with HuggingFaceTB/SmolLM2-1.7B",
        "Sample conversations with the practice model",
        "Imported, not scored yet",
    ]
    assert groups[0].facts == "819 test conversations, greedy, base 46.9"
    assert groups[1].facts == "240 test conversations, 4 beams, base 37.2"
    assert [adapter.name for adapter in groups[0].adapters][:2] == ["samsum-lora-r32", "samsum-dora-r16"]


def test_groups_with_one_title_name_what_parts_them(home):
    for name, limit, written in (("long", 1024, 64), ("short", 512, 64)):
        card = score_card(0.48)
        protocol = card.protocol | {"max_conversation_tokens": limit, "max_new_tokens": written}
        add_adapter(name, scores=[card.model_copy(update={"protocol": protocol})])
    groups = {group.adapters[0].name: group.facts for group in grouped(library.scan()[0])}
    assert groups == {
        "long": "conversations up to 1,024 tokens, 819 test conversations, greedy, base 46.9",
        "short": "conversations up to 512 tokens, 819 test conversations, greedy, base 46.9",
    }


def test_unlike_scores_never_share_a_scale(home):
    # The newest scores decide.
    adapters = [
        add_adapter("one", scores=[score_card(0.4, beams=4), score_card(0.48)]),
        add_adapter("beams", scores=[score_card(0.48, beams=4)]),
        add_adapter("examples", scores=[score_card(0.48, examples=100)]),
        add_adapter("base score", scores=[score_card(0.48, base=0.30)]),
        add_adapter("base", scores=[score_card(0.48)], recipe=make_recipe(base="google/flan-t5-small")),
    ]
    assert len(grouped(adapters)) == len(adapters)


def test_a_scale_holds_every_interval_and_the_base():
    cards = [score_card(0.48, half_width=0.02), score_card(0.40, half_width=0.01)]
    low, high = axis_of(cards, "rouge1")
    assert low < 0.39
    assert high > 0.50
    assert axis_of([], "rouge1") == (0.0, 1.0)


def test_a_search_looks_at_names_bases_methods_tags_and_notes(adapters, monkeypatch):
    for text, count in {
        "": 14,
        "SAMSUM prefix": 1,
        "dora": 1,
        "flan-t5-large": 2,
        "guesses weekday": 1,
        "imported": 1,
        "zz": 0,
    }.items():
        assert sum(matches(adapter, text) for adapter in adapters) == count, text
    # Imported ones are found by the word that is shown.
    monkeypatch.setattr(adapter_table, "tr", {"imported": "importiert"}.get)
    for word in ("Importiert", "imported"):
        found = [adapter for adapter in adapters if matches(adapter, word)]
        assert [adapter.metadata.origin for adapter in found] == ["imported"]


def test_cells_say_what_is_known_and_a_row_can_be_heard(table):
    assert cell(table, "clinic-lokr", "score") == LinkCell("Score now")
    assert cell(table, "clinic-lokr", "name") == NameCell("clinic-lokr", ("imported",))
    assert cell(table, "starter-full", "name").tags == ("baseline",)
    scored = cell(table, "samsum-lora-r32", "score")
    assert isinstance(scored, ScoreCell)
    assert scored.text == "48.4"
    assert scored.axis[0] < scored.base < scored.axis[1]
    assert cell(table, "standup-prompt-32", "verdict") == IconTextCell("arrow-down", "Worse", "error")
    table.set_in_use(["samsum-lora-r32"])
    assert cell(table, "samsum-lora-r32", "name").tags[0] == "in use"
    table.set_in_use([])

    row = table.row_of("samsum-lora-r32")
    text = table.index(row, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    size = bytes_text(table.item_at(row).size_bytes)
    assert text.startswith(
        "samsum-lora-r32, names, LoRA, r 32, ROUGE-1 48.4, interval 47.1 to 49.7, better than base"
    )
    assert f", {size}, " in text
    head = table.index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert head == "samsum with google/flan-t5-base, 819 test conversations, greedy, base 46.9"
    column = [column.key for column in table.columns].index("verdict")
    verdict = table.index(table.row_of("samsum-prefix-20"), column)
    assert verdict.data() == "No difference"
    assert verdict.data(Qt.ItemDataRole.ToolTipRole) == "No measurable difference"


def test_a_scored_adapter_without_rouge_1_is_listed_all_the_same(home, qapp):
    card = score_card(0.4)
    for part in (card.scores, card.base, card.difference):
        part.pop("rouge1")
    table = AdapterTable()
    table.set_adapters([add_adapter("odd", MOMENT, scores=[card])])
    assert [head.title for head in table.headings()] == ["Trained, not scored yet"]
    assert table.index(1, 0).data() == "odd"


def test_an_adapter_scored_on_one_conversation_is_listed_without_an_interval(home, qapp):
    table = AdapterTable()
    table.set_adapters([add_adapter("small", scores=[score_card(0.484, half_width=None, examples=1)])])
    shown = cell(table, "small", "score")
    assert isinstance(shown, ScoreCell)
    assert (shown.interval.low, shown.interval.high) == (None, None)
    assert shown.axis[0] < 0.469
    assert shown.axis[1] > 0.484
    row = table.row_of("small")
    column = [column.key for column in table.columns].index("score")
    assert table.index(row, column).data(Qt.ItemDataRole.ToolTipRole) == "One conversation, so no interval"
    text = table.index(row, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert "ROUGE-1 48.4, one conversation, so no interval, better than base" in text
