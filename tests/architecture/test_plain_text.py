"""What data and models say is shown as it is: nothing of it is taken for markup, and no link is followed."""

import re

import pytest

from tests.helpers.repository import sources

# The one module with labels: one shows text, which is plain by how it is made, and one an icon.
LABELS = {"gui/widgets/labels.py"}
MARKUP = re.compile(
    r"QTextBrowser|QErrorMessage|\.setHtml\(|insertHtml|appendHtml|setMarkdown|insertMarkdown|setOpenExternalLinks|linkActivated"
    r"|setAcceptRichText\(True|TextFormat\.RichText|AutoText|LinksAccessible|TextBrowserInteraction"
)
FOREIGN_CODE = re.compile(
    r"trust_remote_code=(?!False)|torch\.load\(|\bpickle\b|apply_chat_template|render_jinja_template|weights_only=False"
)
# A process and its sandbox hand each other objects; nothing from a file comes there.
BETWEEN_PROCESSES = {"engine/system/sandbox.py"}
# The one module that runs a model's chat template: in Jinja's sandbox, in ours.
CHAT_TEMPLATES = "engine/worker/dataset/chat_template.py"
LOADING = re.compile(r"Auto\w+\.from_pretrained\((.*?)\)|loader\.from_\w+\((.*?)\n?\s*\)\n", re.DOTALL)


def test_nothing_in_the_window_shows_markup_or_follows_links_but_help_files():
    found = {name: MARKUP.findall(text) for name, text in sources("gui").items() if MARKUP.search(text)}
    assert found == {"gui/widgets/text_view.py": ["insertMarkdown"]}
    assert "MarkdownNoHTML" in sources("gui")["gui/widgets/text_view.py"]
    callers = {name for name, text in sources("gui").items() if ".set_markdown(" in text}
    assert callers == {"gui/pages/help/page.py"}


def test_every_label_is_of_the_plain_kind():
    made = re.compile(r"\bQLabel\(|\(QLabel\)")
    assert {name for name, text in sources("gui").items() if made.search(text)} == LABELS
    assert "setTextFormat(Qt.TextFormat.PlainText)" in sources("gui")["gui/widgets/labels.py"]


def test_every_message_box_shows_plain_text():
    boxes = {name: text for name, text in sources("gui").items() if "QMessageBox(" in text}
    assert boxes
    assert [
        name for name, text in boxes.items() if "box.setTextFormat(Qt.TextFormat.PlainText)" not in text
    ] == []


def test_no_code_of_a_models_own_is_run():
    engine = sources("engine")
    assert {name for name, text in engine.items() if FOREIGN_CODE.search(text)} == {
        *BETWEEN_PROCESSES,
        CHAT_TEMPLATES,
    }
    calls = [found.group() for text in engine.values() for found in LOADING.finditer(text)]
    assert len(calls) >= 4
    assert [call for call in calls if "trust_remote_code=False" not in call] == []


@pytest.mark.parametrize("said", ["<b>bold</b>", '<a href="http://x">x</a>', "<img src='file:///x'>"])
def test_a_tooltip_shows_markup_as_it_was_said(said):
    from gui.look.shown_texts import plain_tooltip

    assert "&lt;" in plain_tooltip(said)
    assert plain_tooltip("2 < 3 & so on") == "2 < 3 & so on"
