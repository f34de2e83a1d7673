"""JSON exports of applications and of speech recognition, and JSON objects that are one conversation."""

from __future__ import annotations

import json
from typing import Any

from tests.worker.readers.exports.case import Case

GREETING = "Ann: Hi\nBob: Yo"
# 2024-01-05 10:00 as thousandths of a second since 1970.
MORNING = 1_704_448_800_000
MINUTE, DAY = 60_000, 86_400_000


def lines(*rows: Any) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def dump(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, indent=1)


def meta(name: str, minutes: float, **more: Any) -> dict[str, Any]:
    return {"sender_name": name, "timestamp_ms": MORNING + int(minutes * MINUTE), **more}


def encrypted(name: str, minutes: float, text: str, **more: Any) -> dict[str, Any]:
    sent = MORNING + int(minutes * MINUTE)
    return {
        "isUnsent": False,
        "media": [],
        "senderName": name,
        "text": text,
        "timestamp": sent,
        "type": "text",
        **more,
    }


def google(name: str, when: str, text: str, **more: Any) -> dict[str, Any]:
    creator = {"name": name, "email": f"{name}@example.org", "user_type": "Human"}
    return {
        "creator": creator,
        "created_date": when,
        "text": text,
        "topic_id": "t",
        "message_id": when,
        **more,
    }


def matrix(sender: str, minutes: int, kind: str = "m.text", body: str = "", **more: Any) -> dict[str, Any]:
    content = {"msgtype": kind, "body": body, **more}
    return {
        "type": "m.room.message",
        "sender": f"@{sender}:example.org",
        "content": content,
        "origin_server_ts": MORNING + minutes * MINUTE,
        "event_id": f"${minutes}",
    }


def node(name: str, parent: str | None, role: str, text: str, *children: str) -> dict[str, Any]:
    message = {
        "id": name,
        "author": {"role": role},
        "create_time": MORNING / 1000,
        "content": {"content_type": "text", "parts": [text]},
        "metadata": {},
    }
    return {"id": name, "message": message if role else None, "parent": parent, "children": list(children)}


SLACK = [
    {
        "type": "message",
        "user": "U1",
        "ts": "1704448800.000100",
        "text": "Hi &amp; bye",
        "user_profile": {"real_name": "Ann"},
    },
    {
        "type": "message",
        "user": "U2",
        "ts": "1704448860.000100",
        "text": "Yo",
        "user_profile": {"real_name": "Bob"},
    },
    {
        "type": "message",
        "subtype": "channel_join",
        "user": "U2",
        "ts": "1704448861.000100",
        "text": "<@U2> has joined",
    },
]

CASES = (
    Case("slack.json", dump(SLACK), "slack", "Ann: Hi & bye\nBob: Yo", "1 system line"),
    Case(
        "message_1.json",
        dump(
            {
                "participants": [{"name": "Ann"}, {"name": "Bob"}],
                "messages": [
                    meta("Bob", 2000, content="sp\u00c3\u00a4ter \u00e2\u009d\u00a4"),
                    meta("Bob", 3, content="Reacted \u00f0\u009f\u0098\u0082 to your message "),
                    meta("Bob", 2, photos=[{"uri": "photos/1.jpg"}]),
                    meta("Bob", 1, content="Yo"),
                    meta("Ann", 0, content="Hi"),
                ],
                "title": "Bob",
                "thread_path": "inbox/bob_1",
            }
        ),
        "messenger",
        f"{GREETING}\n---\nBob: später ❤",
        "1 system line and 1 media tag",
    ),
    Case(
        "Bob_1.json",
        dump(
            {
                "participants": ["Ann", "Bob"],
                "threadName": "Bob_1",
                "messages": [encrypted("Ann", 0, "Hi"), encrypted("Bob", 1, "Yo")],
            }
        ),
        "messenger",
        GREETING,
        about="encrypted",
    ),
    Case(
        "instagram.json",
        dump(
            {
                "participants": [{"name": "Ann"}, {"name": "Bob"}],
                "messages": [
                    meta("Bob", 1, content="Yo"),
                    meta("Bob", 1, content="Liked a message"),
                    meta("Ann", 0, content="Hi", share={"link": "https://example.org"}),
                ],
                "magic_words": [],
                "thread_path": "inbox/bob_2",
            }
        ),
        "messenger",
        GREETING,
        "1 system line and 1 media tag",
    ),
    Case(
        "google-chat.json",
        dump(
            {
                "messages": [
                    google("Ann", "Friday, January 5, 2024 at 10:00:12\u202fAM UTC", "Hi"),
                    google("Bob", "Friday, January 5, 2024 at 10:01:12\u202fAM UTC", "Yo"),
                    google(
                        "Bob",
                        "Friday, January 5, 2024 at 7:01:12\u202fPM UTC",
                        "Still?",
                        attached_files=[{"original_name": "a.pdf"}],
                    ),
                ]
            }
        ),
        "google_chat",
        f"{GREETING}\n---\nBob: Still?",
        "1 media tag",
    ),
    Case(
        "element.json",
        dump(
            {
                "room_name": "Bread",
                "exported_by": "ann",
                "messages": [
                    {
                        "type": "m.room.member",
                        "sender": "@bob:example.org",
                        "state_key": "@bob:example.org",
                        "content": {"displayname": "Bob", "membership": "join"},
                        "origin_server_ts": MORNING - MINUTE,
                    },
                    matrix("Ann", 0, body="Hi"),
                    matrix("bob", 1, body="> <@Ann:example.org> Hi\n\nYo"),
                    matrix("bob", 2, "m.image", "cat.png"),
                    matrix(
                        "bob",
                        3,
                        body=" * Yo!",
                        **{"m.relates_to": {"rel_type": "m.replace", "event_id": "$1"}},
                    ),
                ],
            }
        ),
        "matrix",
        GREETING,
        "2 system lines, 1 media tag and 1 quoted message",
    ),
    Case(
        "conversations.json",
        dump(
            [
                {
                    "title": "Bread",
                    "create_time": MORNING / 1000,
                    "mapping": {
                        "r": node("r", None, "", "", "s"),
                        "s": node("s", "r", "system", "", "a"),
                        "a": node("a", "s", "user", "How long?", "b", "c"),
                        "b": node("b", "a", "assistant", "A day."),
                        "c": node("c", "a", "assistant", "An hour."),
                    },
                    "current_node": "c",
                }
            ]
        ),
        "chatgpt",
        "User: How long?\nAssistant: An hour.",
    ),
    Case(
        "claude.json",
        dump(
            [
                {
                    "uuid": "1",
                    "name": "Bread",
                    "summary": "",
                    "chat_messages": [
                        {
                            "sender": "human",
                            "text": "How long?",
                            "created_at": "2024-01-05T10:00:00Z",
                            "files": [{"file_name": "a.pdf"}],
                        },
                        {
                            "sender": "assistant",
                            "text": "",
                            "content": [
                                {"type": "thinking", "thinking": "…"},
                                {"type": "text", "text": "An hour."},
                            ],
                            "created_at": "2024-01-05T10:00:09Z",
                        },
                    ],
                }
            ]
        ),
        "claude",
        "Human: How long?\nAssistant: An hour.",
        "1 media tag",
    ),
    Case(
        "signal.jsonl",
        lines(
            {
                "date": "2024-01-05 10:00:12",
                "sender": "Ann",
                "body": "Hi",
                "quote": "",
                "reactions": [],
                "attachments": [],
            },
            {
                "date": "2024-01-05 10:01:12",
                "sender": "Bob",
                "body": "Yo",
                "quote": "> Hi",
                "reactions": [],
                "attachments": [{"name": "a.jpg"}],
            },
        ),
        "signal",
        GREETING,
        "1 media tag and 1 quoted message",
    ),
    Case(
        "signal-cli.json",
        lines(
            {"envelope": {"sourceName": "Ann", "timestamp": MORNING, "dataMessage": {"message": "Hi"}}},
            {"envelope": {"sourceName": "Bob", "timestamp": MORNING + DAY, "dataMessage": {"message": "Yo"}}},
        ),
        "signal",
        "Ann: Hi\n---\nBob: Yo",
    ),
    Case(
        "webex.json",
        dump(
            {
                "items": [
                    {
                        "id": "2",
                        "roomId": "r",
                        "personEmail": "Bob",
                        "text": "Yo",
                        "created": "2024-01-05T10:01:00.000Z",
                    },
                    {
                        "id": "1",
                        "roomId": "r",
                        "personEmail": "Ann",
                        "text": "Hi",
                        "created": "2024-01-05T10:00:00.000Z",
                        "files": ["https://example.org/1"],
                    },
                ]
            }
        ),
        "webex",
        GREETING,
        "1 media tag",
    ),
    Case(
        "telegram.json",
        dump(
            {
                "name": "Trip",
                "type": "private_group",
                "messages": [
                    {
                        "id": 1,
                        "type": "service",
                        "date": "2024-01-05T09:59:00",
                        "actor": "Ann",
                        "action": "create_group",
                        "text": "",
                    },
                    {
                        "id": 2,
                        "type": "message",
                        "date": "2024-01-05T10:00:00",
                        "from": "Ann",
                        "text": ["H", {"type": "bold", "text": "i"}],
                    },
                    {
                        "id": 3,
                        "type": "message",
                        "date": "2024-01-05T10:01:00",
                        "from": "Bob",
                        "text": "Yo",
                        "photo": "a.jpg",
                    },
                ],
            }
        ),
        "telegram",
        GREETING,
        "1 system line and 1 media tag",
    ),
    Case(
        "discord.json",
        dump(
            {
                "guild": {"name": "Bakers"},
                "channel": {"name": "bread"},
                "messages": [
                    {
                        "type": "Default",
                        "timestamp": "2024-01-05T10:00:00+00:00",
                        "content": "Hi",
                        "author": {"name": "ann", "nickname": "Ann"},
                    },
                    {
                        "type": "GuildMemberJoin",
                        "timestamp": "2024-01-05T10:00:30+00:00",
                        "content": "Joined.",
                        "author": {"name": "Bob"},
                    },
                    {
                        "type": "Reply",
                        "timestamp": "2024-01-05T10:01:00+00:00",
                        "content": "Yo",
                        "author": {"name": "Bob"},
                    },
                ],
            }
        ),
        "discord",
        GREETING,
        "1 system line",
    ),
    Case(
        "graph.json",
        dump(
            {
                "value": [
                    {
                        "messageType": "message",
                        "createdDateTime": f"2024-01-05T10:0{minute}:00Z",
                        "from": {"user": {"displayName": name}},
                        "body": {"contentType": "html", "content": f"<p>{text}</p>"},
                    }
                    for minute, name, text in ((1, "Bob", "Yo"), (0, "Ann", "Hi"))
                ]
            }
        ),
        "teams",
        GREETING,
    ),
    Case(
        "skype.json",
        dump(
            {
                "userId": "8:live:ann",
                "conversations": [
                    {
                        "id": "8:bob",
                        "displayName": "Bob",
                        "MessageList": [
                            {
                                "displayName": name,
                                "originalarrivaltime": f"2024-01-05T10:0{minute}:00Z",
                                "messagetype": "RichText",
                                "content": text,
                                "from": f"8:live:{name}",
                            }
                            for minute, name, text in ((1, "Bob", "Yo"), (0, "Ann", "Hi"))
                        ],
                    }
                ],
            }
        ),
        "teams",
        GREETING,
        about="skype",
    ),
    Case(
        "turns.json",
        dump({"id": "7", "turns": [{"speaker": "Ann", "text": "Hi"}, {"speaker": "Bob", "text": "Yo"}]}),
        "turns",
        GREETING,
    ),
    Case(
        "messages.json",
        dump(
            {
                "model": "…",
                "messages": [
                    {"role": "user", "content": "Hi"},
                    {"role": "assistant", "content": [{"type": "text", "text": "Yo"}]},
                ],
            }
        ),
        "turns",
        "user: Hi\nassistant: Yo",
    ),
    Case(
        "summarised.json",
        dump({"dialogue": [{"speaker": "Ann", "utterance": "Hi"}, {"speaker": "Bob", "utterance": "Yo"}]}),
        "turns",
        GREETING,
    ),
)
