"""JSON exports of Slack, Telegram and Discord into turns."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engine import chats
from engine.chats import Chat

ANN = {"user": "U1", "user_profile": {"real_name": "Ann Lee"}}
SLACK: list[dict[str, Any]] = [
    {"type": "message", **ANN, "ts": "2.0", "text": "See <https://a.example|the plan> &amp; ask <@U2>"},
    {
        "type": "message", "user": "U2", "user_profile": {"display_name": "bob"}, "ts": "1.0",
        "text": "Hi <!here>",
    },
    {"type": "message", "subtype": "channel_join", "user": "U3", "ts": "0.5", "text": "<@U3> has joined"},
    {"type": "message", "user": "U1", "ts": "3.0", "text": "", "files": [{"name": "plan.pdf"}]},
]  # fmt: skip
TELEGRAM: dict[str, Any] = {
    "name": "Trip",
    "messages": [
        {"type": "service", "actor": "Ann", "action": "create_group", "date": "2023-12-31T21:15:00", "text": ""},
        {"type": "message", "from": "Ann", "date": "2023-12-31T21:16:00", "text": ["See ", {"text": "a.example"}]},
        {"type": "message", "from": "Bob", "date": "2023-12-31T21:17:00", "text": "", "media_type": "voice_message"},
        {"type": "message", "from": None, "date": "2023-12-31T21:18:00", "text": "Bye"},
    ],
}  # fmt: skip


def read(content: Any) -> Chat:
    return chats.read(json.dumps(content))


def left_out(chat: Chat) -> list[tuple[str, str]]:
    return [(each.kind, each.text) for each in chat.left_out]


def test_a_slack_channel_is_read_in_the_order_of_its_times_with_names_for_ids():
    for content in (SLACK, {"messages": SLACK}):
        chat = read(content)
        assert chat.kind == "slack"
        assert chat.text == "bob: Hi @here\nAnn Lee: See the plan & ask @bob"
        assert left_out(chat) == [("system", "U3: @U3 has joined"), ("media", "Ann Lee: plan.pdf")]


def test_what_a_program_says_in_slack_is_read_from_its_attachments_and_blocks():
    bot = {"type": "message", "subtype": "bot_message", "bot_id": "B1", "username": "ci", "text": ""}
    chat = read([
        {**bot, "ts": "1.0", "attachments": [{"fallback": "x", "title": "Build 1", "text": "is green"}]},
        {**bot, "ts": "2.0", "attachments": [{"fallback": "Build 2 is red"}]},
        {**bot, "ts": "3.0", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "All done"}}]},
        {"type": "message", **ANN, "ts": "4.0", "text": "See", "attachments": [{"from_url": "a", "text": "A page"}]},
    ])  # fmt: skip
    assert [turn.text for turn in chat.turns] == ["Build 1\nis green", "Build 2 is red", "All done", "See"]


def chatgpt(number: int, role: str, **more: Any) -> dict[str, Any]:
    content = {"content_type": "text", "parts": [f"{number}"]}
    return {"message": {"author": {"role": role}, "create_time": number, "content": content}, **more}


def test_a_conversation_with_chatgpt_is_whole_also_where_nothing_names_a_parent():
    said = ["User: 1", "Assistant: 2", "User: 3"]
    linked = {
        "a": chatgpt(1, "user", children=["b", "x"]),
        "x": chatgpt(9, "assistant", children=[]),
        "b": chatgpt(2, "assistant", children=["c"]),
        "c": chatgpt(3, "user", children=[]),
    }
    loose = {"b": chatgpt(2, "assistant"), "a": chatgpt(1, "user"), "c": chatgpt(3, "user", parent=None)}
    for mapping in (linked, loose):
        assert read([{"title": "T", "mapping": mapping, "current_node": "c"}]).text.splitlines() == said


def test_a_chat_of_hipchat_is_none_of_telegram():
    message = {
        "type": "message", "from": {"name": "Ann"}, "date": "2016-01-01T10:00:00+00:00", "message": "Hi",
    }  # fmt: skip
    chat = read({"messages": [message, {**message, "from": {"name": "Bob"}, "message": "Yo"}]})
    assert (chat.kind, chat.text) == ("turns", "Ann: Hi\nBob: Yo")


def test_a_meeting_of_fireflies_has_its_summary():
    sentences = [
        {"index": n, "speaker_name": name, "text": "Hi.", "raw_text": "hi"}
        for n, name in enumerate(("Ann", "Bob"))
    ]
    transcript = {
        "title": "Weekly", "sentences": sentences, "summary": {"overview": "They greet.", "keywords": []},
    }  # fmt: skip
    for content in (transcript, {"data": {"transcript": transcript}}):
        whole = chats.document_in(content)
        assert whole is not None
        assert (whole.chat().text, whole.summary) == ("Ann: Hi.\nBob: Hi.", "They greet.")


def test_a_telegram_chat_is_read_with_its_links():
    chat = read(TELEGRAM)
    assert (chat.kind, chat.text) == ("telegram", "Ann: See a.example\nDeleted account: Bye")
    assert left_out(chat) == [("system", "Ann: create_group"), ("media", "Bob: voice message")]


VALUE = st.recursive(
    st.none() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["text", "name", "messages", "list", "from"]), inner, max_size=3)
    ),
    max_leaves=6,
)
KEYS = [
    "type", "from", "actor", "date", "text", "ts", "user", "author", "content", "timestamp", "files",
    "attachments",
]  # fmt: skip
ENTRY = st.dictionaries(st.sampled_from(KEYS), VALUE | st.sampled_from(["message", "service", "Default"]))
CONTENT = (
    VALUE
    | st.lists(ENTRY | VALUE, max_size=4)
    | st.fixed_dictionaries({"messages": st.lists(ENTRY, max_size=4), "chats": VALUE})
)


@given(CONTENT)
def test_any_json_ends_in_a_chat(content):
    assert all(turn.text for turn in read(content).turns)


def graph(number: int, name: str, content: str, kind: str = "text", **more: Any) -> dict[str, Any]:
    """Return a message as Graph gives it."""
    return {
        "id": str(number), "messageType": "message", "createdDateTime": f"2024-01-02T10:0{number}:00.123Z",
        "from": {"application": None, "user": {"displayName": name}},
        "body": {"contentType": kind, "content": content}, "attachments": [], **more,
    }  # fmt: skip


def test_messages_of_graph_are_read_oldest_first_with_their_answers():
    html = '<div><p>Yes &amp; <at id="0">Ann</at></p><p>ok <emoji alt="🙂"></emoji></p><img src="x"></div>'
    files = [{"contentType": "reference", "name": "plan.docx"}, {"contentType": "messageReference"}]
    first = graph(1, "Ann", "Review < today?", replies=[graph(3, "Ann", "b"), graph(2, "Bob", "a")])
    chat = read({"@odata.context": "x", "value": [graph(4, "Bob", html, "html", attachments=files), first]})
    assert (chat.kind, chat.reason) == ("teams", "2 messages with sender, time and body")
    assert chat.text == "Ann: Review < today?\nBob: a\nAnn: b\nBob: Yes & Ann\nok 🙂"
    assert left_out(chat) == [("media", "Bob: picture"), ("media", "Bob: plan.docx")]


def test_messages_of_teams_follow_each_other_by_their_offsets():
    times = {"b": "2024-01-01T11:30:00+02:00", "c": "2024-01-01T10:00:00Z", "a": "2024-01-01T09:15:00Z"}
    chat = read([graph(1, "Ann", said, createdDateTime=time) for said, time in times.items()])
    assert [turn.text for turn in chat.turns] == ["a", "b", "c"]


def test_what_teams_itself_writes_and_what_was_deleted_is_left_out():
    added = {"@odata.type": "#microsoft.graph.membersAddedEventMessageDetail"}
    event = graph(1, "", "<systemEventMessage/>", messageType="systemEventMessage", eventDetail=added)
    gone = graph(2, "Ann", "", deletedDateTime="2024-01-02T11:00:00Z")
    chat = read([{**event, "from": None}, gone, graph(3, "Ann", "Hi")])
    assert chat.text == "Ann: Hi"
    assert left_out(chat) == [("system", "Teams: membersAdded"), ("system", "Ann: deleted message")]


def personal(number: int, sender: str, kind: str, content: str) -> dict[str, Any]:
    time = f"2024-01-02T10:0{number}:00Z"
    return {"from": sender, "messagetype": kind, "content": content, "originalarrivaltime": time}


def test_the_export_of_a_personal_account_of_teams_is_read():
    quoted = (
        "<quote><legacyquote>[1] Ann: </legacyquote>go?<legacyquote>&lt;&lt;&lt; </legacyquote></quote>ok"
    )
    messages = [
        personal(3, "8:live:bob", "RichText/Html", quoted),
        personal(2, "8:live:ann", "Text", "go? <3"),
        personal(4, "8:live:bob", "RichText/UriObject", "<URIObject>See the picture</URIObject>"),
        personal(1, "19:x@thread", "ThreadActivity/AddMember", "<addmember/>"),
    ]
    chat = read({"userId": "8:live:ann", "conversations": [{"displayName": "Ops", "MessageList": messages}]})
    assert (chat.kind, chat.text) == ("teams", "ann: go? <3\nbob: go?ok")
    assert left_out(chat) == [
        ("system", "x@thread: threadactivity/addmember"),
        ("media", "bob: See the picture"),
    ]


def test_rows_of_a_table_are_no_messages():
    rows = [
        {"author": "ann", "content": "Long", "timestamp": "2024", "summary": "Short"},
        {"ts": "1", "user": "ann", "text": "Hi", "summary": "Short"},
        {"messages": SLACK, "summary": "They plan."},
    ]
    assert [read([row]).is_export for row in rows] == [False, False, False]
