"""Transcripts of speech recognition: Whisper, AWS, Azure, Google, AssemblyAI, Deepgram, Rev, Fireflies and others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from engine.chats.chat import Log
from engine.chats.json_exports.base import Document, Entry, Export, Names, table, tables, text

# One part of a transcript, whichever program wrote it, is made an entry of these three keys.
SPEAKER, SAID, START = "speaker", "text", "start"


def _part(speaker: Any, said: str, start: Any) -> Entry:
    return {SPEAKER: text(speaker), SAID: said.strip(), START: text(start)}


def _is_part(entry: Entry) -> bool:
    return entry.keys() == {SPEAKER, SAID, START}


def _add_part(entry: Entry, log: Log, _names: Names) -> None:
    speaker = text(entry.get(SPEAKER))
    # Programs that number the speakers name them by the bare number.
    log.add_turn(
        f"Speaker {speaker}" if speaker.isdecimal() else speaker,
        text(entry.get(SAID)),
        text(entry.get(START)),
    )


def _whisper(document: Entry) -> list[Entry]:
    """Return the segments of Whisper, and of what adds speakers to them."""
    segments = tables(document.get("segments")) or tables(document.get("transcription"))
    if not segments or not all("text" in each for each in segments):
        return []
    if not any("start" in each or "offsets" in each or "timestamps" in each for each in segments[:5]):
        return []
    return [_part(each.get("speaker", ""), text(each["text"]), each.get("start")) for each in segments]


def _aws(document: Entry) -> list[Entry]:
    results = table(document.get("results"))
    if "transcripts" not in results and not any(
        "alternatives" in each for each in tables(results.get("items"))
    ):
        return []
    segments = tables(results.get("audio_segments"))
    if segments and any("speaker_label" in each for each in segments):
        return [
            _part(each.get("speaker_label"), text(each.get("transcript")), each.get("start_time"))
            for each in segments
        ]
    items = tables(results.get("items"))
    channels = tables(table(results.get("channel_labels")).get("channels"))
    if channels:
        items = _of_channels(channels)
    return list(_of_items(items, _labels(results))) or [
        _part("", text(each.get("transcript")), "") for each in tables(results.get("transcripts"))
    ]


def _labels(results: Entry) -> dict[str, str]:
    """Return the speakers by the time at which a word begins."""
    segments = tables(table(results.get("speaker_labels")).get("segments"))
    words = (item for each in segments for item in [each, *tables(each.get("items"))])
    return {text(word.get("start_time")): text(word.get("speaker_label")) for word in words}


def _speechmatics(document: Entry) -> list[Entry]:
    """Return the turns of words and marks whose first alternatives name the speakers."""
    items = [
        each
        for each in tables(document.get("results"))
        if {"alternatives", "type", "start_time"} <= each.keys()
    ]
    named = [
        {**each, "speaker_label": text(next(iter(tables(each["alternatives"])), {}).get("speaker"))}
        for each in items
    ]
    return list(_of_items(named, {}))


def _google(document: Entry) -> list[Entry]:
    """Return the turns of words with the tags of speakers, which the last result repeats; else each result."""
    best = [next(iter(tables(each.get("alternatives"))), {}) for each in tables(document.get("results"))]
    words = tables(best[-1].get("words")) if best else []
    if any("speakerTag" in word or "speakerLabel" in word for word in words):
        tagged = [
            {**each, "speaker": each.get("speakerTag") or each.get("speakerLabel"), "start": ""}
            for each in words
        ]
        return [_of_run(list(run)) for _, run in groupby(tagged, key=lambda word: text(word["speaker"]))]
    is_google = any("confidence" in each and "words" in each for each in best)
    return [
        _part("", text(each.get("transcript")), "") for each in best if is_google and "transcript" in each
    ]


def _of_channels(channels: Sequence[Entry]) -> list[Entry]:
    """Return the words of all channels in the order of their times."""
    words: list[tuple[float, Entry]] = []
    for channel in channels:
        start = 0.0
        for item in tables(channel.get("items")):
            start = _seconds(item.get("start_time"), start)
            words.append((start, {**item, "speaker_label": text(channel.get("channel_label"))}))
    return [word for _, word in sorted(words, key=lambda word: word[0])]


def _seconds(value: Any, otherwise: float) -> float:
    try:
        return float(text(value) or otherwise)
    except ValueError:
        return otherwise


def _of_items(items: Sequence[Entry], labels: dict[str, str]) -> Iterator[Entry]:
    """Yield what each speaker says in a row, of single words and marks."""
    speaker, start = "", ""
    words: list[str] = []
    for item in items:
        content = text(next(iter(tables(item.get("alternatives"))), {}).get("content"))
        if text(item.get("type")) == "punctuation" and words:
            words[-1] += content
            continue
        begun = text(item.get("start_time"))
        who = text(item.get("speaker_label")) or labels.get(begun, speaker)
        if words and who != speaker:
            yield _part(speaker, " ".join(words), start)
            words = []
        if not words:
            speaker, start = who, begun
        words.append(content)
    if words:
        yield _part(speaker, " ".join(words), start)


def _aws_calls(document: Entry) -> list[Entry]:
    """Return the turns of Transcribe's call analytics, or of Connect's Contact Lens."""
    return [
        _part(
            who.capitalize() if who.isupper() else who,
            text(each.get("Content")),
            each.get("BeginOffsetMillis"),
        )
        for each in tables(document.get("Transcript"))
        if (who := text(each.get("ParticipantRole")) or text(each.get("ParticipantId")))
        and "BeginOffsetMillis" in each
    ]


def _azure(document: Entry) -> list[Entry]:
    fast = [each for each in tables(document.get("phrases")) if "offsetMilliseconds" in each]
    if fast:
        return [
            _part(each.get("speaker"), text(each.get("text")), each["offsetMilliseconds"]) for each in fast
        ]
    phrases = tables(document.get("recognizedPhrases"))
    return [
        _part(
            each.get("speaker", each.get("channel", "")),
            text(next(iter(tables(each.get("nBest"))), {}).get("display")),
            each.get("offset"),
        )
        for each in phrases
    ]


def _utterances(document: Entry) -> list[Entry]:
    """Return the utterances of AssemblyAI and of Deepgram."""
    listed = tables(document.get("utterances"))
    if not all("speaker" in each and "start" in each for each in listed):
        return []
    return [
        _part(each["speaker"], text(each.get("text") or each.get("transcript")), each["start"])
        for each in listed
    ]


def _rev(document: Entry) -> list[Entry]:
    names = {text(each.get("id")): text(each.get("name")) for each in tables(document.get("speakers"))}
    parts: list[Entry] = []
    for each in tables(document.get("monologues")):
        elements = tables(each.get("elements"))
        who = text(each.get("speaker"))
        said = "".join(text(element.get("value")) for element in elements)
        parts.append(_part(names.get(who) or who, said, next(iter(elements), {}).get("ts")))
    return parts


def _words(document: Entry) -> list[Entry]:
    """Return the words of AssemblyAI, Deepgram and Whisper where they are in no utterances."""
    channels = tables(document.get("channels"))
    words = tables(document.get("words")) if "text" in document else []
    for number, channel in enumerate(channels):
        who = {"speaker": number} if len(channels) > 1 else {}
        heard = tables(next(iter(tables(channel.get("alternatives"))), {}).get("words"))
        words += [{**word, **who} for word in heard]
    words = [word for word in words if word.get("type") != "spacing"]
    if not all("start" in word for word in words):
        return []
    if len(channels) > 1:
        words.sort(key=lambda word: _seconds(word["start"], 0.0))
    return [_of_run(list(run)) for _, run in groupby(words, key=_speaker)]


def _of_run(words: Sequence[Entry]) -> Entry:
    said = [
        text(each.get("punctuated_word") or each.get("text") or each.get("word")).strip() for each in words
    ]
    return _part(_speaker(words[0]), " ".join(said), words[0].get("start"))


def _speaker(word: Entry) -> str:
    return text(word.get("speaker")) or text(word.get("speaker_id"))


def _results(document: Entry) -> Entry:
    """Return the results of Deepgram, which hold its summary too; another document as it is."""
    results = table(document.get("results"))
    return results if "channels" in results else document


def _fireflies(document: Entry) -> list[Entry]:
    return [*filter(_is_sentence, tables(document.get("sentences")))]


def _is_sentence(entry: Entry) -> bool:
    return "speaker_name" in entry and (
        "sentence" in entry or "raw_text" in entry or {"text", "start_time"} <= entry.keys()
    )


# What a list of segments alone holds, such as captions of YouTube or Whisper's segments.
SEGMENT_KEYS = {
    "id", "seek", "start", "end", "duration", "text", "speaker", "tokens", "words", "temperature", "avg_logprob",
    "compression_ratio", "no_speech_prob", "confidence",
}  # fmt: skip


def _is_segment(entry: Entry) -> bool:
    return {"text", "start"} <= entry.keys() <= SEGMENT_KEYS and ("end" in entry or "duration" in entry)


def _add_segment(entry: Entry, log: Log, names: Names) -> None:
    _add_part(_part(entry.get("speaker"), text(entry["text"]), entry["start"]), log, names)


def _add_sentence(entry: Entry, log: Log, _names: Names) -> None:
    said = text(entry.get("sentence")) or text(entry.get("text")) or text(entry.get("raw_text"))
    log.add_turn(
        text(entry.get("speaker_name")), said, text(entry.get("startTime") or entry.get("start_time"))
    )


def _otter(document: Entry) -> list[Entry]:
    names = {
        text(each.get("id")): text(each.get("speaker_name")) for each in tables(document.get("speakers"))
    }
    parts = [each for each in tables(document.get("transcripts")) if "start_offset" in each]
    return [
        _part(
            text(each.get("speaker_name"))
            or names.get(text(each.get("speaker_id")))
            or each.get("speaker_id"),
            text(each.get("transcript")),
            each["start_offset"],
        )
        for each in parts
    ]


EXPORT = Export("speech", "speaker, text and start", _is_part, _add_part)
SEGMENTS = Export("speech", "text and start", _is_segment, _add_segment)
SENTENCES = Export("speech", "speaker_name, sentence and startTime", _is_sentence, _add_sentence)
DOCUMENTS = (
    *(
        Document(EXPORT, entries, joins=True)
        for entries in (_speechmatics, _aws, _aws_calls, _azure, _google)
    ),
    Document(EXPORT, _utterances, joins=True, inside=_results),
    *(Document(EXPORT, entries, joins=True) for entries in (_rev, _whisper)),
    Document(EXPORT, _words, joins=True, inside=_results),
    Document(
        SENTENCES,
        _fireflies,
        joins=True,
        inside=lambda document: table(table(document.get("data")).get("transcript")) or document,
    ),
    Document(EXPORT, _otter, joins=True, inside=lambda document: table(document.get("speech")) or document),
)
