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
        "type": "message",
        "user": "U2",
        "user_profile": {"display_name": "bob"},
        "ts": "1.0",
        "text": "Hi <!here>",
    },
    {"type": "message", "subtype": "channel_join", "user": "U3", "ts": "0.5", "text": "<@U3> has joined"},
    {"type": "message", "user": "U1", "ts": "3.0", "text": "", "files": [{"name": "plan.pdf"}]},
]
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


def test_a_slack_channel_is_read_in_the_order_of_its_times_with_names_for_ids() -> None:
    for content in (SLACK, {"messages": SLACK}):
        chat = read(content)
        assert chat.kind == "slack"
        assert chat.text == "bob: Hi @here\nAnn Lee: See the plan & ask @bob"
        assert left_out(chat) == [("system", "U3: @U3 has joined"), ("media", "Ann Lee: plan.pdf")]


def test_a_telegram_chat_is_read_with_its_links() -> None:
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
    "type",
    "from",
    "actor",
    "date",
    "text",
    "ts",
    "user",
    "author",
    "content",
    "timestamp",
    "files",
    "attachments",
]
ENTRY = st.dictionaries(st.sampled_from(KEYS), VALUE | st.sampled_from(["message", "service", "Default"]))
CONTENT = (
    VALUE
    | st.lists(ENTRY | VALUE, max_size=4)
    | st.fixed_dictionaries({"messages": st.lists(ENTRY, max_size=4), "chats": VALUE})
)


@given(CONTENT)
def test_any_json_ends_in_a_chat(content: Any) -> None:
    assert all(turn.text for turn in read(content).turns)


# ----------------------------------------------------------------------------------------------------------- Teams
def graph(number: int, name: str, content: str, kind: str = "text", **more: Any) -> dict[str, Any]:
    """Return a message as Graph gives it."""
    return {
        "id": str(number),
        "messageType": "message",
        "createdDateTime": f"2024-01-02T10:0{number}:00.123Z",
        "from": {"application": None, "user": {"displayName": name}},
        "body": {"contentType": kind, "content": content},
        "attachments": [],
        **more,
    }


def test_messages_of_graph_are_read_oldest_first_with_their_answers() -> None:
    html = '<div><p>Yes &amp; <at id="0">Ann</at></p><p>ok <emoji alt="🙂"></emoji></p><img src="x"></div>'
    files = [{"contentType": "reference", "name": "plan.docx"}, {"contentType": "messageReference"}]
    first = graph(1, "Ann", "Review < today?", replies=[graph(3, "Ann", "b"), graph(2, "Bob", "a")])
    chat = read({"@odata.context": "x", "value": [graph(4, "Bob", html, "html", attachments=files), first]})
    assert (chat.kind, chat.reason) == ("teams", "2 messages with sender, time and body")
    assert chat.text == "Ann: Review < today?\nBob: a\nAnn: b\nBob: Yes & Ann\nok 🙂"
    assert left_out(chat) == [("media", "Bob: picture"), ("media", "Bob: plan.docx")]


def test_what_teams_itself_writes_and_what_was_deleted_is_left_out() -> None:
    added = {"@odata.type": "#microsoft.graph.membersAddedEventMessageDetail"}
    event = graph(1, "", "<systemEventMessage/>", messageType="systemEventMessage", eventDetail=added)
    gone = graph(2, "Ann", "", deletedDateTime="2024-01-02T11:00:00Z")
    chat = read([{**event, "from": None}, gone, graph(3, "Ann", "Hi")])
    assert chat.text == "Ann: Hi"
    assert left_out(chat) == [("system", "Teams: membersAdded"), ("system", "Ann: deleted message")]


def personal(number: int, sender: str, kind: str, content: str) -> dict[str, Any]:
    """Return a message as the export of a personal account has it."""
    time = f"2024-01-02T10:0{number}:00Z"
    return {"from": sender, "messagetype": kind, "content": content, "originalarrivaltime": time}


def test_the_export_of_a_personal_account_of_teams_is_read() -> None:
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


def test_rows_of_a_table_are_no_messages() -> None:
    rows = [
        {"author": "ann", "content": "Long", "timestamp": "2024", "summary": "Short"},
        {"ts": "1", "user": "ann", "text": "Hi", "summary": "Short"},
        {"messages": SLACK, "summary": "They plan."},
    ]
    assert [read([row]).is_export for row in rows] == [False, False, False]
