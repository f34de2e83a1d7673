import pytest

from engine.errors import AppError, OfflineError
from engine.worker.hub import upload
from engine.worker.runtime.channel import Stopped
from tests.helpers.fake_hub import FakeHub, use_hub

NAME = "someone/summaries"
CARD = "---\ntunesmith_adapter: mine\n---\n# Mine\n"
WEIGHTS = bytes(range(256)) * 1_000


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A hub that knows one token, which this process has."""
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    with use_hub(FakeHub(tmp_path / "served"), tmp_path / "cache", monkeypatch) as served:
        served.known_token = "hf_secret"
        yield served


@pytest.fixture
def files(tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "README.md").write_text(CARD)
    (folder / "adapter_model.safetensors").write_bytes(WEIGHTS)
    return {path.name: path for path in sorted(folder.iterdir())}


def push(files, name=NAME, *, private=True, progress=None, cancelled=lambda: False):
    upload.push(
        name, files, "mine", private=private,
        on_progress=lambda *now: None if progress is None else progress.append(now), cancelled=cancelled,
    )  # fmt: skip


def sent(hub, what="PUT "):
    return [request for request in hub.requests if request.startswith(what)]


def test_files_arrive_in_a_private_repository(hub, files):
    progress = []
    push(files, progress=progress)
    folder = hub.folder / "models" / NAME
    assert (folder / "adapter_model.safetensors").read_bytes() == WEIGHTS
    assert (folder / "README.md").read_text() == CARD
    assert hub.private == {NAME}
    total = len(WEIGHTS) + len(CARD)
    assert progress[-1] == (total, total, "bytes")
    done = [now[0] for now in progress]
    assert done == sorted(done)
    assert any(len(CARD) < now < total for now in done)


def test_what_is_there_is_not_sent_again_and_a_new_card_is(hub, files):
    push(files)
    push(files)
    assert len(sent(hub)) == 1
    assert len(sent(hub, f"POST /api/models/{NAME}/commit")) == 1
    files["README.md"].write_text(CARD + "More.\n")
    push(files)
    assert len(sent(hub)) == 1
    assert (hub.folder / "models" / NAME / "README.md").read_text().endswith("More.\n")


def test_a_cut_connection_is_tried_again(hub, files):
    hub.upload_cuts = [70_000]
    push(files)
    assert len(sent(hub)) == 2
    assert (hub.folder / "models" / NAME / "adapter_model.safetensors").read_bytes() == WEIGHTS


def test_after_a_connection_that_stays_cut_a_second_call_goes_on(hub, files, tmp_path):
    second = tmp_path / "files" / "b.safetensors"
    second.write_bytes(WEIGHTS[::-1])
    files |= {"b.safetensors": second}
    cuts = [None, *[1_000] * 100]
    hub.upload_cuts = cuts
    with pytest.raises(OfflineError, match="connection to the hub was lost"):
        push(files)
    assert not (hub.folder / "models" / NAME / "README.md").exists()
    hub.upload_cuts = []
    before = len(sent(hub))
    push(files)
    assert len(sent(hub)) == before + 1
    assert (hub.folder / "models" / NAME / "b.safetensors").read_bytes() == WEIGHTS[::-1]


def test_a_cancel_is_heard_while_a_file_is_sent(hub, files):
    progress = []
    with pytest.raises(Stopped):
        push(files, progress=progress, cancelled=lambda: bool(progress) and progress[-1][0] > 100_000)
    assert sent(hub, f"POST /api/models/{NAME}/commit") == []
    assert not (hub.folder / "objects").exists()
    push(files)
    assert (hub.folder / "models" / NAME / "README.md").exists()


@pytest.mark.parametrize(
    "name", ["summaries", "a/b/c", "someone/-x", "someone/a b", "someone/a--b", "/", "../x"]
)
def test_what_is_no_name_is_refused_before_anything_is_sent(hub, files, name):
    with pytest.raises(AppError, match="can't be the name"):
        push(files, name)
    assert hub.requests == []


def test_a_name_of_somebody_else_is_refused(hub, files):
    with pytest.raises(AppError, match=r"other is someone else's account; yours is someone\."):
        push(files, "other/summaries")
    hub.orgs = ("other",)
    push(files, "other/summaries")
    assert hub.private == {"other/summaries"}


def test_a_repository_with_something_else_in_it_is_left_alone(hub, files):
    taken = hub.folder / "models" / NAME
    taken.mkdir(parents=True)
    (taken / "README.md").write_text("---\nlicense: mit\n---\nOther work.\n")
    hub.private.add(NAME)
    with pytest.raises(AppError, match="exists and contains something else"):
        push(files)
    assert (taken / "README.md").read_text().endswith("Other work.\n")


def test_a_public_repository_gets_nothing_that_should_be_private(hub, files):
    push(files, private=False)
    with pytest.raises(AppError, match="is public"):
        push(files)


@pytest.mark.parametrize("exists", [False, True])
def test_a_token_without_the_right_to_write_is_told(hub, files, exists):
    if exists:
        push(files)
        files["README.md"].write_text(CARD + "More.\n")
    hub.locked.add(NAME)
    with pytest.raises(AppError, match=f"has no write access to {NAME}"):
        push(files)


def test_no_token_and_a_wrong_one_are_told(hub, files, monkeypatch, tmp_path):
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    with pytest.raises(AppError, match="rejected the token") as told:
        push(files)
    assert "hf_wrong" not in f"{told.value.message}{told.value.hint}"
    monkeypatch.delenv("HF_TOKEN")
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "none"))
    hub.requests.clear()
    with pytest.raises(AppError, match="requires a token") as told:
        push(files)
    assert "hf auth login" in told.value.hint
    assert hub.requests == []


def test_offline_and_unreachable_and_unwell_are_told(hub, files, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(OfflineError, match="Tunesmith is offline"):
        push(files)
    monkeypatch.delenv("HF_HUB_OFFLINE")
    hub.status = 500
    with pytest.raises(AppError, match="answered with an error"):
        push(files)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")
    with pytest.raises(OfflineError, match="can't be reached"):
        push(files)
