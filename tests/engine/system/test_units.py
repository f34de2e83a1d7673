"""Numbers as people read them."""

import pytest

from engine.system.units import size


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (14_200_000, "14.2 MB"),
        (3e9, "3.0 GB"),
        (2e12, "2.0 TB"),
    ],
)
def test_a_size_takes_the_unit_that_suits_it(count, text):
    assert size(count) == text
