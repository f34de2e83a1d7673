"""Recipes: everything that decides a run, as a frozen value and as a commented TOML file.

Reads, checks and writes recipes; all problems are reported at once, each with its field. Knows nothing of how a run is
done.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import tomlkit

from engine.config import general_text, gguf_models, model_info, prompts, run_changes, run_names
from engine.config.data_options import DataOptions, data_problems
from engine.config.run_changes import Change
from engine.config.training import (
    MAX_EPOCHS,
    EvaluationOptions,
    TrainingOptions,
    evaluation_problems,
    method_problems,
    training_problems,
)
from engine.data.file_kinds import DATA_SUFFIXES
from engine.errors import Problem, RecipeError, disk_errors
from engine.messages import say
from engine.methods import BaseFacts, Family, Method, Quantization, unknown_method
from engine.methods import method as registry_entry
from engine.options import Options, check, commented_table, option, unknown_keys
from engine.system import optional_dependencies
from engine.system.command_name import command_name
from engine.system.foreign_files import FileKind, parse_toml, read_text
from engine.system.paths import as_text, expand_user, path_exists, path_here, resolved, starter_folder

SCHEMA = 1
STARTER = "starter"
SAMPLE = "sample"

Precision = Literal["auto", "float32", "bfloat16", "float16"]


class BaseModelOptions(Options):
    """The `[base_model]` table of a recipe."""

    id: str = option(
        ...,
        "Base model",
        'A hub id, a folder, a GGUF file, or "starter" (the practice model).',
        level="basic",
        control="model",
        min_length=1,
    )
    revision: str = option(
        "main", "Revision", "Branch, tag or commit of a hub model.", follows="base_model", min_length=1
    )
    precision: Precision = option(
        "auto",
        "Precision",
        "Number format of the frozen weights. Auto: bfloat16 if fast, else float32. T5 overflows in float16.",
        follows="base_model",
    )
    quantization: Literal["none", "int8", "nf4", "fp4"] = option(
        "none", "Quantization", "8 or 4 bits take less memory; outputs differ slightly.", follows="base_model"
    )
    double_quantization: bool = option(
        True, "Double quantization", "Also quantize the scales of 4-bit weights.", follows="base_model"
    )


@dataclass(frozen=True)
class MethodSettings:
    """The `[method]` table of a recipe: the method, its options, and the adapter to start from."""

    id: str
    options: Options
    start_from: str = ""

    @property
    def method(self) -> Method:
        """The registry's entry."""
        return registry_entry(self.id)

    def as_table(self) -> dict[str, Any]:
        """Return the flat table of a recipe file."""
        return {"id": self.id, **self.options.model_dump(), "start_from": self.start_from}


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a run; `changes` are those made during the run. `given_name` is "" without one.

    `remarks` tell of options that it was read with and that there are no more.
    """

    given_name: str
    base_model: BaseModelOptions
    data: DataOptions
    method: MethodSettings
    training: TrainingOptions
    evaluation: EvaluationOptions
    changes: tuple[Change, ...] = ()
    remarks: tuple[str, ...] = field(default=(), compare=False)

    @property
    def name(self) -> str:
        """What the run is called: as a person named it, or after what it is made of."""
        around = {"base_model": self.base_model, "training": self.training}
        made_of = (self.data, self.method.method, self.method.options, around)
        return self.given_name or run_names.automatic_name(self.base_model.id, *made_of)

    def learning_rate(self, family: Family) -> float:
        """Return the recipe's learning rate, or the method's preset for `family`."""
        return self.training.learning_rate or self.method.method.presets[family].learning_rate

    def as_tables(self) -> dict[str, Any]:
        """Return the nested tables of the recipe's file; absent values are left out."""
        tables: dict[str, Any] = {"schema": SCHEMA} | ({"name": self.given_name} if self.given_name else {})
        for name in _TABLES:
            tables[name] = present(getattr(self, name).model_dump())
        tables["method"] = present(self.method.as_table())
        if self.changes:
            tables[CHANGES] = [change.model_dump() for change in self.changes]
        return tables


_TABLES: dict[str, type[Options]] = {
    "base_model": BaseModelOptions,
    "data": DataOptions,
    "training": TrainingOptions,
    "evaluation": EvaluationOptions,
}
_ORDER = ("base_model", "data", "method", "training", "evaluation")
_METHOD_KEYS = ("id", "start_from")
CHANGES = "changes"
# 0.1.0 wrote every option; who writes a recipe by hand does not, and means what is meant today.
_DATA_OPTIONS_0_1_0 = {
    "source", "conversation", "summary", "every", "max_train", "max_validation", "max_test", "columns", "exclude",
    "split_seed", "shots", "prompt", "max_conversation_tokens", "max_summary_tokens",
}  # fmt: skip
# Options that earlier versions had, and what became of them. They are read and left out.
_RETIRED = {
    (
        "training",
        "step_parts",
    ): "Processes compute each step together. Their number changes only the last digits."
}


def present(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that TOML has: no None, and lists for tuples."""
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in values.items()
        if value is not None
    }


def from_tables(tables: Mapping[str, Any]) -> Recipe:
    """Return the recipe that `tables` describe.

    Raises RecipeError with every problem: unknown keys, wrong types, values out of bounds, contradictions, and then
    also files that are missing on this computer.
    """
    remarks = tuple(
        say("{}.{} is ignored. {}", table, key, reason)
        for (table, key), reason in _RETIRED.items()
        if isinstance(tables.get(table), Mapping) and tables[table].get(key)
    )
    tables = _migrated(tables)
    problems = _top_level_problems(tables)
    parts: dict[str, Any] = {}
    readable: dict[str, Any] = {}
    for name, options in _TABLES.items():
        table = tables.get(name, {})
        table = table if isinstance(table, Mapping) else {}
        parts[name], wrong = check(options, table, name)
        readable[name] = parts[name] or _readable(options, table, wrong)
        # A value that is no table is a problem found above.
        problems += wrong if isinstance(tables.get(name, {}), Mapping) else []
    parts["method"], wrong = _method_settings(tables.get("method", {}))
    parts[CHANGES], unreadable = run_changes.read(tables.get(CHANGES, []))
    problems += [*wrong, *unreadable, *_contradictions(**readable, method=parts["method"], tables=tables)]
    if problems:
        problems += _local_problems(readable["base_model"], readable["data"])
        evaluation = readable["evaluation"]
        problems += general_text.problems(evaluation.general_text) if evaluation else ()
        places = {table: place for place, table in enumerate(_ORDER)}
        raise RecipeError(tuple(sorted(problems, key=lambda each: places.get(each.field.split(".")[0], -1))))
    made_of = (parts["base_model"].id, parts["data"], parts["method"].method)
    name = run_names.given_name(str(tables.get("name", "")), *made_of)
    return Recipe(given_name=name, **parts, remarks=remarks)


def _migrated(tables: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the tables of a recipe as this version writes them; run folders and adapters have those of earlier ones.

    0.1.0 knew the plain prompt format alone, and its limit of steps overrode the epochs.
    """
    for table, key in _RETIRED:
        if isinstance(tables.get(table), Mapping):
            tables = {**tables, table: {name: value for name, value in tables[table].items() if name != key}}
    data, training = tables.get("data"), tables.get("training")
    if not isinstance(data, Mapping) or "prompt_format" in data or not data.keys() >= _DATA_OPTIONS_0_1_0:
        return tables
    found = {**tables, "data": {**data, "prompt_format": "plain"}}
    if isinstance(training, Mapping) and training.get("max_steps"):
        found["training"] = {**training, "epochs": MAX_EPOCHS}
    return found


def _readable(options: type[Options], table: Mapping[str, Any], wrong: Iterable[Problem]) -> Options | None:
    """Return the options of a table without its wrong values, None if required ones are missing."""
    bad = {problem.field.split(".")[-1] for problem in wrong}
    known = options.model_fields.keys() & table.keys() - bad
    return check(options, {key: table[key] for key in known}, "")[0]


def _top_level_problems(tables: Mapping[str, Any]) -> list[Problem]:
    known = ("schema", "name", *_ORDER, CHANGES)
    problems = unknown_keys([key for key in tables if key not in known], known, "")
    if tables.get("schema", SCHEMA) != SCHEMA:
        message = say("This version can't read recipes of schema {}.", str(tables["schema"])[:40])
        problems.append(Problem("schema", message, say("It supports schema {}.", SCHEMA)))
    if not isinstance(tables.get("name", ""), str):
        problems.append(Problem("name", "The name must be text."))
    problems += [
        Problem(name, say("{} must be a table.", name), say("Write [{}] above its keys.", name))
        for name in _ORDER
        if not isinstance(tables.get(name, {}), Mapping)
    ]
    return problems


def _method_settings(table: Any) -> tuple[MethodSettings | None, list[Problem]]:
    if not isinstance(table, Mapping):
        return None, []
    if "id" not in table:
        hint = say("`{} methods` lists them.", command_name())
        return None, [Problem("method.id", "method.id is missing.", hint)]
    method_id, start_from = table["id"], table.get("start_from", "")
    if not isinstance(method_id, str) or not isinstance(start_from, str):
        return None, [Problem("method", "id and start_from must be text.")]
    unknown = unknown_method(method_id)
    if unknown:
        return None, [unknown]
    own = {name: value for name, value in table.items() if name not in _METHOD_KEYS}
    options, problems = registry_entry(method_id).read_options(own)
    return (MethodSettings(method_id, options, start_from) if options else None), problems


def _contradictions(
    base_model: BaseModelOptions | None,
    data: DataOptions | None,
    training: TrainingOptions | None,
    evaluation: EvaluationOptions | None,
    method: MethodSettings | None,
    tables: Mapping[str, Any],
) -> Iterator[Problem]:
    """Yield contradictions between fields, of the tables that can be read."""
    if data:
        wrong = prompts.problem(data.prompt, "data.prompt")
        yield from (wrong,) if wrong else ()
        yield from data_problems(data)
    table = tables.get("method")
    method_id = table.get("id") if isinstance(table, Mapping) else None
    if base_model and isinstance(method_id, str) and unknown_method(method_id) is None:
        facts = base_facts(base_model.id, base_model.quantization, base_model.revision)
        refusal = registry_entry(method_id).refusal(method.options if method else None, facts)
        yield from (refusal,) if refusal else ()
    if method:
        quantization = base_model.quantization if base_model else "none"
        yield from method_problems(method.method, method.options, method.start_from, training, quantization)
    yield from training_problems(training) if training else ()
    yield from evaluation_problems(evaluation) if evaluation else ()


def base_facts(model_id: str, quantization: Quantization = "none", revision: str = "main") -> BaseFacts:
    """Return what is known of the base model without loading it; of one on the hub what the catalogue knows."""
    folder, file = local_folder(model_id), gguf_file(model_id)
    if folder is not None:
        return model_info.read(folder, quantization)
    if file:
        return gguf_models.facts(file, quantization)
    listed = model_info.in_catalogue(model_id, revision)
    return model_info.of(dict(listed.shape), quantization) if listed else BaseFacts(quantization=quantization)


def local_folder(model_id: str) -> Path | None:
    """Return the folder of a base model on this computer; None for one of the hub, and a GGUF file not yet unpacked."""
    if model_id == STARTER:
        return starter_folder()
    file = gguf_file(model_id)
    if file is not None:
        return gguf_models.unpacked_folder(file)
    return path_here(model_id) if looks_like_path(model_id) else None


def gguf_file(model_id: str) -> Path | None:
    """Return the GGUF file that a base model is named by, None for any other base model."""
    path = path_here(model_id) if looks_like_path(model_id) else None
    return path if path is not None and gguf_models.is_gguf(path) else None


def problems(recipe: Recipe) -> tuple[Problem, ...]:
    """Return problems that are known without loading a model: missing files, overflowing formats, missing libraries.

    Adapters of the library are checked by `engine.runs.run_store.problems`.
    """
    return (
        *_local_problems(recipe.base_model, recipe.data),
        *general_text.problems(recipe.evaluation.general_text),
        *optional_dependencies.problems(recipe.base_model.quantization, recipe.training.optimizer),
    )


def _local_problems(base_model: BaseModelOptions | None, data: DataOptions | None) -> tuple[Problem, ...]:
    return (
        *(base_problems(base_model) if base_model else ()),
        *(_missing("data.source", data.source) if data else ()),
    )


def base_problems(base_model: BaseModelOptions) -> tuple[Problem, ...]:
    """Return the problems of a base model's folder or GGUF file; none for a hub id."""
    file = gguf_file(base_model.id)
    unusable = gguf_models.problem(file) if file else None
    missing = () if file else _missing("base_model.id", base_model.id)
    folder = local_folder(base_model.id)
    if unusable or missing or folder is None:
        return (unusable,) if unusable else missing
    return model_info.problems(folder, base_model.id, base_model.precision)


def _missing(field: str, path: str) -> tuple[Problem, ...]:
    if not looks_like_path(path) or path_exists(path_here(path)):
        return ()
    hint = "Check the path; a hub id looks like owner/name."
    return (Problem(field, say("{} doesn't exist.", path), hint),)


def public_name(text: str) -> str:
    """Return the public name of a base model, data or an adapter: the last part of a path, other names unchanged."""
    return public_file(text) if looks_like_path(text) else text


def public_file(path: str) -> str:
    """Return the name of a file without its folders."""
    return re.split(r"[\\/]", path.rstrip("\\/"))[-1] or path


def public(recipe: Recipe) -> Recipe:
    """Return the recipe with public names in the place of local paths."""
    tables = recipe.as_tables()
    for table, key in (("base_model", "id"), ("data", "source"), ("method", "start_from")):
        if key in tables[table]:
            tables[table][key] = public_name(tables[table][key])
    chosen = recipe.evaluation.general_text
    if general_text.is_file(chosen):
        tables["evaluation"]["general_text"] = public_file(chosen)
    return from_tables(tables)


def looks_like_path(text: str) -> bool:
    """Tell whether `text` is a path on this computer, not a hub id or a bundled name."""
    if text in (STARTER, SAMPLE):
        return False
    path = expand_user(text)
    return (
        path.is_absolute()
        or text.startswith((".", "~"))
        or text.count("/") > 1
        or "\\" in text
        or path_exists(path)
        or path.suffix.lower() in DATA_SUFFIXES
    )


def loads(text: str) -> Recipe:
    """Return the recipe in a TOML text. Raises RecipeError with every problem."""
    return from_tables(parse(text))


def parse(text: str) -> dict[str, Any]:
    """Return the tables of a TOML text. Raises RecipeError if it is no TOML."""
    try:
        return parse_toml(text)
    except ValueError as error:
        raise RecipeError((Problem("", say("The recipe is not valid TOML: {}.", error)),)) from error


def load(path: Path, overrides: Iterable[str] = ()) -> Recipe:
    """Return the recipe in a file, with `table.key=value` overrides applied.

    Raises RecipeError with every problem, and for a file that is missing or not text.
    """
    try:
        text = read_text(path, FileKind.RECIPE)
    except FileNotFoundError as error:
        raise RecipeError((Problem("recipe", say("There is no recipe at {}.", path)),)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError((Problem("recipe", say("{} can't be read: {}.", path, error)),)) from error
    return load_text(text, as_text(path.resolve().parent), overrides)


def load_text(text: str, folder: Path, overrides: Iterable[str] = ()) -> Recipe:
    """Return the recipe in a text whose paths are meant from a folder, with overrides applied. Raises RecipeError."""
    return from_tables(_with_absolute_paths(overridden(parse(text), overrides), folder))


def _with_absolute_paths(tables: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Make paths relative to the file absolute, so that a run can be repeated from anywhere."""
    for table, key in (("base_model", "id"), ("data", "source"), ("evaluation", "general_text")):
        values = tables.get(table)
        if not isinstance(values, dict):
            continue
        text = values.get(key)
        if (
            isinstance(text, str)
            # An empty text is refused as it is.
            and text.strip()
            and (text.startswith(".") or path_exists(folder / text))
            and text not in (STARTER, SAMPLE, general_text.AUTO, general_text.NONE)
        ):
            values[key] = str(resolved(folder / text))
    return tables


def overridden(tables: dict[str, Any], overrides: Iterable[str]) -> dict[str, Any]:
    """Return `tables` with `table.key=value` overrides; a value that is no TOML is text.

    `table.key.name=value` sets one name of a mapping, such as `data.columns.speaker`, always to a text.
    """
    for override in overrides:
        field, equals, raw = override.partition("=")
        table, dot, key = field.strip().partition(".")
        if not equals or (not dot and table != "name"):
            raise RecipeError((Problem("--set", say('"{}" is not table.key=value.', override)),))
        if dot and not isinstance(tables.get(table, {}), dict):
            # Reported as what is no table.
            continue
        try:
            value = parse_toml(f"value = {raw}")["value"]
        except ValueError:
            value = raw
        key, inner, name = key.partition(".")
        mapping = tables.get(table, {}).get(key, {}) if inner else None
        if isinstance(mapping, dict):
            text = value if isinstance(value, str) else raw.strip()
            tables.setdefault(table, {})[key] = {**mapping, name: text}
        elif dot:
            tables.setdefault(table, {})[key] = value
        else:
            tables[table] = value
    return tables


def dumps(recipe: Recipe) -> str:
    """Return the recipe as a commented TOML text that `loads` reads back as the same value."""
    document = tomlkit.document()
    tables = recipe.as_tables()
    document.add("schema", tomlkit.item(SCHEMA))
    if recipe.given_name:
        document.add("name", tomlkit.item(recipe.given_name))
    for name in _ORDER:
        declaration = recipe.method.method.options if name == "method" else _TABLES[name]
        document.add(tomlkit.nl())
        document.add(name, commented_table(tables[name], declaration))
    if recipe.changes:
        document.add(tomlkit.nl())
        document.add(tomlkit.comment("Changes during the run, each with the step before it."))
        document.add(CHANGES, tomlkit.item(tables[CHANGES]))
    return tomlkit.dumps(document)


def save(recipe: Recipe, path: Path) -> None:
    """Write the recipe. Raises StorageError if the file can't be written."""
    with disk_errors("{} can't be written: {}.", path):
        path.write_text(dumps(recipe), encoding="utf-8")
