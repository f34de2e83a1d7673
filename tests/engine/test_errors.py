import pytest

from engine import errors
from engine.errors import AppError, Problem, RecipeError

CHILDREN = [
    found for found in vars(errors).values() if isinstance(found, type) and issubclass(found, AppError)
]


@pytest.mark.parametrize("kind", [found for found in CHILDREN if found is not RecipeError])
def test_an_error_is_one_problem(kind):
    error = kind("It is gone.", "Look elsewhere.", "data.source")
    assert str(error) == error.message == "It is gone."
    assert error.kind == kind.__name__
    assert error.problems == (Problem("data.source", "It is gone.", "Look elsewhere."),)


def test_every_kind_of_trouble_is_drawn_in_the_tree():
    assert len(CHILDREN) > 5
    assert all(found.__name__ in (errors.__doc__ or "") for found in CHILDREN)


def test_a_recipe_error_carries_every_problem():
    problems = (Problem("a", "A."), Problem("b", "B.", "Hint."))
    error = RecipeError(problems)
    assert error.problems == problems
    assert str(error) == "A. (and 1 more)"
    assert problems[1].as_dict() == {"field": "b", "message": "B.", "hint": "Hint."}


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("", "ValueError"),
        ("\n size 3\nsize 4", "size 3"),
        ("Sizes differ:\n  3 and 4\nlast", "Sizes differ: 3 and 4"),
    ],
)
def test_the_first_words_of_a_librarys_error(text, first):
    assert errors.first_line(ValueError(text)) == first
