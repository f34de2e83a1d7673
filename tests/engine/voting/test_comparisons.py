import pytest

from engine import voting
from engine.errors import DataError
from engine.voting.comparisons import System
from tests.helpers.blind_votes import conversations


def test_one_system_is_nothing_to_compare():
    with pytest.raises(DataError, match="nothing to compare"):
        voting.create([System(name="Alpha")], conversations(3, 1))
    with pytest.raises(DataError, match="nothing to compare"):
        voting.create([System(name="Alpha"), System(name="Bravo")], [])
