"""In which format each column of the playground is asked."""

import pytest

from engine.adapters.metadata import PromptFacts
from engine.config.decoding import SummarizeOptions
from engine.config.recipe import BaseModelOptions
from engine.worker.modeling import base_models
from engine.worker.serving.columns import make_column
from engine.worker.serving.requests import Request
from tests.helpers.chat_templates import chat_model
from tests.helpers.worker_setup import install_random, load_tiny, make_channel

pytestmark = pytest.mark.torch

OWN = {"template": "Shortly: {conversation}", "max_conversation_tokens": 50}


@pytest.fixture
def chat_base(tmp_path):
    options = BaseModelOptions(id=str(chat_model("llama", tmp_path / "model")), precision="float32")
    return base_models.load(options, "cpu", make_channel("inspect"))


def format_of(base, name=None, columns=(), prompt=None):
    request = Request("one", tuple(columns) or (name,), (), False, SummarizeOptions(), prompt)
    return make_column(name, request, base).prompter.format


def test_a_base_model_alone_is_asked_in_its_own_chat_format(chat_base):
    assert format_of(chat_base) == "chat"
    assert format_of(load_tiny("llama")) == "plain"


def test_an_adapter_is_asked_as_it_was_trained_and_the_base_beside_it_too(chat_base):
    old = install_random("llama", "old")
    assert format_of(chat_base, old.id) == "plain"
    assert format_of(chat_base, None, (None, old.id)) == "plain"


def test_another_prompt_keeps_the_format_unless_it_names_one(chat_base):
    old = install_random("llama", "old")
    assert format_of(chat_base, None, prompt=PromptFacts(**OWN)) == "chat"
    assert format_of(chat_base, old.id, prompt=PromptFacts(**OWN)) == "plain"
    assert format_of(chat_base, old.id, prompt=PromptFacts(**OWN, format="chat")) == "chat"
    assert format_of(load_tiny("llama"), None, prompt=PromptFacts(**OWN)) == "plain"
