from hypothesis import given
from hypothesis import strategies as st

from gui.shell.palette import fit


def test_letters_in_their_order_fit_better_together_and_at_the_start_of_words():
    for typed, text in (
        ("nr", "New run"),
        ("plgr", "Playground"),
        ("run new", "New run"),
        ("İ", "İstanbul"),
        ("NEW", "new"),
    ):
        assert fit(typed, text) is not None, typed
    for typed, text in (("runn", "New run"), ("x", "New run"), ("wen", "New")):
        assert fit(typed, text) is None, typed
    for typed, better, worse in (
        ("lib", "Library", "Largest in bytes"),
        ("nr", "New run", "Gone run"),
        ("data", "Data", "Data on the hub"),
    ):
        assert fit(typed, better).score > fit(typed, worse).score, typed


@given(st.text(max_size=12), st.text(max_size=30))
def test_places_are_letters_that_were_typed(typed, text):
    found = fit(typed, text)
    if found is not None:
        assert len(found.positions) <= len(typed)
        assert all(0 <= at < len(text) for at in found.positions)


@given(st.text(min_size=1, max_size=20))
def test_every_text_fits_itself(text):
    assert fit(text, text) is not None
