"""The settings in which entries differ, as people read them."""

from engine.api import arenas
from gui.pages.arena.differences_view import DifferencesTable

ONE = {"method": {"id": "lora"}, "training": {"max_minutes": 0.0, "optimizer": "adamw"}}
OTHER = {"method": {"id": "ia3"}, "training": {"max_minutes": 5.0, "optimizer": "adamw_8bit"}}


def test_settings_and_values_are_called_as_the_form_calls_them(styled):
    table = DifferencesTable(None)
    table.show_values(["A", "B"], arenas.differences([ONE, OTHER]))
    shown = [[table.cell(item, key).text for key in ("key", "0", "1")] for item in table.items()]
    assert shown == [
        ["Method", "LoRA", "IA3"],
        ["Minutes at most", "no limit", "5"],
        ["Optimizer", "AdamW", "AdamW, 8 bits"],
    ]
