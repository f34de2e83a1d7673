import pytest

from engine.config import general_text
from engine.config import recipe as recipes

MINIMAL = {"base_model": {"id": "starter"}, "data": {"source": "sample"}, "method": {"id": "lora"}}


def problems_of(choice: str) -> list[tuple[str, str]]:
    recipe = recipes.from_tables({**MINIMAL, "evaluation": {"general_text": choice}})
    return [(each.field, each.message) for each in recipes.problems(recipe)]


def test_the_shipped_text_has_passages_of_similar_length_in_several_languages():
    found = general_text.read("auto")
    assert len(found) == 40
    assert all(60 <= len(passage) <= 260 for passage in found)
    assert any(passage.startswith("Am Sonntag") for passage in found)


@pytest.mark.parametrize(
    "data", [b"One\ntwo.\n\n\n  \r\nThree.\r\n", b"\xef\xbb\xbfOne\r\ntwo.\r\n\r\nThree."]
)
def test_passages_of_a_file_are_separated_by_blank_lines(tmp_path, data):
    path = tmp_path / "mine.txt"
    path.write_bytes(data)
    assert general_text.read(str(path)) == ("One two.", "Three.")
    assert problems_of(str(path)) == []


def test_a_file_that_is_missing_is_a_problem_of_its_field(tmp_path):
    path = str(tmp_path / "gone.txt")
    assert problems_of(path) == [("evaluation.general_text", f"There is no file at {path}.")]
    assert problems_of(str(tmp_path)) == [("evaluation.general_text", f"There is no file at {tmp_path}.")]
    assert problems_of("\0") == [("evaluation.general_text", "There is no file at \0.")]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "There is no text in"),
        (b" \n\n\t\n", "There is no text in"),
        (b"\x89PNG\r\n\x1a\n", "can't be read"),
    ],
)
def test_a_file_without_text_is_a_problem_of_its_field(tmp_path, data, said):
    path = tmp_path / "mine.txt"
    path.write_bytes(data)
    [(field, message)] = problems_of(str(path))
    assert field == "evaluation.general_text"
    assert said in message


def test_a_file_beside_a_recipe_is_found_from_anywhere_and_passed_on_by_name(tmp_path):
    (tmp_path / "mine.txt").write_text("Some text.")
    path = tmp_path / "recipe.toml"
    table = 'base_model = {id = "starter"}\ndata = {source = "sample"}\nmethod = {id = "lora"}\n'
    path.write_text(f'{table}evaluation = {{general_text = "mine.txt"}}\n')
    recipe = recipes.load(path)
    assert recipe.evaluation.general_text == str(tmp_path / "mine.txt")
    assert recipes.public(recipe).evaluation.general_text == "mine.txt"
