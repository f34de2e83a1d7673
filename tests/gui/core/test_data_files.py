"""Conversation files in file dialogs."""

from __future__ import annotations

from engine.api import DATA_FILE_KINDS, DATA_SUFFIXES
from gui.core.data_files import file_filter


def test_the_dialog_offers_everything_that_is_read_and_each_kind_of_it():
    everything, *kinds, others = file_filter().split(";;")
    assert everything.startswith("Conversations (*.csv ")
    assert everything.count("*") == len(DATA_SUFFIXES) == len(set(DATA_SUFFIXES))
    assert [kind.partition(" (")[0] for kind in kinds] == [kind.title for kind in DATA_FILE_KINDS]
    assert others == "All files (*)"
