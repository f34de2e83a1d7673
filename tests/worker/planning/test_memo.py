"""A memo makes a value once for the same key, and forgets it with another."""

from engine.worker.planning.memo import Memo


def test_a_value_is_made_again_only_for_another_key():
    memo, made = Memo(), []

    def make() -> int:
        made.append(1)
        return len(made)

    assert [memo.get("lengths", key, make) for key in ("a", "a", "b", "a")] == [1, 1, 2, 3]


def test_names_have_values_of_their_own():
    memo = Memo()
    memo.get("one", "key", lambda: 1)
    memo.get("two", "key", lambda: 2)
    assert memo.get("one", "key", lambda: 3) == 1
    assert memo.get("two", "key", lambda: 3) == 2
