"""Transcripts of meetings and films, and plain texts that name speakers in their own way."""

from __future__ import annotations

from tests.worker.readers.exports.case import Case

LONG = "Dr. Maria Alejandra Fernandez de la Cruz (Department of Cardiology)"

CASES = (
    Case(
        "voices.vtt",
        """
        WEBVTT

        1
        00:00:01.000 --> 00:00:02.000
        <v Ann Lee>Hello &amp; <i>welcome</i>.</v>

        2
        00:00:02.000 --> 00:00:03.000
        <v Bob>Thanks!</v>

        00:00:03.000 --> 00:00:04.000
        [Applause]
        """,
        "webvtt",
        """
        Ann Lee: Hello & welcome.
        Bob: Thanks!
        """,
        "1 media tag",
    ),
    Case(
        "teams.vtt",
        """
        WEBVTT

        1f0c9a3e-8f0b-4c0e-9a53-0d1f2b3c4d5e/12-0
        00:00:06.270 --> 00:00:07.459
        <v Lee, Ann>Hello there.</v>

        1f0c9a3e-8f0b-4c0e-9a53-0d1f2b3c4d5e/13-0
        00:00:07.459 --> 00:00:09.000
        <v Moss, Bob>Yes: hello.</v>
        """,
        "webvtt",
        """
        Lee, Ann: Hello there.
        Moss, Bob: Yes: hello.
        """,
    ),
    Case(
        "zoom.vtt",
        """
        WEBVTT

        1
        00:00:01.000 --> 00:00:02.000
        Ann Lee: Hello there.

        2
        00:00:02.000 --> 00:00:03.000
        Bob: Yo.

        3
        00:00:03.000 --> 00:00:04.000
        Bob: And more.
        """,
        "webvtt",
        """
        Ann Lee: Hello there.
        Bob: Yo.
        And more.
        """,
    ),
    Case(
        "webex.vtt",
        """
        WEBVTT

        1 "Ann Lee" (2912131328)
        00:00:06.270 --> 00:00:07.459
        Hello there.

        2 "Bob Moss" (1912131329)
        00:00:07.459 --> 00:00:09.000
        Yo.
        """,
        "webvtt",
        """
        Ann Lee: Hello there.
        Bob Moss: Yo.
        """,
    ),
    Case(
        "tags.vtt",
        """
        WEBVTT

        00:01.000 --> 00:02.000
        [ANN] Hello there.

        00:02.000 --> 00:03.000
        [BOB] Yo.

        00:03.000 --> 00:04.000
        [ANN] Good.
        """,
        "webvtt",
        """
        ANN: Hello there.
        BOB: Yo.
        ANN: Good.
        """,
    ),
    Case(
        "chevrons.srt",
        """
        1
        00:00:01,000 --> 00:00:02,000
        >> ANN: Hello there.

        2
        00:00:02,000 --> 00:00:03,000
        >> BOB: Yo.
        """,
        "srt",
        """
        ANN: Hello there.
        BOB: Yo.
        """,
    ),
    Case(
        "own-line.srt",
        """
        1
        00:00:01,000 --> 00:00:02,000
        DOCTOR:
        What hurts?

        2
        00:00:02,000 --> 00:00:03,000
        PATIENT:
        My knee.
        """,
        "srt",
        """
        DOCTOR: What hurts?
        PATIENT: My knee.
        """,
    ),
    Case(
        "escaped.vtt",
        """
        WEBVTT

        00:01.000 --> 00:02.000
        &lt;v Ann Lee&gt;Hello there.

        00:02.000 --> 00:03.000
        &lt;v Bob&gt;It&#39;s on.
        """,
        "webvtt",
        """
        Ann Lee: Hello there.
        Bob: It's on.
        """,
    ),
    Case(
        "stream.txt",
        """
        0:0:0.0 --> 0:0:2.640
        Ann Lee
        Hello there.
        0:0:3.0 --> 0:0:4.0
        Bob Moss
        Yo.
        0:0:5.0 --> 0:0:6.0
        Ann Lee
        Good.
        """,
        "srt",
        """
        Ann Lee: Hello there.
        Bob Moss: Yo.
        Ann Lee: Good.
        """,
    ),
    Case(
        "no-names.srt",
        """
        1
        00:00:01,000 --> 00:00:02,000
        <i>Hello</i>

        2
        00:00:02,000 --> 00:00:03,000
        there
        """,
        "srt",
        """
        Hello
        there
        """,
    ),
    Case(
        "whisper.txt",
        """
        [00:00.000 --> 00:03.000]  Hello there.
        [00:03.000 --> 00:05.000]  Yo.
        """,
        "srt",
        """
        Hello there.
        Yo.
        """,
    ),
    Case(
        "otter.txt",
        """
        Ann Lee  0:03
        Hello there.

        Bob Moss  0:10
        Yo.
        """,
        "transcript",
        """
        Ann Lee: Hello there.
        Bob Moss: Yo.
        """,
    ),
    Case(
        "meeting_saved_closed_caption.txt",
        """
        [Ann Lee] 10:00:12
        Hello there.

        [Bob] 10:00:15
        Yo.
        """,
        "transcript",
        """
        Ann Lee: Hello there.
        Bob: Yo.
        """,
    ),
    Case(
        "meeting_saved_chat.txt",
        "09:15:07 From Ann Lee to Everyone : Hi\n09:15:09 From Bob to Everyone:\n\tYo\n",
        "transcript",
        """
        Ann Lee: Hi
        Bob: Yo
        """,
    ),
    Case(
        "times-before.txt",
        """
        [00:01:02] Ann Lee: Hello there.
        [00:01:04] Bob: Yo.
        """,
        "transcript",
        """
        Ann Lee: Hello there.
        Bob: Yo.
        """,
    ),
    Case(
        "ranges.txt",
        """
        00:00:01 - 00:00:04 Ann: Hello there.
        00:00:04 - 00:00:06 Bob: Yo.
        """,
        "transcript",
        """
        Ann: Hello there.
        Bob: Yo.
        """,
    ),
    Case(
        "times-behind.txt",
        """
        Ann Lee (00:12): Hello there.
        Bob (00:15): Yo.
        And more.
        """,
        "transcript",
        """
        Ann Lee: Hello there.
        Bob: Yo.
        And more.
        """,
    ),
    Case(
        "tagged-times.txt",
        """
        [10:00:12] [Ann Lee] Hello there.
        [10:00:15] [Bob] Yo.
        """,
        "transcript",
        """
        Ann Lee: Hello there.
        Bob: Yo.
        """,
    ),
    Case(
        "brackets.txt",
        """
        [doctor] What hurts?
        [patient] My knee
        and the back.
        [laughs]
        [doctor] Since when?
        """,
        "transcript",
        """
        doctor: What hurts?
        patient: My knee
        and the back.
        doctor: Since when?
        """,
        "1 media tag",
    ),
    Case(
        "own-line.txt",
        """
        DOCTOR:
        What hurts?

        PATIENT:
        My knee.
        """,
        "",
        """
        DOCTOR:
        What hurts?

        PATIENT:
        My knee.
        """,
    ),
    Case(
        "wide-colons.txt",
        """
        医生：你好
        病人：我头疼
        医生：多久了？
        """,
        "",
        """
        医生：你好
        病人：我头疼
        医生：多久了？
        """,
    ),
    Case(
        "narrow-colons.txt",
        """
        医生:你好
        病人:我头疼
        """,
        "",
        """
        医生:你好
        病人:我头疼
        """,
    ),
    Case(
        "wide-brackets.txt",
        """
        【医生】你好
        【病人】我头疼
        """,
        "transcript",
        """
        医生: 你好
        病人: 我头疼
        """,
    ),
    Case(
        "stars.md",
        """
        **Ann:** Hello there.

        **Bob:** Yo.
        """,
        "transcript",
        """
        Ann: Hello there.
        Bob: Yo.
        """,
    ),
    Case(
        "dashes.txt",
        """
        Ann - Hello there.
        Bob - Yo - you.
        Ann - Good.
        Bob - So long.
        """,
        "transcript",
        """
        Ann: Hello there.
        Bob: Yo - you.
        Ann: Good.
        Bob: So long.
        """,
    ),
    Case(
        "tight.txt",
        """
        Ann:Hello there.
        Bob:Yo.
        Ann:Good.
        Bob:So long.
        """,
        "transcript",
        """
        Ann: Hello there.
        Bob: Yo.
        Ann: Good.
        Bob: So long.
        """,
    ),
    Case(
        "play.txt",
        """
        ANN
        Hello there.

        BOB
        Yo.

        ANN
        Good.

        BOB
        So long.
        """,
        "transcript",
        """
        ANN: Hello there.
        BOB: Yo.
        ANN: Good.
        BOB: So long.
        """,
    ),
    Case(
        "long-names.txt",
        f"{LONG}: What hurts?\nPatient: My knee.\n",
        "",
        f"{LONG}: What hurts?\nPatient: My knee.",
    ),
    Case(
        "plain.txt",
        """
        Ann: see you at
        10:30
        Bob: [9:15] works, too
        """,
        "",
        """
        Ann: see you at
        10:30
        Bob: [9:15] works, too
        """,
    ),
    Case(
        "summarised.txt",
        "[9:15] Ann: Hi\n[9:16] Bob: Yo\n",
        "transcript",
        "Ann: Hi\nBob: Yo",
        summary="They greet.",
    ),
    Case("split.txt", "[9:15] Ann: Hi\n[9:16] Bob: Yo\n", "transcript", "Ann: Hi\nBob: Yo", split="test"),
    Case(
        "utf16.txt",
        "[9:15] Ann: Größe?\n[9:16] Bob: Yo\n".encode("utf-16"),
        "transcript",
        "Ann: Größe?\nBob: Yo",
    ),
    Case("marked.txt", "\ufeff[9:15] Ann: Hi\r\n[9:16] Bob: Yo\r\n", "transcript", "Ann: Hi\nBob: Yo"),
    Case("no ending", "[9:15] Ann: Hi\n[9:16] Bob: Yo\n", "transcript", "Ann: Hi\nBob: Yo"),
)
