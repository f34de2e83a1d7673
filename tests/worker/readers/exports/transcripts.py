"""Transcripts of meetings and films."""

from __future__ import annotations

from tests.worker.readers.exports.case import Case

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
        "meeting-replies.txt",
        "10:02:12 From  Ann  to  Everyone:\n\tHello\n"
        '10:02:20 From  Bob  to  Everyone:\n\tReplying to "Hello"\n\n\tYo\n',
        "transcript",
        """
        Ann: Hello
        Bob: Yo
        """,
        "1 quoted message",
    ),
    Case(
        "pidgin.txt",
        """
        Conversation with bob at Fri 05 Jan 2024 10:00:00 on ann (irc)
        (10:00:12) ann: hi
        (10:00:15) bob: yo
        (10:00:20) bob has left the room.
        """,
        "transcript",
        """
        ann: hi
        bob: yo
        """,
        "2 system lines",
    ),
    Case(
        "google-chat-copied.txt",
        """
        Ann Lee, Jan 5, 10:00 AM
        Hello there.

        Bob, Jan 5, 10:01 AM
        Yo.
        """,
        "google_chat",
        """
        Ann Lee: Hello there.
        Bob: Yo.
        """,
    ),
    Case(
        "quotes.txt",
        """
        太郎「おはよう」
        花子「おはよう、元気？」
        太郎「うん」
        """,
        "transcript",
        """
        太郎: おはよう
        花子: おはよう、元気？
        太郎: うん
        """,
    ),
    Case(
        "no-names.txt",
        """
        0:00
        hello there everyone
        0:04
        welcome to the show
        """,
        "",
        """
        0:00
        hello there everyone
        0:04
        welcome to the show
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
)
