"""Transcripts of meetings and films."""

from tests.worker.readers.exports.case import Case, written

FULL, UPPER = ("Ann Lee", "Bob Moss"), ("ANN", "BOB")
VTT_TIMES, SRT_TIMES = "00:00:0{n}.270 --> 00:00:0{n}.459\n", "00:00:0{n},000 --> 00:00:0{n},900\n"

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
        "Ann Lee: Hello & welcome.\nBob: Thanks!",
        "1 media tag",
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
        "Ann Lee: Hello there.\nBob: Yo.\nAnd more.",
    ),
    Case(
        "no-names.srt",
        "1\n00:00:01,000 --> 00:00:02,000\n<i>Hello</i>\n\n2\n00:00:02,000 --> 00:00:03,000\nthere\n",
        "srt",
        "Hello\nthere",
    ),
    Case(
        "whisper.txt",
        "[00:00.000 --> 00:03.000]  Hello there.\n[00:03.000 --> 00:05.000]  Yo.\n",
        "srt",
        "Hello there.\nYo.",
    ),
    Case(
        "rolling.vtt",
        b"WEBVTT\nKind: captions\nLanguage: en\n\n"
        b"00:00:00.160 --> 00:00:02.389 align:start position:0%\n \nhello<00:00:00.400><c> and</c><00:00:00.640><c> "
        b"welcome</c>\n\n"
        b"00:00:02.389 --> 00:00:02.399 align:start position:0%\nhello and welcome\n \n\n"
        b"00:00:02.399 --> 00:00:04.950 align:start position:0%\nhello and welcome\nto<00:00:02.560><c> the</c><c> "
        b"show</c>\n\n"
        b"00:00:04.950 --> 00:00:04.960 align:start position:0%\nto the show\n \n\n"
        b"00:00:04.960 --> 00:00:07.000 align:start position:0%\nto the show\n[Music]\n\n"
        b"00:00:07.000 --> 00:00:09.000 align:start position:0%\n[Music]\nyes<00:00:07.560><c> yes</c>\n",
        "webvtt",
        "hello and welcome\nto the show\nyes yes",
        "2 system lines and 1 media tag",
    ),
    Case(
        "growing.vtt",
        """
        WEBVTT

        00:00.000 --> 00:00.500
        we said

        00:00.500 --> 00:01.000
        we said hello and

        00:01.000 --> 00:01.500
        we said hello and
        welcome to

        00:01.500 --> 00:02.000
        we said hello and
        welcome to the show

        00:02.000 --> 00:02.100
        welcome to the show

        00:02.100 --> 00:03.500
        welcome to the show
        today we

        00:03.500 --> 00:04.000
        welcome to the show
        today we bake
        """,
        "webvtt",
        "we said hello and\nwelcome to the show\ntoday we bake",
    ),
    Case(
        "sounds.vtt",
        """
        WEBVTT

        00:01.000 --> 00:02.000
        [laughs] hello there

        00:02.000 --> 00:03.000
        [laughs] and so on

        00:03.000 --> 00:04.000
        (sighs) well
        """,
        "webvtt",
        "[laughs] hello there\n[laughs] and so on\n(sighs) well",
    ),
    Case(
        "refrains.vtt",
        """
        WEBVTT

        00:01.000 --> 00:02.000
        Thank you
        for all of this.

        00:02.000 --> 00:03.000
        Thank you
        for the songs.

        00:03.000 --> 00:04.000
        Thank you
        for the days.
        """,
        "webvtt",
        """
        Thank you
        for all of this.
        Thank you
        for the songs.
        Thank you
        for the days.
        """,
    ),
    Case(
        "one-cue-of-no-one.vtt",
        """
        WEBVTT

        00:01.000 --> 00:02.000
        <v Ann>Hello.

        00:02.000 --> 00:03.000
        Who is that?
        I don't know.

        00:03.000 --> 00:04.000
        <v Bob>Yes.
        """,
        "webvtt",
        "Ann: Hello.\nUnknown: Who is that?\nI don't know.\nBob: Yes.",
    ),
    Case(
        "styles.vtt",
        """
        WEBVTT

        STYLE
        ::cue {
          background: gray;
          color: papayawhip;
          font: x
        }

        REGION
        id: fred

        00:00:00.000 --> 00:00:10.000
        Hello <b>world</b>.
        """,
        "webvtt",
        "Hello world.",
        "8 system lines",
    ),
    Case(
        "captions.sbv",
        "0:00:00.599,0:00:04.160\nhello there\n\n0:00:04.160,0:00:06.770\nyo\n",
        "srt",
        "hello there\nyo",
    ),
    Case(
        "meeting_saved_chat.txt",
        "09:15:07 From Ann Lee to Everyone : Hi\n09:15:09 From Bob to Everyone:\n\tYo\n",
        "transcript",
        "Ann Lee: Hi\nBob: Yo",
    ),
    Case(
        "meeting-replies.txt",
        "10:02:12 From  Ann  to  Everyone:\n\tHello\n"
        '10:02:20 From  Bob  to  Everyone:\n\tReplying to "Hello"\n\n\tYo\n',
        "transcript",
        "Ann: Hello\nBob: Yo",
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
        "ann: hi\nbob: yo",
        "2 system lines",
    ),
    Case(
        "quotes.txt",
        "太郎「おはよう」\n花子「おはよう、元気？」\n太郎「うん」\n",
        "transcript",
        "太郎: おはよう\n花子: おはよう、元気？\n太郎: うん",
    ),
    Case(
        "no-names.txt",
        "0:00\nhello there everyone\n0:04\nwelcome to the show\n",
        "",
        "0:00\nhello there everyone\n0:04\nwelcome to the show",
    ),
    written(
        "teams.vtt",
        "webvtt",
        "1f0c9a3e-8f0b-4c0e-9a53-0d1f2b3c4d5e/{n}-0\n" + VTT_TIMES + "<v {who}>{said}</v>\n",
        "WEBVTT\n",
        ("Lee, Ann", "Moss, Bob"),
    ),
    written("webex.vtt", "webvtt", '{n} "{who}" (291213132{n})\n' + VTT_TIMES + "{said}\n", "WEBVTT\n", FULL),
    written("tags.vtt", "webvtt", VTT_TIMES + "[{who}] {said}\n", "WEBVTT\n", UPPER),
    written("escaped.vtt", "webvtt", VTT_TIMES + "&lt;v {who}&gt;{said}\n", "WEBVTT\n", FULL),
    written("chevrons.srt", "srt", "{n}\n" + SRT_TIMES + ">> {who}: {said}\n", speakers=UPPER),
    written("own-line.srt", "srt", "{n}\n" + SRT_TIMES + "{who}:\n{said}\n", speakers=("DOCTOR", "PATIENT")),
    written("stream.txt", "srt", "0:0:{n}.0 --> 0:0:{n}.640\n{who}\n{said}", speakers=FULL),
    written("otter.txt", "transcript", "{who}  0:0{n}\n{said}\n", speakers=FULL),
    Case(
        "otter-end.txt",
        "Ann Lee  0:03\nHello there.\n\nBob  0:08\nYo.\n\nTranscribed by https://otter.ai\n",
        "transcript",
        "Ann Lee: Hello there.\nBob: Yo.",
        "1 system line",
    ),
    written("meeting_saved_closed_caption.txt", "transcript", "[{who}] 10:00:1{n}\n{said}\n", speakers=FULL),
    written("google-chat-copied.txt", "google_chat", "{who}, Jan 5, 10:0{n} AM\n{said}\n", speakers=FULL),
    written("cells.txt", "transcript", "{n}.00\t{n}.90\t{who}\t{said}", speakers=FULL),
    written("labels.txt", "transcript", "00:00:0{n}\t{who}\tstatement\t{said}", speakers=FULL),
    written("times-before.txt", "transcript", "[00:01:0{n}] {who}: {said}", speakers=FULL),
    written("ranges.txt", "transcript", "00:00:0{n} - 00:01:0{n} {who}: {said}"),
    written("times-behind.txt", "transcript", "{who} (00:1{n}): {said}", speakers=FULL),
    written("tagged-times.txt", "transcript", "[10:00:1{n}] [{who}] {said}", speakers=FULL),
)
