"""Turns in JSON and in tables that no application's names tell: who, what, and when, by usual names of columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from engine.chats.chat import Kind, Log
from engine.chats.json_exports.base import Entry, Export, Names, table, tables, text
from engine.chats.timestamps import EPOCH_DIGITS, moments

# By preference; "_", "-" and spaces count as the same.
SPEAKERS = (
    "sender_name", "sender", "from_name", "author_name", "author", "speaker_name", "speaker", "nickname",
    "nick", "username", "user_name", "display_name", "from", "user", "name", "participant", "role", "who",
    "person", "absender", "verfasser", "sprecher", "von", "nutzer", "auteur", "expéditeur", "locuteur",
    "remitente", "autor", "hablante", "de", "mittente", "remetente", "автор", "отправитель", "имя", "发送者",
    "发言人", "昵称", "送信者", "名前", "보낸_사람", "사용자", "المرسل",
)  # fmt: skip
TEXTS = (
    "text", "message_text", "strcontent", "message", "content", "body", "msg", "message_body", "utterance", "said",
    "value", "nachricht", "inhalt", "texte", "contenu", "mensaje", "texto", "contenido", "messaggio", "testo",
    "mensagem", "conteúdo", "сообщение", "текст", "内容", "消息", "メッセージ", "本文", "메시지", "내용",
    "الرسالة", "النص",
)  # fmt: skip
TIMES = (
    "datetime", "date_time", "strtime", "timestamp", "message_date", "date_sent", "sent_at", "sent_date", "created_at",
    "sent", "created", "when", "time_stamp", "ts", "date", "time", "zeitpunkt", "zeitstempel", "datum", "zeit",
    "heure", "fecha", "fecha_y_hora", "hora", "data", "ora", "data_e_hora", "дата", "время", "日期", "时间",
    "日時", "날짜", "시간", "التاريخ",
)  # fmt: skip
# Beside a column of dates, the time of day may have one of its own.
CLOCKS = ("time", "zeit", "heure", "hora", "ora", "uhrzeit", "время", "时间", "時刻", "시간")
# Of what is said in a recording: when it begins and ends, as a clock or in a unit of time.
STARTS = ("start", "start_time", "begin", "begin_time", "onset")
ENDS = ("end", "end_time", "stop", "stop_time", "offset", "duration")
OF_RECORDING = re.compile(
    r"(?:(?P<hours>\d{1,3}):)?(?P<minutes>\d{1,2}):(?P<seconds>\d{1,2}(?:[.,]\d{1,6})?)|\d{1,12}(?:\.\d{1,9})?"
)
# A table with one of these is told apart by it: it holds many conversations, or summaries.
OTHERS = {
    "conversation_id", "conversation", "dialogue_id", "dialog_id", "dialogue", "dialog", "chat_id",
    "thread_id", "meeting_id", "session_id", "group_id", "channel_id", "call_id", "conv_id", "summary",
    "reference", "highlights", "split", "label",
    "reference_summary", "abstract", "target", "output", "response", "completion", "title", "subject", "rating",
    "stars", "score", "sentiment", "category",
}  # fmt: skip
# The lists of an object that is one conversation, and its summary's names.
TURN_LISTS = (
    "turns", "messages", "dialogue", "dialog", "conversation", "conversations", "utterances", "transcript",
    "log", "lines", "chat", "entries", "items", "history", "content",
)  # fmt: skip
SUMMARIES = (
    "summary", "abstract", "reference_summary", "zusammenfassung", "résumé", "resumen", "riassunto", "resumo",
)  # fmt: skip
SAMPLE = 20
GROUPING = re.compile(
    r"id$|(?:^|_)(?:ticket|case|thread|session|group|room|channel|call|meeting|chat|topic)$"
)
MIN_TURNS = 2
FEW_ROWS, MAX_PEOPLE_SHARE = 5, 0.7


@dataclass(frozen=True)
class Columns:
    """The columns of a chat in a table: `clock` is that of the time of day, "" if `time` has it."""

    speaker: str
    text: str
    time: str = ""
    clock: str = ""

    def when(self, entry: Entry) -> str:
        """Return the time of an entry."""
        time = text(entry.get(self.time)) if self.time else ""
        # Seconds and thousandths of a second since 1970 are told by their length.
        if EPOCH_DIGITS.fullmatch(time):
            time = f"{int(time) / 10 ** (len(time) - 10):.3f}"
        return f"{time} {text(entry.get(self.clock))}".strip() if self.clock else time


def table_export(rows: Sequence[Entry]) -> Export | None:
    """Return how to read the rows of a table that is one chat, None for another table.

    It names speaker, text and time of every row, and neither conversations nor summaries; or text, start and end of
    what is said in a recording.
    """
    recorded = _of_recording(rows)
    if recorded:
        return export_of(recorded, "speech")
    columns = _columns(rows)
    if (
        not columns
        or not columns.time
        or len(rows) < MIN_TURNS
        or not OTHERS.isdisjoint(map(_plain, rows[0]))
    ):
        return None
    times = moments([columns.when(row) for row in rows])
    is_dated = sum(each is not None for each in times) * 2 > len(rows)
    # Of reviews and posts, nearly each has another author.
    people = len({_name(row, columns.speaker) for row in rows})
    is_talk = len(rows) < FEW_ROWS or people <= MAX_PEOPLE_SHARE * len(rows)
    return export_of(columns, "table") if is_dated and is_talk and not _is_grouped(rows, columns) else None


def _of_recording(rows: Sequence[Entry]) -> Columns | None:
    """Return the columns of a table that is the transcript of one recording: its starts never go back."""
    names = {_plain(name): name for name in reversed(list(rows[0]))} if rows else {}
    said, start, end, speaker = (
        next((names[name] for name in likely if name in names), "")
        for likely in (TEXTS, STARTS, ENDS, SPEAKERS)
    )
    if not (said and start and end) or len(rows) < MIN_TURNS or not (OTHERS - {"label"}).isdisjoint(names):
        return None
    starts = [at for row in rows if (at := _seconds(row.get(start))) is not None]
    is_rising = len(starts) == len(rows) and starts == sorted(starts)
    columns = Columns(speaker, said, start)
    return columns if is_rising and not _is_grouped(rows, columns) else None


def _seconds(value: object) -> float | None:
    """Return a time in a recording as a number that grows with it, None for no such time."""
    found = OF_RECORDING.fullmatch(text(value).strip())
    if not found or not found["minutes"]:
        return float(found[0]) if found else None
    return (int(found["hours"] or 0) * 60 + int(found["minutes"])) * 60 + float(
        found["seconds"].replace(",", ".")
    )


def _is_grouped(rows: Sequence[Entry], columns: Columns) -> bool:
    """Return whether a column tells several conversations apart: it has runs of equal values, whoever speaks."""
    for name in rows[0]:
        values = [text(row.get(name)) for row in rows]
        has_runs = len(set(values)) > 1 and any(one == other for one, other in pairwise(values))
        by_speaker = {(_name(row, columns.speaker), value) for row, value in zip(rows, values, strict=True)}
        is_speakers = len(by_speaker) == len({speaker for speaker, _ in by_speaker})
        if GROUPING.search(_plain(name)) and has_runs and not is_speakers:
            return True
    return False


def export_of(columns: Columns, kind: Kind) -> Export:
    """Return how to read entries with these columns."""

    def is_message(entry: Entry) -> bool:
        return columns.speaker in {"", *entry} and columns.text in entry

    def add_message(entry: Entry, log: Log, _names: Names) -> None:
        log.add_turn(_name(entry, columns.speaker), _said(entry, columns.text), columns.when(entry))

    named = [*filter(None, (columns.speaker, columns.text, columns.time, columns.clock))]
    return Export(kind, f"{', '.join(named[:-1])} and {named[-1]}", is_message, add_message)


def conversation_in(document: Entry) -> tuple[Export, list[Entry], str] | None:
    """Return how to read an object that is one conversation, its turns, and its summary; None for another object."""
    for key in document:
        turns = tables(document[key]) if str(key).lower() in TURN_LISTS else []
        whole = len(turns) == len(document[key]) if turns else False
        columns = _columns(turns[:SAMPLE]) if whole and len(turns) >= MIN_TURNS else None
        if columns and OTHERS.isdisjoint(map(_plain, turns[0])):
            return export_of(columns, "turns"), turns, summary_of(document)
    return None


def _columns(rows: Sequence[Entry]) -> Columns | None:
    """Return the columns of speaker, text and time in rows that all have the first two."""
    if not rows:
        return None
    names = {_plain(name): name for name in reversed(list(rows[0]))}
    speaker = next((names[name] for name in SPEAKERS if name in names), "")
    said = next((names[name] for name in TEXTS if name in names and names[name] != speaker), "")
    time = next((names[name] for name in TIMES if name in names and names[name] not in {speaker, said}), "")
    clock = next((names[name] for name in CLOCKS if time and name in names and names[name] != time), "")
    if not speaker or not said or not all(speaker in row and said in row for row in rows):
        return None
    return Columns(speaker, said, time, clock)


def _plain(name: object) -> str:
    return "_".join(str(name).lower().replace("_", " ").replace("-", " ").split())


def _name(entry: Entry, column: str) -> str:
    value = entry.get(column)
    if isinstance(value, dict):
        names = (text(value.get(key)) for key in ("name", "display_name", "displayName", "role"))
        return next(filter(None, names), "")
    return text(value)


def _said(entry: Entry, column: str) -> str:
    """Return a turn's text, of a message with parts that of its texts."""
    value = entry.get(column)
    if isinstance(value, list):
        return "\n".join(filter(None, (text(each.get("text")) for each in tables(value))))
    return text(table(value).get("text")) if isinstance(value, dict) else text(value)


def summary_of(document: Entry) -> str:
    """Return the summary in an object that is one conversation, "" for none."""
    values = [value for name, value in document.items() if str(name).lower() in SUMMARIES]
    found = [text(value) or text(table(value).get(key)) for value in values for key in ("overview", "short")]
    return next(filter(None, found), "")
