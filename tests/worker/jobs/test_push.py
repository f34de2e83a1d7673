import re
from pathlib import Path

import pytest
from huggingface_hub import HfApi, ModelCard, hf_hub_download

from engine.adapters import library
from engine.adapters.metadata import ExportFacts, PromptFacts, ShotFacts, Verification
from engine.errors import AdapterError, AppError
from engine.worker.adapters import attach
from engine.worker.dataset.prompting import prompter_from_metadata
from engine.worker.generation.generate import generate
from engine.worker.jobs import export, push
from tests.helpers.channel_events import events_of, notice_messages
from tests.helpers.chat_templates import CHATML
from tests.helpers.fake_hub import FakeHub, use_hub
from tests.helpers.homes import add_adapter, make_recipe, score_card
from tests.helpers.programs import run_script
from tests.helpers.tiny_models import tiny_model
from tests.helpers.worker_setup import install_random, load_tiny, make_channel

pytestmark = pytest.mark.torch
NAME = "someone/summaries"
TALK = "Ann: Shall we meet at 5 pm?\nBob: Yes, at the station."
CODE = re.compile(r"```python\n(.*?)\n```", re.DOTALL)


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A hub that knows one token, which this process has."""
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    with use_hub(FakeHub(tmp_path / "served"), tmp_path / "cache", monkeypatch) as served:
        served.known_token = "hf_secret"
        yield served


def send(adapter, **more):
    channel = make_channel("push")
    push.run(channel, {"kind": "push", "adapter": str(adapter.folder), "target": NAME, **more})
    [made] = events_of(channel, "result_made")
    return made["result"], notice_messages(channel)


def card_of(adapter, **more):
    return ModelCard(send(adapter, dry_run=True, **more)[0]["card"])


@pytest.mark.slow("engine/worker/exports/", "engine/worker/jobs/", "resources/templates/", quick=1)
@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        (
            "llama",
            {"beams": 2, "shots": [ShotFacts(conversation="Ann: Tea?\nBob: Yes.", summary="They have tea.")]},
        ),
        ("t5", {}),
    ],
)
def test_the_code_in_the_card_writes_what_the_adapter_writes(hub, tmp_path, capsys, kind, changes):
    facts = PromptFacts(
        template="Summarize: {conversation}\nSummary: ", max_conversation_tokens=12, max_new_tokens=8,
        **changes,
    )  # fmt: skip
    adapter = library.update(install_random(kind, "mine"), prompt=facts)
    result, _ = send(adapter, with_conversations=True)
    assert result["sent"]
    assert hub.private == {NAME}

    base = load_tiny(kind)
    prompter = prompter_from_metadata(facts, base, 12, 8)
    model = attach.load_adapter(base, adapter)
    prompts = [prompter.input_ids(TALK)]
    [expected] = generate(model, base.tokenizer, base.family, prompts, beams=facts.beams, max_new_tokens=8)
    [code] = CODE.findall(ModelCard(result["card"]).text)
    placed = f"path/to/{tiny_model(kind).name}"
    assert placed in code
    script = tmp_path / "use.py"
    code = code.replace(placed, str(tiny_model(kind))).replace(NAME, str(hub.folder / "models" / NAME))
    script.write_text(code, encoding="utf-8")
    assert run_script(script) == 0
    assert capsys.readouterr().out.strip() == expected.text.strip()


def test_a_merged_model_is_sent_and_its_script_writes_what_the_adapter_writes(hub, tmp_path, capsys):
    facts = PromptFacts(
        template="Sum: {conversation}\nSummary: ", max_conversation_tokens=24, max_new_tokens=8
    )
    adapter = library.update(install_random("llama", "mine"), prompt=facts)
    folder = tmp_path / "model"
    request = {"to": "merged", "adapter": adapter.id, "target": str(folder), "precision": "float32"}
    export.run(make_channel("export"), request)
    (folder / "diary.txt").write_text("Mine.", encoding="utf-8")
    adapter = library.find("mine")
    result, _ = send(adapter, model=str(folder))
    names = {file["name"] for file in result["files"]}
    assert {"config.json", "model.safetensors", "tokenizer.json", "summarize.py", "README.md"} <= names
    assert not names & {"diary.txt", "adapter.toml", "recipe.toml"}
    card = ModelCard(result["card"])
    assert card.data.library_name == "transformers"
    assert f"hf download {NAME} --local-dir summaries" in card.text
    for path in (hub.folder / "models" / NAME).iterdir():
        assert str(tmp_path).encode() not in path.read_bytes()
    with pytest.raises(AppError, match="contains something else"):
        send(adapter)
    kept = (folder / "tokenizer.json").rename(tmp_path / "secret.json")
    (folder / "tokenizer.json").symlink_to(kept)
    with pytest.raises(AdapterError, match=r"tokenizer\.json of model can't be sent: it is a link"):
        send(adapter, model=str(folder))
    kept.replace(folder / "tokenizer.json")
    send(adapter, model=str(folder))

    for sibling in HfApi(endpoint=hub.address).model_info(NAME).siblings:
        hf_hub_download(NAME, sibling.rfilename, local_dir=tmp_path / "again", endpoint=hub.address)
    (tmp_path / "talk.txt").write_text(TALK, encoding="utf-8")
    assert run_script(tmp_path / "again" / "summarize.py", str(tmp_path / "talk.txt")) == 0
    base = load_tiny("llama")
    prompts = [prompter_from_metadata(facts, base, 24, 8).input_ids(TALK)]
    model = attach.load_adapter(base, adapter)
    [expected] = generate(model, base.tokenizer, base.family, prompts, beams=1, max_new_tokens=8)
    assert capsys.readouterr().out.strip() == expected.text.strip()


def test_a_chat_is_asked_by_the_model_s_own_template(hub, tmp_path):
    facts = PromptFacts(
        template="Summarize:\n{conversation}\nSummary: ", format="chat", max_conversation_tokens=40,
        shots=[ShotFacts(conversation="Ann: Tea?", summary="Tea.")],
    )  # fmt: skip
    adapter = library.update(install_random("llama", "mine"), prompt=facts)
    [code] = CODE.findall(card_of(adapter, with_conversations=True).text)
    base = load_tiny("llama")
    base.tokenizer.chat_template = CHATML
    expected = prompter_from_metadata(facts, base, 40, 8).input_ids(TALK)
    # The code up to the model, and what makes the ids of a conversation.
    names = {"tokenizer": base.tokenizer, "conversation": TALK}
    settings = code[code.index("BEFORE = ") : code.index("tokenizer = ")]
    making = code.partition("def summarize(conversation):\n")[2].partition("    written = ")[0]
    exec(f"{settings}\nif True:\n{making}", names)
    assert names["ids"] == expected


def test_the_card_holds_the_scores_as_the_hub_reads_them(hub):
    adapter = add_adapter("tea", scores=[score_card(0.484)])
    card = card_of(adapter)
    facts = card.data.to_dict()
    assert (facts["base_model"], facts["datasets"]) == ("google/flan-t5-base", ["knkarthick/samsum"])
    assert facts["base_model_relation"] == "adapter"
    assert (facts["library_name"], facts["pipeline_tag"]) == ("peft", "summarization")
    [model] = facts["model-index"]
    [result] = model["results"]
    assert result["dataset"]["args"] == adapter.metadata.score_card.protocol
    own, base = result["metrics"][:2]
    assert (own["type"], own["name"], own["value"]) == ("rouge1", "ROUGE-1", 48.4)
    assert own["args"]["interval"] == [47.1, 49.7]
    assert own["args"]["gain_over_base"]["verdict"] == "better"
    assert (base["name"], base["value"]) == ("ROUGE-1 of the base model", 46.9)
    assert "| ROUGE-1 | 46.9 (45.6 to 48.2) | 48.4 (47.1 to 49.7) |" in card.text
    assert "Better. ROUGE-1 rose by 1.5 points" in card.text
    for told in ("rank 16", "9f3c41d8e07a", "3,538,944", "0.001", "revision='7bcac572'"):
        assert told in card.text


def test_nothing_that_is_sent_names_this_computer(hub, tmp_path, monkeypatch):
    home = tmp_path / "home-of-ann"
    monkeypatch.setenv("HOME", str(home))
    adapter = add_adapter(
        "tea",
        recipe=make_recipe(base=f"{home}/bases/my-t5", source=f"{home}/clients/chats.jsonl"),
        notes=f"Made of {home}.",
        tags=["secret-client"],
        exports=[
            ExportFacts(
                to="gguf", name="x", verified=Verification(state="not tried", reason=f"No {home}/chats.")
            )
        ],
        scores=[score_card(0.484, source="chats.jsonl")],
    )
    (adapter.folder / "README.md").write_text(f"Of {home}", encoding="utf-8")
    (adapter.folder / "stray.txt").write_text("A conversation.", encoding="utf-8")
    send(adapter)
    sent = {path.name: path.read_bytes() for path in (hub.folder / "models" / NAME).iterdir()}
    assert set(sent) == {
        ".gitattributes", "README.md", "adapter.toml", "adapter_config.json", "adapter_model.safetensors",
        "recipe.toml",
    }  # fmt: skip
    for content in sent.values():
        assert b"ann" not in content.replace(b"channel", b"")
        assert b"secret-client" not in content
    assert b"chats.jsonl" in sent["README.md"]
    assert b"path/to/my-t5" in sent["README.md"]
    assert "base_model" not in ModelCard(sent["README.md"].decode()).data.to_dict()


def test_a_prompt_that_names_the_home_folder_is_not_sent(hub):
    prompt = PromptFacts(template=f"Of {Path.home()}/x: {{conversation}}", max_conversation_tokens=512)
    with pytest.raises(AdapterError, match="would contain a folder's path"):
        send(add_adapter("tea", prompt=prompt))
    assert hub.requests == []


def test_conversations_in_the_prompt_are_sent_only_when_asked(hub):
    shots = [ShotFacts(conversation="Ann: Tea?", summary="Tea.")]
    prompt = PromptFacts(template="{conversation}", max_conversation_tokens=512, shots=shots)
    adapter = add_adapter("tea", prompt=prompt)
    with pytest.raises(AdapterError, match="contains 1 conversation, which would be uploaded"):
        send(adapter)
    assert "The prompt shows 1 conversation of the data." in card_of(adapter, with_conversations=True).text
    assert "No conversation of the data is in these files." in card_of(add_adapter("milk")).text


def test_a_dry_run_shows_what_would_be_sent_and_sends_nothing(hub):
    adapter = add_adapter("tea", scores=[score_card(0.484)])
    shown, _ = send(adapter, dry_run=True)
    assert hub.requests == []
    assert not shown["sent"]
    result, _ = send(adapter)
    assert (result["files"], result["card"]) == (shown["files"], shown["card"])
    served = hub.folder / "models" / NAME
    assert {file["name"]: file["bytes"] for file in shown["files"]} == {
        path.name: path.stat().st_size for path in served.iterdir() if path.name != ".gitattributes"
    }


def test_licences_are_told_before_anything_is_sent(hub):
    adapter = add_adapter("tea")
    _, told = send(adapter, dry_run=True)
    assert told == [
        (
            "The base model google/flan-t5-base is under apache-2.0. You may share what you make from it if "
            "you name the licence and the authors."
        ),
        "The data is under CC BY-NC-ND 4.0. You may not share what you make from it.",
    ]
    with pytest.raises(AdapterError, match="may not share what you make from it"):
        send(adapter, public=True)
    assert hub.requests == []
    unknown = library.update(adapter, data=adapter.metadata.data.model_copy(update={"licence": ""}))
    _, told = send(unknown, public=True)
    assert told[1].startswith("The data's licence is unknown")
    assert hub.private == set()


def test_what_plain_peft_can_not_load_is_not_sent(hub):
    for method_id in ("bottleneck", "layernorm"):
        with pytest.raises(AdapterError, match="Plain PEFT can't load"):
            send(add_adapter(method_id, recipe=make_recipe(method_id=method_id)))
    with pytest.raises(AppError, match="can't be the name"):
        send(add_adapter("tea"), target="tea")


def test_a_changed_adapter_is_not_sent(hub):
    adapter = add_adapter("tea")
    with (adapter.folder / library.WEIGHTS_NAME).open("ab") as file:
        file.write(b"x")
    with pytest.raises(AdapterError, match=r"adapter_model\.safetensors of tea changed"):
        send(adapter)
