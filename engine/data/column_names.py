"""Finds columns by name: those that a person named, and likely ones. Knows nothing of their content."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Sequence

from engine.errors import DataError
from engine.messages import listed, say
from engine.text.normalization import normalized

AUTO = "auto"
MAX_NAMED = 5
# In the languages of the window and those that most people speak; accents are left out of both sides' names.
_CONVERSATIONS_ELSEWHERE = (
    "gesprach", "gespraech", "unterhaltung", "konversation", "chatverlauf",
    "conversacion", "dialogo", "charla", "discussion", "echange", "conversa", "conversacao", "conversazione",
    "gesprek", "rozmowa", "konusma", "diyalog", "sohbet", "percakapan", "obrolan", "hoi_thoai", "cuoc_tro_chuyen",
    "диалог", "разговор", "беседа", "переписка", "розмова", "对话", "對話", "会话", "會話", "聊天记录", "聊天記錄",
    "会話", "対話", "やり取り", "대화", "회화", "محادثة", "المحادثة", "حوار", "الحوار", "گفتگو", "مکالمہ",
    "बातचीत", "वार्तालाप", "संवाद", "কথোপকথন", "সংলাপ",
)  # fmt: skip
_SUMMARIES_ELSEWHERE = (
    "zusammenfassung", "kurzfassung", "resumen", "sumario", "resume", "synthese", "resumo", "riassunto", "sintesi",
    "samenvatting", "streszczenie", "podsumowanie", "ozet", "ringkasan", "rangkuman", "tom_tat",
    "краткое_содержание", "резюме", "сводка", "саммари", "итог", "стислий_зміст", "摘要", "总结", "總結", "概要",
    "概括", "要約", "まとめ", "요약", "요약문", "ملخص", "الملخص", "خلاصة", "خلاصہ", "सारांश", "संक्षेप", "সারাংশ", "সারসংক্ষেপ",
)  # fmt: skip
# Beside a column of texts with one of these names, lists of turns are the same conversations again.
SURE_CONVERSATION_NAMES = (
    "dialogue", "dialog", "conversation", "transcript", "chat", "messages", "meeting", *_CONVERSATIONS_ELSEWHERE,
)  # fmt: skip
CONVERSATION_NAMES = (
    *SURE_CONVERSATION_NAMES, "source", "article", "document", "text", "input", "content",
)  # fmt: skip
SURE_SUMMARY_NAMES = ("summary", "reference_summary", *_SUMMARIES_ELSEWHERE)
SUMMARY_NAMES = (
    *SURE_SUMMARY_NAMES, "summ", "tldr", "tl;dr", "tl_dr", "gist", "recap", "synopsis",
    "minutes", "brief", "highlights", "abstract", "resolution", "reference", "target", "output", "label", "labels",
    "response", "completion",
)  # fmt: skip
# Shorter texts beside a conversation that are no summaries of it.
OTHER_NAMES = ("title", "subject", "topic", "heading", "question", "answer", "reply", "comment", "comments")
# Columns called so hold the names of classes as often.
CLASS_NAMES = ("label", "labels", "target", "output", "response", "completion")
# Beside summaries of people, those of a program are not what is to be learned.
GENERATED = frozenset(
    {"generated", "predicted", "prediction", "system", "model", "baseline", "candidate", "auto", "automatic"}
)
# Beside a column of inputs, which may be empty, these hold what is to be done with it.
INPUT_NAMES = ("input", "context", "inputs")
INSTRUCTION_NAMES = ("instruction", "instructions", "prompt", "question", "query", "task")
# Columns whose cells hold several of them.
CONVERSATION_LIST_NAMES = (
    "conversations", "messages", "turns", "utterances", "utt", "utts", "dialogue", "dialog", "conversation",
    "transcript", "meeting_transcripts", "chat", "lines", "sentences", "prompt",
)  # fmt: skip
SUMMARY_LIST_NAMES = ("summaries", "references", "reference_summaries", "abstracts", "targets")
ID_NAMES = ("id", "fname", "dialogue_id", "dialog_id", "conversation_id", "example_id", "guid", "uuid")
GROUP_NAMES = (
    "conversation_id", "dialogue_id", "dialog_id", "chat_id", "thread_id", "meeting_id", "session_id", "group_id",
    "channel_id", "call_id", "conv_id", "convo_id", "conversation_no", "conversation", "dialogue", "dialog", "chat",
    "thread", "meeting", "session", "group", "id", "fname",
)  # fmt: skip
SPEAKER_NAMES = (
    "speaker", "name", "from", "role", "author", "sender", "user", "username", "participant", "speaker_name",
    "speaker_id", "who", "author_name", "sender_name", "sender_full_name", "user_name", "participant_id",
    "interlocutor_id", "login", "agent", "caller", "participant_role", "speaker_label", "speaker_idx", "author_id",
    "sender_id", "user_id",
)  # fmt: skip
TEXT_NAMES = (
    "text", "content", "value", "utterance", "message", "body", "sentence", "utt", "msg", "line", "words", "said",
)  # fmt: skip
SPLIT_NAMES = ("split", "data_split", "dataset_split", "set", "subset", "partition")
PLACE = re.compile(r"\[0\]|\.")
# "chatSummary", but neither "ID" nor "HITId".
CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
NUMBERED = re.compile(r"^(.*?)[ _-]?\d{1,2}$")


def plain(name: str) -> str:
    """Return a column's name in the form of the lists of likely names."""
    apart = CAMEL.sub("_", name) if name.isascii() else name
    return _without_accents(apart.lower().strip()).replace(" ", "_").replace("-", "_")


def _without_accents(name: str) -> str:
    """Return a name without the accents of Latin letters; marks of other scripts are letters of their words."""
    if name.isascii():
        return name
    letters = normalized("NFD", name.replace("ı", "i").replace("đ", "d"))
    kept: list[str] = []
    for letter in letters:
        if unicodedata.combining(letter) and kept and kept[-1].isascii():
            continue
        kept.append(letter)
    return normalized("NFC", "".join(kept))


def exact(free: Sequence[str], likely: Iterable[str]) -> str | None:
    """Return the column of `free` whose whole name comes first in `likely`."""
    by_plain_name = _by_plain_name(free)
    return next((by_plain_name[guess] for guess in likely if guess in by_plain_name), None)


def likeliest(free: Sequence[str], likely: Sequence[str]) -> str | None:
    """Return the column whose whole name, else a part of whose name, is one of `likely`."""
    by_plain_name = _by_plain_name(free)
    whole = (by_plain_name[guess] for guess in likely if guess in by_plain_name)
    parts = (name for guess in likely for key, name in by_plain_name.items() if guess in parts_of(key))
    return next(whole, None) or next(parts, None)


def called_in_part(free: Iterable[str], likely: Iterable[str]) -> list[str]:
    """Return the columns a part of whose names is the first of `likely` that is a part of any."""
    parts = {name: parts_of(plain(name)) for name in free}
    found = ([name for name, words in parts.items() if guess in words] for guess in likely)
    return next(filter(None, found), [])


def parts_of(name: str) -> list[str]:
    """Return the words of a plain name; of a place, those of the names that it goes by."""
    inner = _names_of_place(name)
    return [part for each in inner or (name,) for part in each.split("_")]


def _by_plain_name(free: Sequence[str]) -> dict[str, str]:
    """Return columns by their plain names, then by those of the places that they are, the first of each name."""
    found = {plain(name): name for name in reversed(free)}
    for name in free:
        for inner in _names_of_place(plain(name)):
            found.setdefault(inner, name)
    return found


def _names_of_place(plain_name: str) -> tuple[str, ...]:
    """Return the names that a place inside cells goes by: "input.dialog" is a dialog, "summary[0].text" a summary."""
    *outer, last = [part for part in PLACE.split(plain_name) if part] or [""]
    if not outer:
        return ()
    return (outer[-1], last) if last in TEXT_NAMES else (last,)


def require(wanted: str, names: Sequence[str], field: str) -> str:
    """Return `wanted` if the column exists. Raises DataError with `field` and the nearest name."""
    if wanted in names:
        return wanted
    near = difflib.get_close_matches(wanted.lower(), [name.lower() for name in names], n=1)
    meant = next((name for name in names if near and name.lower() == near[0]), "")
    hint = say("Did you mean {}? ", meant) if meant else ""
    raise DataError(say('There is no column "{}".', wanted), hint + there(names), field)


def there(names: Sequence[str]) -> str:
    """Return the columns as text."""
    return say("Columns: {}.", listed(names)) if names else "The data has no columns."


def numbered_beside(chosen: str, free: Sequence[str]) -> tuple[str, ...]:
    """Return the columns that differ from `chosen` only in a number: summary2 and summary3 for summary1."""
    return tuple(name for name in free if name != chosen and _stem(name) == _stem(chosen))


def numbered(free: Sequence[str], likely: Sequence[str]) -> str | None:
    """Return the first column whose name is one of `likely` followed by a number."""
    return next((name for guess in likely for name in free if _stem(name) == guess != plain(name)), None)


def _stem(name: str) -> str:
    match = NUMBERED.match(plain(name))
    return match[1] if match else plain(name)
