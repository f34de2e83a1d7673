import pytest
from transformers import AutoTokenizer

from engine.errors import ChatTemplateError
from engine.system import sandbox
from engine.worker.dataset import chat_template
from engine.worker.dataset.chat_template import chat_frame, choose_format, control_tokens
from tests.helpers import sandbox_works
from tests.helpers.chat_templates import CHATML, DATED, ENDLESS, THINKING, THOUGHTS, WORKING
from tests.helpers.tiny_models import tiny_model

pytestmark = pytest.mark.torch

BOMB = "{% set n = namespace(x='a' * 1000000) %}{% for i in range(60) %}{% set n.x = n.x ~ n.x %}{% endfor %}{{ n.x }}"
FAULTY = {
    ENDLESS: "doesn't finish", BOMB: "too much memory", CHATML + "{{ 'a' * 1000000 }}": "adds too much",
    "{{ raise_exception('Begin with a <critic> turn') }}": "Begin with a <critic> turn", "{% for %}": "fails",
    "{{ messages[7].content }}": "fails", "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}": "fails",
    "{{ cycler.__init__.__globals__ }}": "fails", "hello": "drops or repeats",
    CHATML + CHATML: "drops or repeats",
    "{% for m in messages %}{{ m.content | tojson }}{% endfor %}": "changes its input",
    "{% for m in messages %}{{ m.content | upper }}{% endfor %}": "drops or repeats",
}  # fmt: skip


def tokenizer_with(template):
    tokenizer = AutoTokenizer.from_pretrained(tiny_model("llama"))
    tokenizer.chat_template = template
    return tokenizer


@pytest.mark.parametrize("name", WORKING)
def test_a_frame_writes_what_transformers_writes(name):
    template = WORKING[name]
    tokenizer = tokenizer_with(template)
    frame = chat_frame(tokenizer, (("Tea?", "Yes."),))
    messages = [
        {"role": "user", "content": "Tea?"},
        {"role": "assistant", "content": "Yes."},
        {"role": "user", "content": 'Ann: "tea" & {{ cake }}\nBob: <b>ü</b>'},
    ]
    stock = tokenizer.apply_chat_template(
        messages, tokenize=False, add_generation_prompt=True, enable_thinking=False
    )
    written = frame.prompt(messages[-1]["content"])
    if template == THOUGHTS:
        # The model would begin every answer so; it reads it instead.
        stock += "<think></think>"
    if template == DATED:
        assert written.startswith("Today is 26 Jul 2024.\n")
        written, stock = written.partition("\n")[2], stock.partition("\n")[2]
    assert written == stock
    whole = tokenizer.apply_chat_template(
        [*messages, {"role": "assistant", "content": "Ann has tea."}], tokenize=False, enable_thinking=False
    )
    if template not in (DATED, THINKING):
        assert frame.prompt(messages[-1]["content"]) + frame.lead + "Ann has tea." + frame.end == whole


def test_a_model_that_thinks_is_told_not_to():
    assert not chat_frame(tokenizer_with(THINKING)).after.endswith("<think>")


@pytest.mark.parametrize(("template", "message"), FAULTY.items())
def test_a_faulty_template_is_a_named_error_and_the_prompt_is_plain(template, message, monkeypatch):
    monkeypatch.setattr(chat_template, "MAX_SECONDS", 1.0 if template == ENDLESS else 60.0)
    tokenizer = tokenizer_with(template)
    with pytest.raises(ChatTemplateError, match=message) as caught:
        chat_frame(tokenizer)
    assert caught.value.field == "data.prompt_format"
    assert "plain" in caught.value.hint
    assert choose_format("auto", tokenizer) == "plain"
    assert choose_format("chat", tokenizer) == "chat"


def test_an_endless_template_is_waited_for_once(monkeypatch):
    monkeypatch.setattr(chat_template, "MAX_SECONDS", 0.5)
    # One that no other test has waited for.
    tokenizer = tokenizer_with(f"{ENDLESS}{{# once #}}")
    runs = []
    results = sandbox.results

    def counted(*given):
        runs.append(given)
        return results(*given)

    monkeypatch.setattr(sandbox, "results", counted)
    for _ in range(3):
        with pytest.raises(ChatTemplateError, match="doesn't finish"):
            chat_frame(tokenizer)
    assert len(runs) == 1


def test_a_template_that_ends_its_process_is_a_named_error(monkeypatch):
    monkeypatch.setattr(chat_template, "_texts", sandbox_works.exiting)
    with pytest.raises(ChatTemplateError, match="crashed its process"):
        chat_frame(tokenizer_with(CHATML + "{# ends #}"))


def test_several_templates_the_default_one_counts():
    assert choose_format("auto", tokenizer_with({"default": CHATML, "tool_use": "hello"})) == "chat"
    assert choose_format("auto", tokenizer_with({"tool_use": CHATML})) == "plain"
    assert choose_format("auto", tokenizer_with(None)) == "plain"
    with pytest.raises(ChatTemplateError, match="no chat template"):
        chat_frame(tokenizer_with(None))


def test_what_a_template_writes_is_no_text_of_the_data():
    tokenizer = tokenizer_with(CHATML.replace("<s>", "<|turn|>"))
    assert "<|turn|>" not in control_tokens(tokenizer)
    tokenizer.add_tokens(["<|turn|>", "<|other|>"])
    assert {"<|turn|>", "</s>"} <= set(control_tokens(tokenizer))
    assert "<|other|>" not in control_tokens(tokenizer)
