"""Numbers, keys and paths that no person types end in a named problem, wherever they stand, never in a traceback."""

import difflib
import io
import itertools
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as example_settings
from hypothesis import strategies as st

from engine.adapters import library
from engine.commands import cli
from engine.config import recipe as recipes
from engine.errors import AdapterError, RecipeError, SettingError, WorkerError
from engine.options import MAX_WHOLE
from engine.system import foreign_files, paths, ranks
from engine.system.foreign_files import FileKind
from tests.helpers.arenas import make_arena
from tests.helpers.declarations import DECLARATIONS
from tests.helpers.homes import add_adapter, add_run
from tests.helpers.systems import special_files

BASE = {
    "base_model": {"id": "starter"}, "data": {"source": "sample"}, "method": {"id": "lora"}, "training": {},
    "evaluation": {},
}  # fmt: skip
# As they stand in TOML; some are no TOML, and then texts of --set.
DIGITS = st.sampled_from([1, 19, 20, 39, 308, 309, 310, 400, 4299, 4300, 4301, 9000])
WHOLE = st.builds(
    lambda sign, prefix, digit, count: f"{sign}{prefix}{digit * count}", st.sampled_from(["", "-", "+"]),
    st.sampled_from(["", "0x", "0o", "0b"]), st.sampled_from("1"), DIGITS,
)  # fmt: skip
OTHERS = st.sampled_from([
    "1e400", "-1e400", "1e999999999", "1e-400", "nan", "-nan", "+nan", "inf", "-inf", "-0.0", "-0", "true", "false",
    "٣", "'٣'", "３", "²", "1_0", "0x", "''", "1979-05-27", "07:32:00", "9223372036854775808", "-9223372036854775809",
    "2147483648", "[]", "{}", "[[]]", "NaN", "Infinity", "None", "1,5", "=", "[",
])  # fmt: skip
LITERALS = st.one_of(
    WHOLE, OTHERS, WHOLE.map("'{}'".format), WHOLE.map("[{}]".format), WHOLE.map("{{a={}}}".format)
)
NUMBERS = itertools.count()
FIELDS = [
    (name.removeprefix("method."), field)
    for name, declaration in DECLARATIONS.items()
    for field in declaration.model_fields
    if name != "summarize"
]


def text_with(table: str, field: str, literal: str) -> str:
    """Return a recipe with a value in one field; a method's table is named by the method."""
    tables = {name: {key: json.dumps(each) for key, each in BASE[name].items()} for name in BASE}
    if table not in tables:
        table, tables["method"] = "method", {"id": json.dumps(table)}
    tables[table][field] = literal
    lines = [
        line
        for name, values in tables.items()
        for line in (f"[{name}]", *(f"{key} = {value}" for key, value in values.items()))
    ]
    return "\n".join(lines)


def numbers_in(value: object):
    if isinstance(value, dict):
        for each in value.values():
            yield from numbers_in(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from numbers_in(each)
    elif isinstance(value, int | float):
        yield value


def read_or_refused(read: Callable[[], recipes.Recipe]) -> None:
    """Read a recipe; it has only numbers that any program can hold and can be written, or has problems to show."""
    try:
        found = read()
    except RecipeError as error:
        json.dumps([problem.as_dict() for problem in error.problems])
        return
    assert all(abs(number) <= MAX_WHOLE for number in numbers_in(found.as_tables()))
    assert recipes.loads(recipes.dumps(found)) == found


@given(st.sampled_from(FIELDS), LITERALS)
@example_settings(suppress_health_check=list(HealthCheck))
def test_any_value_of_any_setting_is_read_or_refused_by_name(field, literal):
    read_or_refused(lambda: recipes.loads(text_with(field[0], field[1], literal)))


@given(st.sampled_from(FIELDS), LITERALS)
@example_settings(suppress_health_check=list(HealthCheck))
def test_any_value_of_set_is_read_or_refused_by_name(field, literal):
    table, key = field
    method = table if table not in BASE else "lora"
    tables = {**{name: dict(values) for name, values in BASE.items()}, "method": {"id": method}}
    override = f"{table if table in BASE else 'method'}.{key}={literal}"
    read_or_refused(lambda: recipes.from_tables(recipes.overridden(tables, [override])))


@given(st.sampled_from(["step", "field", "before", "after", "at"]), LITERALS)
@example_settings(suppress_health_check=list(HealthCheck))
def test_any_value_in_the_record_of_changes_is_read_or_refused(key, literal):
    change = {
        "step": "1", "field": '"training.optimizer"', "before": '"adamw"', "after": '"adamw_8bit"',
        "at": '""',
    }  # fmt: skip
    lines = "\n".join(f"{name} = {value}" for name, value in (change | {key: literal}).items())
    try:
        found = recipes.loads(text_with("base_model", "id", '"starter"') + f"\n[[changes]]\n{lines}\n")
    except RecipeError:
        return
    assert recipes.loads(recipes.dumps(found)) == found
    assert [change.as_text() for change in found.changes]


@given(LITERALS)
@example_settings(suppress_health_check=list(HealthCheck))
def test_numbers_of_files_can_be_written_and_made_floats(literal):
    for parse, text in (
        (foreign_files.parse_toml, f"value = {literal}"),
        (foreign_files.parse_json, f'{{"value": {literal}}}'),
        (foreign_files.parse_json, f'{{"value": {literal}}}'.encode()),
    ):
        try:
            found = parse(text)
        except ValueError:
            continue
        assert all(str(number) and isinstance(float(number), float) for number in numbers_in(found))


@given(st.integers(0, 200), LITERALS)
@example_settings(suppress_health_check=[*HealthCheck], report_multiple_bugs=False)
def test_any_number_in_an_adapters_files_is_read_or_refused(number, literal):
    adapter = add_adapter(f"Odd {next(NUMBERS)}")
    for name, value in (
        ("adapter.toml", r"(?<== )-?\d[\w.+-]*"),
        ("adapter_config.json", r"(?<=: )-?\d[\w.+-]*"),
    ):
        path = adapter.folder / name
        places = list(re.finditer(value, path.read_text()))
        place = places[number % len(places)]
        path.write_text(path.read_text()[: place.start()] + literal + path.read_text()[place.end() :])
    try:
        found = library.find(adapter.id)
        library.import_adapter(found.folder)
    except (AdapterError, RecipeError):
        return


ODD_NUMBERS = (
    "9" * 310, "9" * 5000, "-1", "1e400", "nan", "inf", "٣" * 400, "²", "1,5", "", " ", "65536000000",
)  # fmt: skip


NUMBERED = (
    ["node", "start", "--port={}"],
    ["node", "start", "--client-port={}"],
    ["node", "start", "--cards={}"],
    ["node", "join", "host:1", "--processors={}"],
    ["serve", "--adapter=none", "--port={}"],
    ["score", "--predictions=none", "--data=none", "--bootstrap={}"],
    ["adapters", "export", "none", "none", "--conversations={}"],
    ["plan", "starter.toml", "--processes={}"],
    ["train", "starter.toml", "--nodes={}", "--slurm"],
    ["arena", "new", "starter.toml", "--seeds={}"],
    ["arena", "run", "none", "--cards={}"],
    ["data", "sample", "--set", "data.every={}"],
    ["plan", "starter.toml", "--set", "training.max_steps={}"],
    ["arena", "new", "starter.toml", "--minutes={}"],
)


@pytest.mark.parametrize("place", range(len(NUMBERED)), ids=lambda place: " ".join(NUMBERED[place]))
def test_numbers_of_the_command_line_that_are_none_are_refused(tmp_path, monkeypatch, capsys, place):
    """Every third of them for each command, others for the next."""
    monkeypatch.chdir(tmp_path)
    recipes.save(recipes.from_tables(BASE), tmp_path / "starter.toml")
    for number in ODD_NUMBERS[place % 3 :: 3]:
        assert called(*[word.format(number) for word in NUMBERED[place]]) == 2, number
        assert "Traceback" not in (said := capsys.readouterr().err)
        assert 0 < len(said) < 6000


@pytest.mark.parametrize("number", ["9" * 5000, "²", "-1", "1e3"])
def test_what_starts_several_processes_gives_numbers_or_is_named(number):
    named = {"RANK": number, "WORLD_SIZE": number, "LOCAL_WORLD_SIZE": number}
    address = {"MASTER_ADDR": "localhost", "MASTER_PORT": number}
    for read in (lambda: ranks.own(named), lambda: ranks.require_address(address)):
        with pytest.raises(WorkerError, match=r"is not a number|can't meet") as caught:
            read()
        assert caught.value.field in {*named, *address}


MANY = 30_000


def wrong_recipe(kind: str) -> str:
    lines = "\n".join(f"key{number} = 1" for number in range(MANY))
    items = ", ".join(f'"item{number}"' for number in range(MANY))
    columns = ", ".join(f'key{number} = "a"' for number in range(MANY // 10))
    whole = text_with("base_model", "id", '"starter"')
    return {
        "keys at the top": f"{lines}\n{whole}",
        "keys of the data": whole.replace("[data]", f"[data]\n{lines}"),
        "keys of the method": whole.replace("[method]", f"[method]\n{lines}"),
        "tables": whole + "".join(f"\n[table{number}]\na = 1" for number in range(MANY // 10)),
        "excluded": whole.replace("[data]", f"[data]\nexclude = [{items}]"),
        "masked": whole.replace("[data]", f"[data]\nmask = [{items}]"),
        "columns": whole.replace("[data]", f"[data]\ncolumns = {{{columns}}}"),
        "no texts": whole.replace("[data]", f"[data]\nmask = {list(range(MANY))}"),
        "a long key": whole.replace("[training]", f"[training]\n{'k' * 1_000_000} = 1"),
        "a long method": whole.replace('"lora"', f'"{"l" * 1_000_000}"'),
    }[kind]


@pytest.mark.parametrize(
    "kind",
    [
        "keys at the top", "keys of the data", "keys of the method", "tables", "excluded", "masked", "columns",
        "no texts", "a long key", "a long method",
    ],
)  # fmt: skip
def test_of_many_mistakes_some_are_told_and_how_many_more_there_are(kind, monkeypatch):
    compared: list[str] = []
    nearest = difflib.get_close_matches

    def counted(word: str, *rest: Any, **named: Any) -> list[str]:
        compared.append(word)
        return nearest(word, *rest, **named)

    monkeypatch.setattr(difflib, "get_close_matches", counted)
    with pytest.raises(RecipeError) as caught:
        recipes.loads(wrong_recipe(kind))
    problems = caught.value.problems
    assert len(problems) <= 21
    assert max(len(f"{problem.field}{problem.message}") for problem in problems) < 400
    # Looking for the nearest name is what took time.
    assert len(compared) <= 20
    assert all(len(word) <= 100 for word in compared)
    if kind.startswith("keys"):
        assert problems[-1].message == f"And {MANY - 20:,} more like this."


def test_a_byte_order_mark_before_any_file_is_read_over(tmp_path, monkeypatch):
    text = text_with("base_model", "id", '"starter"')
    path = tmp_path / "recipe.toml"
    path.write_text(text, encoding="utf-8-sig")
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    wanted = recipes.loads(text)
    assert recipes.load(path) == wanted
    assert recipes.loads("\ufeff" + text) == wanted
    for typed in (path.read_bytes(), text.encode()):
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(typed)))
        asked = cli.parse(["plan", "-"])
        assert cli.training.recipe_file.read(asked) == wanted
    (tmp_path / "a.json").write_text('{"a": 1}', encoding="utf-8-sig")
    assert foreign_files.read_json(tmp_path / "a.json", FileKind.JOB) == {"a": 1}
    assert foreign_files.parse_json('\ufeff{"a": 1}') == {"a": 1}
    assert foreign_files.parse_json('{"a": 1}'.encode("utf-16")) == {"a": 1}
    adapter = add_adapter("Marked")
    for name in ("adapter.toml", "adapter_config.json"):
        content = (adapter.folder / name).read_bytes()
        (adapter.folder / name).write_bytes(b"\xef\xbb\xbf" + content)
    assert library.find(adapter.id).metadata == adapter.metadata


def called(*arguments: str) -> int:
    """Return the exit code of a command."""
    try:
        return cli.run(cli.parse(arguments))
    except SystemExit as error:
        return int(error.code or 0)


@pytest.fixture
def bad_places(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")
    (tmp_path / "file").write_text("text")
    return tmp_path


UNKNOWN_USER = "~nobody-of-this-name/x"
HOMES = ("loop", "loop/x", "one", UNKNOWN_USER, "loop/\udcff")


@special_files
def test_a_home_that_leads_nowhere_is_named_by_every_command(bad_places, monkeypatch, capsys):
    recipe = str(bad_places / "recipe.toml")
    recipes.save(recipes.from_tables(BASE), Path(recipe))
    commands = (
        ["train", recipe], ["resume", "x"], ["runs"], ["adapters"], ["arena", "list"], ["trash"], ["models"],
        ["data", "sample"], ["computers"], ["evaluate", "--recipe", recipe], ["adapters", "show", "x"],
    )  # fmt: skip
    for place, command in zip(itertools.cycle(HOMES), commands, strict=False):
        monkeypatch.setenv(paths.HOME, place if place.startswith("~") else str(bad_places / place))
        for folder in (paths.runs_folder, paths.cache_folder, paths.config_folder):
            with pytest.raises(SettingError, match="doesn't lead to a folder") as caught:
                folder()
            assert caught.value.field == paths.HOME
        code, said = called(*command), capsys.readouterr().err
        assert code == 2, command
        assert "TUNESMITH_HOME doesn't lead to a folder" in said, command


PLACES = ("loop", "loop/x.csv", "one", "x" * 300 + ".csv", "file/x.csv", UNKNOWN_USER + ".csv", ".\udcff.csv")


READING = (
    *(["plan", "recipe.toml", "--set", f"{field}={at}"]
      for field in ("base_model.id", "data.source", "method.start_from", "evaluation.general_text")
      for at in ("{place}", "{absolute}")),
    ["train", "{place}"], ["train", "{absolute}"], ["resume", "{place}"], ["evaluate", "--recipe", "{place}"],
    ["evaluate", "--recipe", "recipe.toml", "--adapter", "{place}"],
    ["summarize", "--base", "{absolute}", "file"], ["summarize", "--base", "starter", "{place}"],
    ["summarize", "--adapter", "{place}", "file"], ["serve", "--adapter", "{place}"],
    ["score", "--predictions", "{place}", "--data", "sample"],
    ["score", "--predictions", "file", "--data", "{absolute}"],
    ["score", "--predictions", "file", "--against", "{place}", "--data", "sample"],
    ["data", "{absolute}"], ["adapters", "import", "{place}"], ["adapters", "import", "{absolute}"],
    ["adapters", "show", "{place}"], ["adapters", "compare", "{place}", "{adapter}"],
    ["adapters", "export", "{place}", "new"], ["adapters", "delete", "{place}"], ["runs", "report", "{place}"],
    ["arena", "new", "{place}"], ["arena", "show", "{place}"], ["arena", "report", "{place}"],
    ["arena", "add-summaries", "{arena}", "--predictions", "{place}"], ["models", "delete", "{absolute}"],
)  # fmt: skip
WRITING = (
    ["adapters", "export", "{adapter}", "{place}"], ["adapters", "export", "{adapter}", "{place}.zip"],
    ["adapters", "merge", "{adapter}", "loop"], ["runs", "report", "{run}", "--out", "{place}.html"],
    ["arena", "report", "{arena}", "--out", "{place}.html"],
)  # fmt: skip


@special_files
@pytest.mark.parametrize("commands", [READING, WRITING], ids=["reading", "writing"])
def test_a_place_that_leads_nowhere_is_refused_by_every_command(bad_places, monkeypatch, capsys, commands):
    """Every third place for each command, others for the next."""
    monkeypatch.chdir(bad_places)
    recipes.save(recipes.from_tables(BASE), Path("recipe.toml"))
    made = {"adapter": add_adapter("Mine").id, "run": add_run().id, "arena": make_arena("lora").id}
    for number, command in enumerate(commands):
        for place in PLACES[number % 3 :: 3]:
            absolute = place if place.startswith("~") else str(bad_places / place)
            words = [word.format(place=place, absolute=absolute, **made) for word in command]
            code, said = called("--offline", *words), capsys.readouterr().err
            if commands is READING:
                assert code == 2, (words, said)
                assert said.strip(), words
            else:
                assert code in {0, 1, 2}, (words, said)
                assert Path(words[-1]).exists() if code == 0 else said.strip(), words
