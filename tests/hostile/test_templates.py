"""No name, prompt or path becomes code, markup or a line of its own in what is written from a template.

Each template of the resources has its test here, which its entry in `CASES` names; a template without one fails.
"""

import ast
import json
import re
import shlex
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from huggingface_hub import ModelCard
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markdown_it import MarkdownIt

from engine.adapters.metadata import (
    AdapterMetadata,
    BaseModelFacts,
    DataFacts,
    MethodFacts,
    PromptFacts,
    ShotFacts,
)
from engine.config import recipe as recipes
from engine.config import recipe_command
from engine.jobs.job import Job
from engine.report import svg, template
from engine.report.cells import Headline
from engine.runs import slurm_script
from engine.runs.slurm_script import SlurmResources
from engine.server.serving import Serving
from engine.system import desktop_entry, paths
from engine.system.script_templates import Code
from engine.text.escaping import escaped, in_one_line
from engine.worker.exports import gguf_model, hub_card, training_script
from tests.helpers.homes import make_metadata, make_recipe, score_card
from tests.helpers.report_pages import HOSTILE, Page
from tests.helpers.systems import menus

pytestmark = pytest.mark.torch
needs_bash = pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")

PIECES = st.one_of(
    st.sampled_from([
        '"', "'", '"""', "'''", '""""', "\n", "\r", "\r\n", "\t", "\\", "\\n", "{", "}", "{{", "}}", "{%", "%}", "{#",
        "`", "```", "\n```\n", "~~~", "$(touch made)", "${HOME}", "$", "!", ";", "&", "|", "%", "%j", "%%", "‘", "’",
        "\n---\n", "---", "\n...\n", ": ", "- ", "# ", "\n# ", "=====", "1. ", "* ", "> ", "[a](b)", "![x](http://e/y)",
        "</script>", "<b>", "</title><script>alert(1)</script>", "-->", "<!--", "]]>", "&lt;", "\u2028", "\u2029", "#}",
        "\u202e", "\u200f", "\u2066", "\ufeff", "\x0b", "\x0c", "\x1b[2J", "\x7f", "\x85", "\x9b", "RECIPE", "'@",
        "\nRECIPE\n", "\n'@\n", '")\nimport os #', "\n#SBATCH --account=evil", "\nPARAMETER stop x", "\nSYSTEM no",
        "\nExec=evil", 'm") #""" ; import os', "http://evil/x", "a", "é", "漢", "😀", " ", "    ",
    ]),
    st.text(max_size=8),
)  # fmt: skip
# Some settings are left out of a script where they are empty.
TEXTS = st.lists(PIECES, max_size=8).map("".join).map(lambda text: text.replace("\x00", "") or "x")
few = settings(max_examples=15)


def shape(code: str) -> str:
    """Return the syntax tree of a script without what its strings say; no line of it looks like another one."""
    assert all(line.isprintable() for line in code.split("\n")), code
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
    return ast.dump(tree)


def assigned(code: str, name: str) -> object:
    """Return the value of a constant in a script."""
    [value] = [
        each.value
        for each in ast.parse(code).body
        if isinstance(each, ast.Assign) and each.targets[0].id == name
    ]
    return ast.literal_eval(value)


BRANCHES = st.fixed_dictionaries(
    {
        name: st.booleans()
        for name in (
            "has_own_head", "is_local", "is_encoder_decoder", "checkpoints_activations", "is_chat", "decay_matters",
            "saved_step_is_best", "has_tasks", "has_dropout", "is_quantized", "is_selective", "has_lead", "has_end",
        )
    }
    | {
        "function": st.sampled_from(["", "start_prompt", "start_tasks", "start_prefix"]),
        "order": st.sampled_from(["lengths", "random"]),
        "optimizer": st.sampled_from(["adamw", "adafactor", "adamw_8bit", "paged_adamw_8bit"]),
        "virtual_tokens": st.sampled_from(["", "keys_and_values", "inputs"]),
        "falls": st.sampled_from(list(training_script.FALLS.values())),
    }
)  # fmt: skip


def training_facts(text: str, chosen: dict) -> dict:
    numbers = (
        "max_conversation_tokens", "max_summary_tokens", "seed", "steps", "total_steps", "batch_size", "warmup_steps",
        "sort_window_steps", "min_sort_windows", "learning_rate", "weight_decay", "max_gradient_norm", "count",
    )  # fmt: skip
    texts = ("name", "title", "base_model", "revision", "before", "after", "no_decay", "schedule")
    function = Code(chosen["function"])
    return chosen | dict.fromkeys(numbers, 3) | dict.fromkeys(texts, text) | {
        "loader": training_script.LOADERS["decoder-only"],
        "precision": Code("torch.float32"),
        "quantization": {Code("bnb_4bit_quant_type"): text} if chosen["is_quantized"] else {},
        "special_tokens": [text, text],
        "lead": text if chosen["has_lead"] else "",
        "end_of_summary": [1] if chosen["has_end"] else [],
        "trained": [text] if chosen["is_selective"] else [],
        "config": None
        if chosen["is_selective"]
        else {"name": Code("LoraConfig"), "settings": {Code("target_modules"): [text], Code("init"): text}},
        "start": {"function": function, "from": text, "text": text if function else ""},
        "rate_factors": {text: 2.0},
        "cache": Code("past_key_values"),
    }  # fmt: skip


@few
@given(TEXTS, BRANCHES)
def test_a_training_script_has_the_shape_of_one_with_plain_names(text, chosen):
    script = training_script.text(training_facts(text, chosen))
    assert shape(script) == shape(training_script.text(training_facts("plain", chosen)))
    assert assigned(script, "BEFORE") == assigned(script, "ADAPTER") == text
    if chosen["is_selective"]:
        assert assigned(script, "TRAINED") == [text]


def test_the_scripts_of_a_model_are_copied_as_they_are():
    for path in sorted((paths.templates_folder() / "export").iterdir()):
        text = path.read_text(encoding="utf-8")
        assert path.suffix == ".py"
        assert "{{" not in text
        assert "{%" not in text
        ast.parse(text)


def metadata_of(text: str, chat: bool) -> AdapterMetadata:
    facts = make_metadata("a", scores=[score_card(0.48)])
    return facts.model_copy(
        update={
            "name": text,
            "base_model": BaseModelFacts(
                id=f"{text}//", revision=text, quantization=text, family="decoder-only"
            ),
            "method": MethodFacts(id=text, title=text, peft_type=text, summary=text, options={text: text}),
            "data": DataFacts(source=text, fingerprint=text, licence=text, train=3),
            "prompt": PromptFacts(
                template=f"{text}{{conversation}}{text}",
                max_conversation_tokens=9,
                format="chat" if chat else "plain",
                shots=[ShotFacts(conversation=text, summary=text)],
            ),
            "scores": [score_card(0.48).model_copy(update={"protocol": {"split": text, text: [text]}})],
            "versions": {text: text},
        }
    )


def card_of(text: str, chat: bool) -> ModelCard:
    return hub_card.card(metadata_of(text, chat), "owner/name", hub_card.Licences(text, text), text)


def elements(markdown: str) -> list[str]:
    """Return what Markdown makes of a text: headings, tables, lists, code, and everything within their lines."""
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown)
    inline = [child.type for token in tokens for child in token.children or ()]
    return [token.type for token in tokens] + [
        kind for kind in inline if kind not in ("text", "text_special")
    ]


@given(TEXTS, st.booleans())
def test_a_card_has_the_headings_tables_and_code_of_one_with_a_plain_name(text, chat):
    card, plain = card_of(text, chat), card_of("plain", chat)
    told = in_one_line(text)
    assert (card.data.model_name, card.data.tags) == (told, ["tunesmith", told])
    assert card.data[hub_card.MARK] == told
    [result, *_] = card.data.to_dict()["model-index"][0]["results"]
    assert result["dataset"]["args"] == {"split": told, told: [told]}
    assert result["dataset"]["name"] == told
    assert elements(card.text) == elements(plain.text)
    [code] = re.findall(r"```python\n(.*?)\n```", card.text, re.DOTALL)
    [plain_code] = re.findall(r"```python\n(.*?)\n```", plain.text, re.DOTALL)
    assert shape(code) == shape(plain_code)
    assert assigned(code, "BASE").endswith(f"{text}//")


def by_bash(script: str) -> list[str]:
    """Return the words that a script prints, each ended by a zero byte."""
    done = subprocess.run(["bash", "-c", script], capture_output=True, check=True)
    assert done.stderr == b""
    return done.stdout.decode().split("\0")[:-1]


def sbatch_value(line: str) -> str:
    """Return the value of an option as SLURM reads it: quotes and backslashes as `_get_argument` of sbatch does."""
    found, quote, place = [], "", 0
    text = line.partition("=")[2]
    while place < len(text) and (quote or not text[place].isspace()):
        each = text[place]
        if each == "\\":
            place += 1
            found.append(text[place])
        elif quote and each == quote:
            quote = ""
        elif not quote and each in "'\"":
            quote = each
        else:
            assert quote or each != "#"
            found.append(each)
        place += 1
    assert not quote
    return "".join(found)


ASKED = (
    "job-name", "nodes", "ntasks-per-node", "gpus-per-node", "cpus-per-task", "time", "output", "open-mode", "signal",
    "requeue",
)  # fmt: skip


@needs_bash
@few
@given(TEXTS)
def test_a_script_for_slurm_keeps_its_lines_and_its_words_or_is_refused(text):
    with pytest.MonkeyPatch.context() as patch:
        folder = Path("/shared", text.strip("/").replace("/", ""), "runs")
        patch.setattr(slurm_script, "runs_folder", lambda: folder)
        patch.setattr(slurm_script, "program", lambda: [text, "main.py"])
        refused = slurm_script.problems(make_recipe(), SlurmResources())
        assert bool(refused) == (len(str(folder).splitlines()) > 1)
        if refused:
            assert (refused[0].field, repr(str(folder)) in refused[0].message) == ("--slurm", True)
            return
        job = Job(folder / "20260101-080000-a")
        script = slurm_script.text(job, SlurmResources(), {"TUNESMITH_HOME": text})
    head = script.split("\n\n")[0].split("\n")
    assert [line.partition("=")[0] for line in head[3:]] == [f"#SBATCH --{name}" for name in ASKED]
    assert sbatch_value(head[3 + ASKED.index("output")]) == f"{job.folder}/slurm-%j.log".replace(
        "%", "%%", text.count("%")
    )
    body = script.partition("#SBATCH --requeue\n")[2].partition("\n# When the time is up")[0]
    printed = by_bash(body + '\nprintf "%s\\0" "$TUNESMITH_HOME" "${train[@]}"')
    assert printed == [text, text, "main.py", "resume", str(job.folder)]


@needs_bash
@few
@given(TEXTS)
def test_a_copied_command_gives_a_shell_its_words_and_the_recipe(text):
    wanted = replace(make_recipe(source=f"data/{text}"), given_name=in_one_line(text))
    started = ["bash", "-c", 'printf "%s\\0" "$@"; cat', text, text]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recipe_command, "program", lambda: started)
        command = recipe_command.command(wanted, windows=False)
    assert shlex.split(command)[: len(started) + 2] == [*started, "train", "-"]
    done = subprocess.run(["bash", "-c", command], capture_output=True, check=True)
    *words, recipe = done.stdout.decode().split("\0")
    assert words == [text, "train", "-"]
    assert recipes.loads(recipe) == wanted


@given(TEXTS)
def test_a_copied_command_gives_power_shell_its_words(text):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recipe_command, "program", lambda: [text])
        command = recipe_command.command(make_recipe(source=f"data/{text}"), windows=True)
    document, _, call = command.partition("@'\n")[2].partition("\n'@ | & ")
    # The text ends where a line begins with a quote, of which PowerShell knows five kinds.
    assert not re.search("[\r\n]['‘’‚‛]", f"\n{document}")
    assert recipes.loads(document) == make_recipe(source=f"data/{text}")
    words = re.findall(r"['‘’‚‛]((?:[^'‘’‚‛]|(['‘’‚‛])\2)*)['‘’‚‛]", call)
    assert [re.sub(r"(['‘’‚‛])\1", r"\1", word) for word, _ in words] == [text, "train", "-"]


@given(TEXTS)
def test_a_command_for_a_served_adapter_has_its_name_as_one_value(text):
    serving = Serving("http://127.0.0.1:8131/v1", "token", (text,), None)
    curl, _, option, token, _, body = shlex.split(serving.curl)
    # What curl takes out of the list of processes, unlike a header.
    assert (curl, option, token) == ("curl", "--oauth2-bearer", "token")
    assert json.loads(body)["model"] == text


def settings_of(text: str) -> dict:
    return {"before": text, "after": text, "max_conversation_tokens": 9, "max_new_tokens": 9}


@given(TEXTS)
def test_a_chat_template_writes_the_prompt_around_a_conversation(text):
    made = ImmutableSandboxedEnvironment().from_string(gguf_model.chat_template(settings_of(text)))
    assert made.render(messages=[{"role": "user", "content": "TALK"}]) == f"{text}TALK{text}"


def go_strings(template: str) -> str:
    """Return what a template of Go writes that has nothing but strings, and the prompt."""
    action = re.compile(r'\{\{ (?:(\.Prompt)|"((?:[^"\\\n]|\\.)*)") \}\}')
    assert action.sub("", template) == ""
    return "".join("TALK" if each[1] else go_string(each[2]) for each in action.finditer(template))


def go_string(quoted: str) -> str:
    return re.sub(
        r"\\U([0-9a-f]{8})", lambda found: chr(int(found[1], 16)), json.loads(f'"{unescaped(quoted)}"')
    )


def unescaped(quoted: str) -> str:
    """Return a string of Go as JSON has it, whose escapes are the same but for that of eight digits."""
    return quoted.replace("\\U", "\\\\U")


@given(text=TEXTS)
def test_ollama_gets_the_lines_that_a_plain_prompt_has(text, tmp_path_factory):
    folder = tmp_path_factory.mktemp("out")
    gguf_model.write_modelfile(folder, settings_of(text), [text])
    [source, asks, *others] = (folder / "Modelfile").read_bytes().decode().removesuffix("\n").split("\n")
    assert source == "FROM ./model.gguf"
    assert (asks[:12], asks[-3:], asks.count('"""')) == ('TEMPLATE """', '"""', 2)
    # What Go does not print, Ollama leaves out of a Modelfile.
    assert asks.isprintable()
    assert go_strings(asks[12:-3]) == f"{text}TALK{text}"
    assert [line.split()[:2] for line in others] == [
        ["PARAMETER", name] for name in ("temperature", "num_predict", "num_ctx", "stop")
    ]


def started_by(value: str) -> list[str]:
    """Return the arguments in a value of `Exec`, as the specification reads it."""
    string = re.sub(r"\\(.)", lambda found: {"n": "\n", "r": "\r", "\\": "\\"}[found[1]], value)
    words = re.findall(r'"((?:[^"\\`$]|\\["`$\\])*)"', string, re.DOTALL)
    assert " ".join(f'"{word}"' for word in words) == string
    return [re.sub(r"\\(.)", r"\1", word).replace("%%", "%") for word in words]


@menus
@few
@given(text=TEXTS)
def test_a_menu_entry_has_the_lines_of_one_with_a_plain_command(text, tmp_path_factory):
    environment = {
        "XDG_DATA_HOME": str(tmp_path_factory.mktemp("share")), "XDG_DATA_DIRS": "/nowhere", "PATH": "",
    }  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(desktop_entry, "_refresh", lambda _: None)
        entry = desktop_entry.install([text, text], environment)[0].read_bytes().decode()
    source = (paths.resources_folder() / "desktop" / "tunesmith.desktop").read_text(encoding="utf-8")
    lines, plain = entry.split("\n"), source.split("\n")
    assert [line.partition("=")[0] for line in lines] == [line.partition("=")[0] for line in plain]
    [value, *_] = [line.removeprefix("Exec=") for line in lines if line.startswith("Exec=")]
    assert started_by(value.removesuffix(" %F")) == [text, text]


def conversation_of(text: str) -> SimpleNamespace:
    span = SimpleNamespace(unsupported=True, text=text)
    return SimpleNamespace(title=text, rows=[(text, "", [span])])


def values_of(text: str) -> dict:
    """Return what the page of a run and that of an arena show, with a text in every place that has one."""
    pairs = [(text, text)]
    plot = svg.picture([svg.text(1, 1, text, "label")], 9, text)
    group = {
        "title": text, "text": text, "seeds": text, "chrf": True, "forgetting": text, "rows": [], "remarks": [text],
        "missing": [text], "plots": [SimpleNamespace(title=text, drawing=plot)], "tables": [], "base": {},
    }  # fmt: skip
    return {
        "title": text, "subtitle": text, "headline": Headline(text, text), "sides": (text, text), "scores": None,
        "gains": SimpleNamespace(text=text, plot=plot, groups=[(text, [conversation_of(text)])]),
        "training": SimpleNamespace(plot=plot, legend=[("own", text)], interim=None, facts=pairs),
        "data": pairs, "remarks": [(text, text)], "samples": [conversation_of(text)], "adapter": pairs,
        "blind": SimpleNamespace(text=text, rows=[(text, text, text, text)], remarks=[text]),
        "environment": pairs, "recipe": text, "numbers": {"a": 1}, "groups": [group], "seeds": True,
        "losses": SimpleNamespace(plot=plot, legend=[("own", text)]), "states": {"failed": text},
        "unscored": [SimpleNamespace(entry=SimpleNamespace(id="a", name=text), state="failed", reason=text)],
        "differences": pairs,
    }  # fmt: skip


@given(TEXTS, st.sampled_from(["page.html", "run.html", "arena.html"]))
def test_a_report_has_the_elements_of_one_with_plain_texts(text, name):
    page, plain = (Page(template.render(name, **values_of(each))) for each in (text, "plain"))
    assert page.elements == plain.elements
    page.needs_nothing()


def test_a_report_shows_what_it_was_given():
    assert " ".join(escaped(HOSTILE).split()) in Page(template.render("run.html", **values_of(HOSTILE))).text


CASES = {
    "export/command.py": test_the_scripts_of_a_model_are_copied_as_they_are,
    "export/prompting.py": test_the_scripts_of_a_model_are_copied_as_they_are,
    "export/summarize_ctranslate2.py": test_the_scripts_of_a_model_are_copied_as_they_are,
    "export/summarize_gguf.py": test_the_scripts_of_a_model_are_copied_as_they_are,
    "export/summarize_transformers.py": test_the_scripts_of_a_model_are_copied_as_they_are,
    "hub/card.md.jinja": test_a_card_has_the_headings_tables_and_code_of_one_with_a_plain_name,
    "hub/summarize.py.jinja": test_a_card_has_the_headings_tables_and_code_of_one_with_a_plain_name,
    "report/arena.html": test_a_report_has_the_elements_of_one_with_plain_texts,
    "report/page.html": test_a_report_has_the_elements_of_one_with_plain_texts,
    "report/parts.html": test_a_report_has_the_elements_of_one_with_plain_texts,
    "report/run.html": test_a_report_has_the_elements_of_one_with_plain_texts,
    "report/style.css": test_a_report_has_the_elements_of_one_with_plain_texts,
    "script/train.py.jinja": test_a_training_script_has_the_shape_of_one_with_plain_names,
    "slurm/train.sbatch.jinja": test_a_script_for_slurm_keeps_its_lines_and_its_words_or_is_refused,
}


def test_every_template_has_a_test():
    folder = paths.templates_folder()
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {name for name in found if "__pycache__" not in name} == set(CASES)
