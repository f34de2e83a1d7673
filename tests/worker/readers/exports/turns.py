"""Files whose turns are written one like another, that are no exports, and whose bytes are the point."""

from tests.worker.readers.exports.case import Case, unchanged, written

FULL = ("Ann Lee", "Bob Moss")
VTT_TIMES, SRT_TIMES = "00:00:0{n}.270 --> 00:00:0{n}.459\n", "00:00:0{n},000 --> 00:00:0{n},900\n"
LONG = "Dr. Maria Alejandra Fernandez de la Cruz (Department of Cardiology)"

CASES = (
    written("entities.txt", "irc", "&lt;{who}&gt; {said}", speakers=("ann", "bob")),
    written(
        "teams.vtt", "webvtt",
        "1f0c9a3e-8f0b-4c0e-9a53-0d1f2b3c4d5e/{n}-0\n" + VTT_TIMES + "<v {who}>{said}</v>\n", "WEBVTT\n",
        ("Lee, Ann", "Moss, Bob"),
    ),
    written("escaped.vtt", "webvtt", VTT_TIMES + "&lt;v {who}&gt;{said}\n", "WEBVTT\n", FULL),
    written("own-line.srt", "srt", "{n}\n" + SRT_TIMES + "{who}:\n{said}\n", speakers=("DOCTOR", "PATIENT")),
    written("stream.txt", "srt", "0:0:{n}.0 --> 0:0:{n}.640\n{who}\n{said}", speakers=FULL),
    written("meeting_saved_closed_caption.txt", "transcript", "[{who}] 10:00:1{n}\n{said}\n", speakers=FULL),
    written("google-chat-copied.txt", "google_chat", "{who}, Jan 5, 10:0{n} AM\n{said}\n", speakers=FULL),
    written("cells.txt", "transcript", "{n}.00\t{n}.90\t{who}\t{said}", speakers=FULL),
    written("labels.txt", "transcript", "00:00:0{n}\t{who}\tstatement\t{said}", speakers=FULL),
    written("ranges.txt", "transcript", "00:00:0{n} - 00:01:0{n} {who}: {said}"),
    written("tagged-times.txt", "transcript", "[10:00:1{n}] [{who}] {said}", speakers=FULL),
    *(
        unchanged(f"{name}.txt", "".join(f"{line}\n" for line in lines.split("|")))
        for name, lines in {
            "sounds": "[noise] so I went|[laughter] yes|<another_yawn> right|[noise] and then|[noise] ok",
            "paragraphs": "<P>|Mr President, hello.|<P>|Please rise.|<BRK>|<P>|Thank you.",
            "prompts": "<input> hello there|<output> goodbye|<input> hello again|<output> bye",
            "sentences": "<s> hello there </s>|<s> goodbye </s>|<s> hello again </s>",
            "one-nick": "<ann> hello there|<ann> goodbye|<ann> hello again",
            "refrain": "La la la|We go home.|Oh my|We stay here.|La la la|And so on.|Oh my|We leave.",
            "answers": "Yes|We go home.|No|We stay.|Yes|And so on.|No|We leave.",
            "one-tag": "[ann] hello there|[noise] so|[ann] goodbye|<laugh> right|[ann] hello again",
        }.items()
    ),
    Case(
        "utf16.txt", "[9:15] Ann: Größe?\n[9:16] Bob: Yo\n".encode("utf-16"), "transcript",
        "Ann: Größe?\nBob: Yo",
    ),
    Case("marked.txt", "\ufeff[9:15] Ann: Hi\r\n[9:16] Bob: Yo\r\n", "transcript", "Ann: Hi\nBob: Yo"),
    written("dashed-times.txt", "transcript", "{who} (10:0{n}) - {said}"),
    written("iso.txt", "transcript", "2024-01-05T10:00:1{n}Z {who}: {said}"),
    written("iso-brackets.txt", "transcript", "[2024-01-05T10:00:1{n}+01:00] {who}: {said}"),
    written("nicks-colon.txt", "irc", "<{who}>: {said}", speakers=("ann", "bob")),
    written("wide-brackets.txt", "transcript", "【{who}】{said}", speakers=("医生", "病人")),
    written("tight.txt", "transcript", "{who}:{said}"),
    written("play.txt", "transcript", "{who}\n{said}\n", speakers=("ANN", "BOB")),
    unchanged("own-line.txt", "DOCTOR:\nWhat hurts?\n\nPATIENT:\nMy knee."),
    unchanged("wide-colons.txt", "医生：你好\n病人：我头疼\n医生：多久了？"),
    unchanged("narrow-colons.txt", "医生:你好\n病人:我头疼"),
    unchanged("long-names.txt", f"{LONG}: What hurts?\nPatient: My knee."),
    unchanged("plain.txt", "Ann: see you at\n10:30\nBob: [9:15] works, too"),
    written(
        "place.txt", "transcript", "{who} (10:0{n}): {said}", speakers=("Mrs Lee (York)", "Mr Moss (Hull)")
    ),
    written("time-between.txt", "transcript", "{who} | 10:0{n} | {said}"),
    written("numbers-above.txt", "transcript", "{who}\n{said}\n", speakers=("speaker 1", "speaker 2")),
    written("small-above.txt", "transcript", "{who}\n{said}\n", speakers=("doctor", "patient")),
)  # fmt: skip
