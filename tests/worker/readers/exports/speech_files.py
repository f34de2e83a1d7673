"""JSON transcripts of programs that recognise speech."""

from __future__ import annotations

from typing import Any

from tests.worker.readers.exports.case import Case
from tests.worker.readers.exports.json_files import dump


def word(content: str, start: str, **more: Any) -> dict[str, Any]:
    kind = "pronunciation" if start else "punctuation"
    times = {"start_time": start, "end_time": start} if start else {}
    return {**times, "alternatives": [{"confidence": "0.9", "content": content}], "type": kind, **more}


WORDS = [word("Hello", "0.1"), word("there", "0.5"), word(".", ""), word("Yo", "2.0"), word(".", "")]
LABELS = {
    "speakers": 2,
    "segments": [
        {
            "start_time": "0.1",
            "end_time": "1.0",
            "speaker_label": "spk_0",
            "items": [
                {"start_time": "0.1", "speaker_label": "spk_0"},
                {"start_time": "0.5", "speaker_label": "spk_0"},
            ],
        },
        {
            "start_time": "2.0",
            "speaker_label": "spk_1",
            "items": [{"start_time": "2.0", "speaker_label": "spk_1"}],
        },
    ],
}
HELLO = [{"transcript": "Hello there. Yo."}]

CASES = (
    Case(
        "whisper.json",
        dump(
            {
                "text": " Hello there. Yo.",
                "segments": [
                    {"id": 0, "start": 0.0, "end": 2.0, "text": " Hello there."},
                    {"id": 1, "start": 2.0, "end": 3.0, "text": " Yo."},
                ],
                "language": "en",
            }
        ),
        "speech",
        "Hello there. Yo.",
    ),
    Case(
        "whisperx.json",
        dump(
            {
                "segments": [
                    {"start": 0.0, "end": 2.0, "text": " Hello there.", "speaker": "SPEAKER_00", "words": []},
                    {"start": 2.0, "end": 3.0, "text": " Yo.", "speaker": "SPEAKER_01"},
                    {"start": 3.0, "end": 4.0, "text": " So.", "speaker": "SPEAKER_01"},
                ],
                "word_segments": [{"word": "Hello", "start": 0.0}],
            }
        ),
        "speech",
        "SPEAKER_00: Hello there.\nSPEAKER_01: Yo. So.",
    ),
    Case(
        "whisper-cpp.json",
        dump(
            {
                "systeminfo": "…",
                "transcription": [
                    {"timestamps": {"from": "00:00:00,000"}, "offsets": {"from": 0}, "text": " Hello there."},
                    {"timestamps": {"from": "00:00:02,000"}, "offsets": {"from": 2000}, "text": " Yo."},
                ],
            }
        ),
        "speech",
        "Hello there. Yo.",
    ),
    Case(
        "aws-speakers.json",
        dump(
            {
                "jobName": "j",
                "results": {"transcripts": HELLO, "speaker_labels": LABELS, "items": WORDS},
                "status": "COMPLETED",
            }
        ),
        "speech",
        "spk_0: Hello there.\nspk_1: Yo.",
    ),
    Case(
        "aws-segments.json",
        dump(
            {
                "jobName": "j",
                "results": {
                    "transcripts": HELLO,
                    "items": WORDS,
                    "audio_segments": [
                        {
                            "id": 0,
                            "transcript": "Hello there.",
                            "start_time": "0.1",
                            "speaker_label": "spk_0",
                        },
                        {"id": 1, "transcript": "Yo.", "start_time": "2.0", "speaker_label": "spk_1"},
                    ],
                },
            }
        ),
        "speech",
        "spk_0: Hello there.\nspk_1: Yo.",
    ),
    Case(
        "aws-channels.json",
        dump(
            {
                "jobName": "j",
                "results": {
                    "transcripts": HELLO,
                    "channel_labels": {
                        "channels": [
                            {"channel_label": "ch_0", "items": WORDS[:3]},
                            {"channel_label": "ch_1", "items": WORDS[3:]},
                        ]
                    },
                    "items": WORDS,
                },
            }
        ),
        "speech",
        "ch_0: Hello there.\nch_1: Yo.",
    ),
    Case(
        "aws-plain.json",
        dump({"jobName": "j", "results": {"transcripts": HELLO, "items": WORDS}}),
        "speech",
        "Hello there. Yo.",
    ),
    Case(
        "aws-calls.json",
        dump(
            {
                "JobStatus": "COMPLETED",
                "Transcript": [
                    {"ParticipantRole": "AGENT", "Content": "Hello there.", "BeginOffsetMillis": 0},
                    {"ParticipantRole": "CUSTOMER", "Content": "Yo.", "BeginOffsetMillis": 2000},
                ],
            }
        ),
        "speech",
        "Agent: Hello there.\nCustomer: Yo.",
    ),
    Case(
        "azure.json",
        dump(
            {
                "source": "…",
                "combinedRecognizedPhrases": [{"display": "Hello there. Yo."}],
                "recognizedPhrases": [
                    {"speaker": 1, "offset": "PT0S", "nBest": [{"display": "Hello there."}]},
                    {"speaker": 2, "offset": "PT2S", "nBest": [{"display": "Yo."}]},
                ],
            }
        ),
        "speech",
        "Speaker 1: Hello there.\nSpeaker 2: Yo.",
    ),
    Case(
        "assemblyai.json",
        dump(
            {
                "id": "1",
                "text": "Hello there. Yo.",
                "words": [{"text": "Hello"}],
                "utterances": [
                    {"speaker": "A", "start": 0, "end": 2, "text": "Hello there."},
                    {"speaker": "B", "start": 2, "end": 3, "text": "Yo."},
                ],
            }
        ),
        "speech",
        "A: Hello there.\nB: Yo.",
    ),
    Case(
        "deepgram.json",
        dump(
            {
                "metadata": {},
                "results": {
                    "channels": [{"alternatives": []}],
                    "utterances": [
                        {"speaker": 0, "start": 0.0, "transcript": "Hello there."},
                        {"speaker": 1, "start": 2.0, "transcript": "Yo."},
                    ],
                },
            }
        ),
        "speech",
        "Speaker 0: Hello there.\nSpeaker 1: Yo.",
    ),
    Case(
        "rev.json",
        dump(
            {
                "speakers": [{"id": 0, "name": "Ann"}, {"id": 1, "name": "Bob"}],
                "monologues": [
                    {
                        "speaker": 0,
                        "elements": [
                            {"type": "text", "value": "Hello", "ts": 0.1},
                            {"type": "punct", "value": "."},
                        ],
                    },
                    {
                        "speaker": 1,
                        "elements": [
                            {"type": "text", "value": "Yo", "ts": 2.0},
                            {"type": "punct", "value": "."},
                        ],
                    },
                ],
            }
        ),
        "speech",
        "Ann: Hello.\nBob: Yo.",
    ),
)
