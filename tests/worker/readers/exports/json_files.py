"""JSON exports of applications, and JSON objects that are one conversation."""

from tests.worker.readers.exports.case import Case

CASES = (
    Case(
        "slack.json",
        """
        [{"type": "message", "user": "U1", "ts": "1704448800.000100", "text": "Hi &amp; bye",
        "user_profile": {"real_name": "Ann"}}, {"type": "message", "user": "U2", "ts": "1704448860.000100",
        "text": "Yo", "user_profile": {"real_name": "Bob"}}, {"type": "message", "subtype": "channel_join",
        "user": "U2", "ts": "1704448861.000100", "text": "<@U2> has joined"}]
        """,
        "slack",
        "Ann: Hi & bye\nBob: Yo",
        "1 system line",
    ),
    Case(
        "message_1.json",
        r"""
        {"participants": [{"name": "Ann"}, {"name": "Bob"}], "messages": [{"sender_name": "Bob",
        "timestamp_ms": 1704568800000, "content": "spÃ¤ter â\u009d¤"}, {"sender_name": "Bob",
        "timestamp_ms": 1704448980000, "content": "Reacted ð\u009f\u0098\u0082 to your message "},
        {"sender_name": "Bob", "timestamp_ms": 1704448920000, "photos": [{"uri": "photos/1.jpg"}]},
        {"sender_name": "Bob", "timestamp_ms": 1704448860000, "content": "Yo"}, {"sender_name": "Ann",
        "timestamp_ms": 1704448800000, "content": "Hi"}], "title": "Bob", "thread_path": "inbox/bob_1"}
        """,
        "messenger",
        "Ann: Hi\nBob: Yo\n---\nBob: später ❤",
        "1 system line and 1 media tag",
    ),
    Case(
        "Bob_1.json",
        """
        {"participants": ["Ann", "Bob"], "threadName": "Bob_1", "messages": [{"isUnsent": false, "media": [],
        "senderName": "Ann", "text": "Hi", "timestamp": 1704448800000, "type": "text"}, {"isUnsent": false,
        "media": [], "senderName": "Bob", "text": "Yo", "timestamp": 1704448860000, "type": "text"}]}
        """,
        "messenger",
        "Ann: Hi\nBob: Yo",
        about="encrypted",
    ),
    Case(
        "instagram.json",
        """
        {"participants": [{"name": "Ann"}, {"name": "Bob"}], "messages": [{"sender_name": "Bob",
        "timestamp_ms": 1704448860000, "content": "Yo"}, {"sender_name": "Bob", "timestamp_ms": 1704448860000,
        "content": "Liked a message"}, {"sender_name": "Ann", "timestamp_ms": 1704448800000, "content": "Hi",
        "share": {"link": "https://example.org"}}], "magic_words": [], "thread_path": "inbox/bob_2"}
        """,
        "messenger",
        "Ann: Hi\nBob: Yo",
        "1 system line and 1 media tag",
    ),
    Case(
        "google-chat.json",
        r"""
        {"messages": [{"creator": {"name": "Ann", "email": "Ann@example.org", "user_type": "Human"},
        "created_date": "Friday, January 5, 2024 at 10:00:12\u202fAM UTC", "text": "Hi", "topic_id": "t",
        "message_id": "Friday, January 5, 2024 at 10:00:12\u202fAM UTC"}, {"creator": {"name": "Bob",
        "email": "Bob@example.org", "user_type": "Human"},
        "created_date": "Friday, January 5, 2024 at 10:01:12\u202fAM UTC", "text": "Yo", "topic_id": "t",
        "message_id": "Friday, January 5, 2024 at 10:01:12\u202fAM UTC"}, {"creator": {"name": "Bob",
        "email": "Bob@example.org", "user_type": "Human"},
        "created_date": "Friday, January 5, 2024 at 7:01:12\u202fPM UTC", "text": "Still?", "topic_id": "t",
        "message_id": "Friday, January 5, 2024 at 7:01:12\u202fPM UTC",
        "attached_files": [{"original_name": "a.pdf"}]}]}
        """,
        "google_chat",
        "Ann: Hi\nBob: Yo\n---\nBob: Still?",
        "1 media tag",
    ),
    Case(
        "element.json",
        r"""
        {"room_name": "Bread", "exported_by": "ann", "messages": [{"type": "m.room.member",
        "sender": "@bob:example.org", "state_key": "@bob:example.org", "content": {"displayname": "Bob",
        "membership": "join"}, "origin_server_ts": 1704448740000}, {"type": "m.room.message",
        "sender": "@Ann:example.org", "content": {"msgtype": "m.text", "body": "Hi"},
        "origin_server_ts": 1704448800000, "event_id": "$0"}, {"type": "m.room.message",
        "sender": "@bob:example.org", "content": {"msgtype": "m.text",
        "body": "> <@Ann:example.org> Hi\n\nYo"}, "origin_server_ts": 1704448860000, "event_id": "$1"},
        {"type": "m.room.message", "sender": "@bob:example.org", "content": {"msgtype": "m.image",
        "body": "cat.png"}, "origin_server_ts": 1704448920000, "event_id": "$2"}, {"type": "m.room.message",
        "sender": "@bob:example.org", "content": {"msgtype": "m.text", "body": " * Yo!",
        "m.relates_to": {"rel_type": "m.replace", "event_id": "$1"}}, "origin_server_ts": 1704448980000,
        "event_id": "$3"}]}
        """,
        "matrix",
        "Ann: Hi\nBob: Yo",
        "2 system lines, 1 media tag and 1 quoted message",
    ),
    Case(
        "conversations.json",
        """
        [{"title": "Bread", "create_time": 1704448800.0, "mapping": {"r": {"id": "r", "message": null,
        "parent": null, "children": ["s"]}, "s": {"id": "s", "message": {"id": "s",
        "author": {"role": "system"}, "create_time": 1704448800.0, "content": {"content_type": "text",
        "parts": [""]}, "metadata": {}}, "parent": "r", "children": ["a"]}, "a": {"id": "a",
        "message": {"id": "a", "author": {"role": "user"}, "create_time": 1704448800.0,
        "content": {"content_type": "text", "parts": ["How long?"]}, "metadata": {}}, "parent": "s",
        "children": ["b", "c"]}, "b": {"id": "b", "message": {"id": "b", "author": {"role": "assistant"},
        "create_time": 1704448800.0, "content": {"content_type": "text", "parts": ["A day."]},
        "metadata": {}}, "parent": "a", "children": []}, "c": {"id": "c", "message": {"id": "c",
        "author": {"role": "assistant"}, "create_time": 1704448800.0, "content": {"content_type": "text",
        "parts": ["An hour."]}, "metadata": {}}, "parent": "a", "children": []}}, "current_node": "c"}]
        """,
        "chatgpt",
        "User: How long?\nAssistant: An hour.",
    ),
    Case(
        "claude.json",
        """
        [{"uuid": "1", "name": "Bread", "summary": "", "chat_messages": [{"sender": "human",
        "text": "How long?", "created_at": "2024-01-05T10:00:00Z", "files": [{"file_name": "a.pdf"}]},
        {"sender": "assistant", "text": "", "content": [{"type": "thinking", "thinking": "…"},
        {"type": "text", "text": "An hour."}], "created_at": "2024-01-05T10:00:09Z"}]}]
        """,
        "claude",
        "Human: How long?\nAssistant: An hour.",
        "1 media tag",
    ),
    Case(
        "signal.jsonl",
        """
        {"date": "2024-01-05 10:00:12", "sender": "Ann", "body": "Hi", "quote": "", "attachments": []}
        {"date": "2024-01-05 10:01:12", "sender": "Bob", "body": "Yo", "quote": "> Hi", "attachments": [{}]}
        """,
        "signal",
        "Ann: Hi\nBob: Yo",
        "1 media tag and 1 quoted message",
    ),
    Case(
        "signal-cli.json",
        """
        {"envelope": {"sourceName": "Ann", "timestamp": 1704448800000, "dataMessage": {"message": "Hi"}}}
        {"envelope": {"sourceName": "Bob", "timestamp": 1704535200000, "dataMessage": {"message": "Yo"}}}
        """,
        "signal",
        "Ann: Hi\n---\nBob: Yo",
    ),
    Case(
        "webex.json",
        """
        {"items": [{"id": "2", "roomId": "r", "personEmail": "Bob", "text": "Yo",
        "created": "2024-01-05T10:01:00.000Z"}, {"id": "1", "roomId": "r", "personEmail": "Ann", "text": "Hi",
        "created": "2024-01-05T10:00:00.000Z", "files": ["https://example.org/1"]}]}
        """,
        "webex",
        "Ann: Hi\nBob: Yo",
        "1 media tag",
    ),
    Case(
        "telegram.json",
        """
        {"name": "Trip", "type": "private_group", "messages": [{"id": 1, "type": "service",
        "date": "2024-01-05T09:59:00", "actor": "Ann", "action": "create_group", "text": ""},
        {"id": 2, "type": "message", "date": "2024-01-05T10:00:00", "from": "Ann", "text": ["H",
        {"type": "bold", "text": "i"}]}, {"id": 3, "type": "message",
        "date": "2024-01-05T10:01:00", "from": "Bob", "text": "Yo", "photo": "a.jpg"}]}
        """,
        "telegram",
        "Ann: Hi\nBob: Yo",
        "1 system line and 1 media tag",
    ),
    Case(
        "discord.json",
        """
        {"guild": {"name": "Bakers"}, "channel": {"name": "bread"}, "messages": [{"type": "Default",
        "timestamp": "2024-01-05T10:00:00+00:00", "content": "Hi", "author": {"name": "ann",
        "nickname": "Ann"}}, {"type": "GuildMemberJoin", "timestamp": "2024-01-05T10:00:30+00:00",
        "content": "Joined.", "author": {"name": "Bob"}}, {"type": "Reply",
        "timestamp": "2024-01-05T10:01:00+00:00", "content": "Yo", "author": {"name": "Bob"}}]}
        """,
        "discord",
        "Ann: Hi\nBob: Yo",
        "1 system line",
    ),
    Case(
        "graph.json",
        """
        {"value": [{"messageType": "message", "createdDateTime": "2024-01-05T10:01:00Z",
        "from": {"user": {"displayName": "Bob"}}, "body": {"contentType": "html", "content": "<p>Yo</p>"}},
        {"messageType": "message", "createdDateTime": "2024-01-05T10:00:00Z",
        "from": {"user": {"displayName": "Ann"}}, "body": {"contentType": "html", "content": "<p>Hi</p>"}}]}
        """,
        "teams",
        "Ann: Hi\nBob: Yo",
    ),
    Case(
        "skype.json",
        """
        {"userId": "8:live:ann", "conversations": [{"id": "8:bob", "displayName": "Bob",
        "MessageList": [{"displayName": "Bob", "originalarrivaltime": "2024-01-05T10:01:00Z",
        "messagetype": "RichText", "content": "Yo", "from": "8:live:Bob"},
        {"displayName": "Ann", "originalarrivaltime": "2024-01-05T10:00:00Z",
        "messagetype": "RichText", "content": "Hi", "from": "8:live:Ann"}]}]}
        """,
        "teams",
        "Ann: Hi\nBob: Yo",
        about="skype",
    ),
    Case(
        "turns.json",
        """
        {"id": "7", "turns": [{"speaker": "Ann", "text": "Hi"}, {"speaker": "Bob", "text": "Yo"}]}
        """,
        "turns",
        "Ann: Hi\nBob: Yo",
    ),
    Case(
        "messages.json",
        """
        {"model": "…", "messages": [{"role": "user", "content": "Hi"}, {"role": "assistant",
        "content": [{"type": "text", "text": "Yo"}]}]}
        """,
        "turns",
        "user: Hi\nassistant: Yo",
    ),
    Case(
        "summarised.json",
        """
        {"dialogue": [{"speaker": "Ann", "utterance": "Hi"}, {"speaker": "Bob", "utterance": "Yo"}]}
        """,
        "turns",
        "Ann: Hi\nBob: Yo",
    ),
)
