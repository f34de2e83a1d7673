"""JSON transcripts of programs that recognise speech."""

import json
from typing import Any

from tests.worker.readers.exports.case import Case


def aws_item(word: str, start: str = "") -> dict[str, Any]:
    kind = (
        {"start_time": start, "end_time": start, "type": "pronunciation"}
        if start
        else {"type": "punctuation"}
    )
    return {**kind, "alternatives": [{"confidence": "0.9", "content": word}]}


AWS_ITEMS = [
    aws_item("Hello", "0.1"), aws_item("there", "0.5"), aws_item("."), aws_item("Yo", "2.0"), aws_item("."),
]  # fmt: skip


def aws_turn(speaker: str, *starts: str) -> dict[str, Any]:
    items = [{"start_time": start, "speaker_label": speaker} for start in starts]
    return {"start_time": starts[0], "speaker_label": speaker, "items": items}


def aws(name: str, told: dict[str, Any], read: str) -> Case:
    results = {"transcripts": [{"transcript": "Hello there. Yo."}], **told, "items": AWS_ITEMS}
    content = json.dumps({"jobName": "j", "results": results, "status": "COMPLETED"})
    return Case(f"aws-{name}.json", content, "speech", read)


HEAD = "start\tend\tspeaker\tlabel\ttext\n"
CASES = (
    Case(
        "meeting.tsv",
        HEAD + "12.3\t14.5\tme011\ts\tSo we start.\n14.5\t15\tfe008\tb\tYeah.\n15\t18\tme011\ts\tGood.\n",
        "speech",
        "me011: So we start.\nfe008: Yeah.\nme011: Good.",
    ),
    Case(
        "meeting.csv",
        "Speaker,Start Time,End Time,Text\nAnn,0:01,0:02,So.\nBob,0:02,0:04,Yes.\nAnn,0:05,0:06,Good.\n",
        "speech",
        "Ann: So.\nBob: Yes.\nAnn: Good.",
    ),
    Case(
        "no-head.tsv",
        "12.3\t14.5\tme011\ts\tSo we start.\n14.5\t15.0\tfe008\tb\tYeah.\n15.0\t18.0\tme011\ts\tGood.\n",
        "transcript",
        "me011: So we start.\nfe008: Yeah.\nme011: Good.",
    ),
    Case(
        "whisper.json",
        """
        {"text": " Hello there. Yo.", "segments": [{"id": 0, "start": 0.0, "end": 2.0,
        "text": " Hello there."}, {"id": 1, "start": 2.0, "end": 3.0, "text": " Yo."}], "language": "en"}
        """,
        "speech",
        "Hello there. Yo.",
    ),
    Case(
        "whisperx.json",
        """
        {"segments": [{"start": 0.0, "end": 2.0, "text": " Hello there.",
        "speaker": "SPEAKER_00", "words": []}, {"start": 2.0, "end": 3.0, "text": " Yo.",
        "speaker": "SPEAKER_01"}, {"start": 3.0, "end": 4.0, "text": " So.",
        "speaker": "SPEAKER_01"}], "word_segments": [{"word": "Hello", "start": 0.0}]}
        """,
        "speech",
        "SPEAKER_00: Hello there.\nSPEAKER_01: Yo. So.",
    ),
    Case(
        "whisper-cpp.json",
        """
        {"systeminfo": "…", "transcription": [{"timestamps": {"from": "00:00:00,000"},
        "offsets": {"from": 0}, "text": " Hello there."},
        {"timestamps": {"from": "00:00:02,000"}, "offsets": {"from": 2000}, "text": " Yo."}]}
        """,
        "speech",
        "Hello there. Yo.",
    ),
    aws(
        "speakers",
        {
            "speaker_labels": {
                "speakers": 2,
                "segments": [aws_turn("spk_0", "0.1", "0.5"), aws_turn("spk_1", "2.0")],
            }
        },
        "spk_0: Hello there.\nspk_1: Yo.",
    ),
    aws(
        "segments",
        {
            "audio_segments": [
                {"id": 0, "transcript": "Hello there.", "start_time": "0.1", "speaker_label": "spk_0"},
                {"id": 1, "transcript": "Yo.", "start_time": "2.0", "speaker_label": "spk_1"},
            ]
        },
        "spk_0: Hello there.\nspk_1: Yo.",
    ),
    aws(
        "channels",
        {
            "channel_labels": {
                "channels": [
                    {"channel_label": "ch_0", "items": AWS_ITEMS[:3]},
                    {"channel_label": "ch_1", "items": AWS_ITEMS[3:]},
                ]
            }
        },
        "ch_0: Hello there.\nch_1: Yo.",
    ),
    aws("plain", {}, "Hello there. Yo."),
    Case(
        "aws-calls.json",
        """
        {"JobStatus": "COMPLETED", "Transcript": [{"ParticipantRole": "AGENT",
        "Content": "Hello there.", "BeginOffsetMillis": 0}, {"ParticipantRole": "CUSTOMER",
        "Content": "Yo.", "BeginOffsetMillis": 2000}]}
        """,
        "speech",
        "Agent: Hello there.\nCustomer: Yo.",
    ),
    Case(
        "azure.json",
        """
        {"source": "…", "combinedRecognizedPhrases": [{"display": "Hello there. Yo."}],
        "recognizedPhrases": [{"speaker": 1, "offset": "PT0S", "nBest": [{"display": "Hello there."}]},
        {"speaker": 2, "offset": "PT2S", "nBest": [{"display": "Yo."}]}]}
        """,
        "speech",
        "Speaker 1: Hello there.\nSpeaker 2: Yo.",
    ),
    Case(
        "assemblyai.json",
        """
        {"id": "1", "text": "Hello there. Yo.", "words": [{"text": "Hello"}], "utterances": [{"speaker": "A",
        "start": 0, "end": 2, "text": "Hello there."}, {"speaker": "B", "start": 2, "end": 3, "text": "Yo."}]}
        """,
        "speech",
        "A: Hello there.\nB: Yo.",
    ),
    Case(
        "deepgram.json",
        """
        {"metadata": {}, "results": {"channels": [{"alternatives": []}], "utterances": [{"speaker": 0,
        "start": 0.0, "transcript": "Hello there."}, {"speaker": 1, "start": 2.0, "transcript": "Yo."}]}}
        """,
        "speech",
        "Speaker 0: Hello there.\nSpeaker 1: Yo.",
    ),
    Case(
        "rev.json",
        """
        {"speakers": [{"id": 0, "name": "Ann"}, {"id": 1, "name": "Bob"}], "monologues": [{"speaker": 0,
        "elements": [{"type": "text", "value": "Hello", "ts": 0.1}, {"type": "punct", "value": "."}]},
        {"speaker": 1, "elements": [{"type": "text", "value": "Yo", "ts": 2.0}, {"type": "punct",
        "value": "."}]}]}
        """,
        "speech",
        "Ann: Hello.\nBob: Yo.",
    ),
    Case(
        "deepgram-words.json",
        """
        {"metadata": {}, "results": {"channels": [{"alternatives": [{"transcript": "Hello there. Yo.",
        "words": [{"word": "hello", "punctuated_word": "Hello", "start": 0.1, "speaker": 0},
        {"word": "there", "punctuated_word": "there.", "start": 0.5, "speaker": 0},
        {"word": "yo", "punctuated_word": "Yo.", "start": 2.0, "speaker": 1}]}]}]}}
        """,
        "speech",
        "Speaker 0: Hello there.\nSpeaker 1: Yo.",
    ),
    Case(
        "deepgram-channels.json",
        """
        {"results": {"channels": [ {"alternatives": [{"words": [{"word": "hello", "start": 0.1},
        {"word": "so", "start": 4.0}]}]}, {"alternatives": [{"words": [{"word": "yo", "start": 2.0}]}]}]}}
        """,
        "speech",
        "Speaker 0: hello\nSpeaker 1: yo\nSpeaker 0: so",
    ),
    Case(
        "aws-items.json",
        """
        {"results": {"items": [{"start_time": "0.1", "alternatives": [{"content": "Hello"}],
        "type": "pronunciation", "speaker_label": "spk_0"}, {"start_time": "2.0",
        "alternatives": [{"content": "Yo"}], "type": "pronunciation", "speaker_label": "spk_1"},
        {"alternatives": [{"content": "."}], "type": "punctuation"}]}}
        """,
        "speech",
        "spk_0: Hello\nspk_1: Yo.",
    ),
    Case(
        "assemblyai-words.json",
        """
        {"id": "1", "text": "Hello there. Yo.", "utterances": null,
        "words": [{"text": "Hello", "start": 1, "speaker": "A"}, {"text": "there.", "start": 2, "speaker": "A"},
        {"text": "Yo.", "start": 4, "speaker": "B"}]}
        """,
        "speech",
        "A: Hello there.\nB: Yo.",
    ),
    Case(
        "fireflies-download.json",
        """
        [{"sentence": "Hello there.", "startTime": "00:00", "endTime": "00:02", "speaker_name": "Ann"},
        {"sentence": "Yo.", "startTime": "00:03", "endTime": "00:04", "speaker_name": "Bob"}]
        """,
        "speech",
        "Ann: Hello there.\nBob: Yo.",
    ),
    Case(
        "otter.json",
        """
        {"speech": {"title": "Bread", "speakers": [{"id": 7, "speaker_name": "Bob"}], "transcripts": [
        {"speaker_name": "Ann", "transcript": "Hello there.", "start_offset": 0},
        {"speaker_id": 7, "transcript": "Yo.", "start_offset": 2}]}}
        """,
        "speech",
        "Ann: Hello there.\nBob: Yo.",
    ),
    Case(
        "google.json",
        """
        {"results": [{"alternatives": [{"transcript": "Hello there. Yo.", "confidence": 0.9, "words": []}]},
        {"alternatives": [{"words": [{"startTime": "0.1s", "word": "Hello", "speakerTag": 1},
        {"startTime": "0.5s", "word": "there.", "speakerTag": 1},
        {"startTime": "2.0s", "word": "Yo.", "speakerTag": 2}]}]}]}
        """,
        "speech",
        "Speaker 1: Hello there.\nSpeaker 2: Yo.",
    ),
    Case(
        "speechmatics.json",
        """
        {"format": "2.9", "results": [
        {"type": "word", "start_time": 0.1, "alternatives": [{"content": "Hello", "speaker": "S1"}]},
        {"type": "word", "start_time": 2.0, "alternatives": [{"content": "Yo", "speaker": "S2"}]},
        {"type": "punctuation", "start_time": 2.1, "alternatives": [{"content": ".", "speaker": "S2"}]}]}
        """,
        "speech",
        "S1: Hello\nS2: Yo.",
    ),
    Case(
        "elevenlabs.json",
        """
        {"text": "Hello there. Yo.", "words": [ {"text": "Hello", "start": 0.1, "type": "word",
        "speaker_id": "speaker_0"}, {"text": " ", "start": 0.4, "type": "spacing", "speaker_id": "speaker_0"},
        {"text": "there.", "start": 0.5, "type": "word", "speaker_id": "speaker_0"}, {"text": "Yo.",
        "start": 2.0, "type": "word", "speaker_id": "speaker_1"}]}
        """,
        "speech",
        "speaker_0: Hello there.\nspeaker_1: Yo.",
    ),
    Case(
        "contact-lens.json",
        """
        {"Participants": [{"ParticipantId": "AGENT", "ParticipantRole": "AGENT"}], "Transcript": [
        {"ParticipantId": "AGENT", "Content": "Hello there.", "BeginOffsetMillis": 0},
        {"ParticipantId": "CUSTOMER", "Content": "Yo.", "BeginOffsetMillis": 900}]}
        """,
        "speech",
        "Agent: Hello there.\nCustomer: Yo.",
    ),
    Case(
        "azure-fast.json",
        """
        {"combinedPhrases": [{"text": "Hello there. Yo."}], "phrases": [
        {"speaker": 1, "offsetMilliseconds": 0, "text": "Hello there."},
        {"speaker": 2, "offsetMilliseconds": 900, "text": "Yo."}]}
        """,
        "speech",
        "Speaker 1: Hello there.\nSpeaker 2: Yo.",
    ),
    Case(
        "segments.json",
        """
        [{"text": "Hello there.", "start": 0.0, "duration": 1.9, "speaker": "Ann"},
        {"text": "Yo.", "start": 2.0, "duration": 1.9, "speaker": "Bob"}]
        """,
        "speech",
        "Ann: Hello there.\nBob: Yo.",
    ),
)
