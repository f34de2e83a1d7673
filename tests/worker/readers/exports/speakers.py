"""Plain texts that name speakers in their own way, in several encodings, with a summary, in a split."""

from tests.worker.readers.exports.case import Case, unchanged, written

LONG = "Dr. Maria Alejandra Fernandez de la Cruz (Department of Cardiology)"

CASES = (
    Case(
        "proceedings.txt",
        """
        <CHAPTER ID=1>
        Resumption of the session
        <SPEAKER ID=1 NAME="President">
        I declare resumed the session.
        <P>
        Please rise.
        <SPEAKER ID=2 LANGUAGE="EN" NAME="Lee">
        Madam President.
        """,
        "transcript",
        "President: I declare resumed the session.\nPlease rise.\nLee: Madam President.",
        "2 system lines",
    ),
    Case(
        "persons.txt",
        """
        (PERSON1) So we can start.
        <parallel_talk/>
        (PERSON2) Yes.
        <another_yawn> Sorry.
        (PERSON1) <laugh> Fine.
        """,
        "transcript",
        "PERSON1: So we can start.\nPERSON2: Yes.\nSorry.\nPERSON1: <laugh> Fine.",
        "1 system line and 1 media tag",
    ),
    *(
        unchanged(f"{name}.txt", "".join(f"{line}\n" for line in lines))
        for name, lines in {
            "sounds": (
                "[noise] so I went",
                "[laughter] yes",
                "<another_yawn> right",
                "[noise] and then",
                "[noise] ok",
            ),
            "paragraphs": (
                "<P>",
                "Mr President, hello.",
                "<P>",
                "Please rise.",
                "<BRK>",
                "<P>",
                "Thank you.",
            ),
            "prompts": ("<input> hello there", "<output> goodbye", "<input> hello again", "<output> bye"),
            "sentences": ("<s> hello there </s>", "<s> goodbye </s>", "<s> hello again </s>"),
            "one-nick": ("<ann> hello there", "<ann> goodbye", "<ann> hello again"),
            "refrain": (
                "La la la",
                "We go home.",
                "Oh my",
                "We stay here.",
                "La la la",
                "And so on.",
                "Oh my",
                "We leave.",
            ),
            "answers": ("Yes", "We go home.", "No", "We stay.", "Yes", "And so on.", "No", "We leave."),
            "one-tag": (
                "[ann] hello there",
                "[noise] so",
                "[ann] goodbye",
                "<laugh> right",
                "[ann] hello again",
            ),
        }.items()
    ),
    Case(
        "brackets.txt",
        "[doctor] What hurts?\n[patient] My knee\nand the back.\n[laughs]\n[doctor] Since when?\n",
        "transcript",
        "doctor: What hurts?\npatient: My knee\nand the back.\ndoctor: Since when?",
        "1 media tag",
    ),
    Case(
        "deposition.txt",
        """
             Q.   What is your name?
             A.   Ann Lee.
             MR. MOSS:  Objection.
             Q.   Where do you live,
             and since when?
             A.   In Rome.
        """,
        "transcript",
        """
        Q: What is your name?
        A: Ann Lee.
        MR. MOSS: Objection.
        Q: Where do you live,
        and since when?
        A: In Rome.
        """,
    ),
    Case(
        "questions.txt",
        "Q1) Name?\nA1) Ann\nQ2) Town?\nA2) Rome",
        "transcript",
        "Q: Name?\nA: Ann\nQ: Town?\nA: Rome",
    ),
    Case(
        "marks.txt",
        "Q What is your name?\nA Ann Lee.\nQ And since when?\nA Always.",
        "transcript",
        "Q: What is your name?\nA: Ann Lee.\nQ: And since when?\nA: Always.",
    ),
    Case(
        "fragen.txt",
        "F. Wie heißen Sie?\nA. Ann Lee.\nF. Und seit wann?\nA. Schon immer.",
        "transcript",
        "F: Wie heißen Sie?\nA: Ann Lee.\nF: Und seit wann?\nA: Schon immer.",
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
    written("numbered.txt", "transcript", "{n}. {who}: {said}"),
    written("bullets.txt", "transcript", "• {who}: {said}"),
    written("tabbed-times.txt", "transcript", "{who}\t10:0{n}\t{said}"),
    written("piped-times.txt", "transcript", "10:0{n} | {who} | {said}"),
    written("dashed-times.txt", "transcript", "{who} (10:0{n}) - {said}"),
    written("iso.txt", "transcript", "2024-01-05T10:00:1{n}Z {who}: {said}"),
    written("iso-brackets.txt", "transcript", "[2024-01-05T10:00:1{n}+01:00] {who}: {said}"),
    written("nicks-colon.txt", "irc", "<{who}>: {said}", speakers=("ann", "bob")),
    written("wide-brackets.txt", "transcript", "【{who}】{said}", speakers=("医生", "病人")),
    written("stars.md", "transcript", "**{who}:** {said}\n"),
    written("dashes.txt", "transcript", "{who} - {said}"),
    written("tight.txt", "transcript", "{who}:{said}"),
    written("play.txt", "transcript", "{who}\n{said}\n", speakers=("ANN", "BOB")),
    unchanged("own-line.txt", "DOCTOR:\nWhat hurts?\n\nPATIENT:\nMy knee."),
    unchanged("wide-colons.txt", "医生：你好\n病人：我头疼\n医生：多久了？"),
    unchanged("narrow-colons.txt", "医生:你好\n病人:我头疼"),
    unchanged("long-names.txt", f"{LONG}: What hurts?\nPatient: My knee."),
    unchanged("plain.txt", "Ann: see you at\n10:30\nBob: [9:15] works, too"),
    written("rev.txt", "transcript", "{who} (00:0{n}):\n{said}\n"),
    written(
        "place.txt", "transcript", "{who} (10:0{n}): {said}", speakers=("Mrs Lee (York)", "Mr Moss (Hull)")
    ),
    written("time-in-tag.txt", "transcript", "[{who} - 00:0{n}] {said}"),
    written("time-between.txt", "transcript", "{who} | 10:0{n} | {said}"),
    written("bold-name.md", "transcript", "**{who}**: {said}\n"),
    written("numbers-above.txt", "transcript", "{who}\n{said}\n", speakers=("speaker 1", "speaker 2")),
    written("small-above.txt", "transcript", "{who}\n{said}\n", speakers=("doctor", "patient")),
    written("headings.md", "transcript", "### {who}\n\n{said}\n"),
    Case(
        "bold-above.md",
        "**Ann**\n\nSo?\n\n---\n\n**Bob**\n\nYes.\n\n---\n\n**Ann**\n\nWell.\n\n---\n\n**Bob**\n\nGood.\n",
        "transcript",
        "Ann: So?\nBob: Yes.\nAnn: Well.\nBob: Good.",
        "3 system lines",
    ),
)
