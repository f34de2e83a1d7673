"""A page offers at most twelve choices at first sight, and none of them twice."""

import pytest

from gui.shell.rooms import VIEWS
from tests.helpers.choices import choices_in, offered_twice
from tests.helpers.whole_window import close, fill_home, make_window

MOST = 12
# The topics of Help are a table of contents.
LOOKED_AT = [key for key in VIEWS if key != "help"]


@pytest.mark.usefixtures("styled")
@pytest.mark.parametrize("is_filled", [False, True], ids=["empty", "filled"])
def test_a_page_offers_at_most_twelve_choices_at_first_sight_and_none_twice(qtbot, home, is_filled):
    if is_filled:
        fill_home()
    window = make_window(planned=True)
    window.resize(1440, 900)
    window.show()
    found = {}
    for key in LOOKED_AT:
        page = window.show_built(key)
        qtbot.wait(50)
        found[key] = choices_in(page)
    close(window)
    assert {key: offered for key, offered in found.items() if len(offered) > MOST} == {}
    assert {key: twice for key, offered in found.items() if (twice := offered_twice(offered))} == {}
