"""Mails and mailboxes, chats as web pages, and chats in tables."""

import base64

from tests.worker.readers.exports.case import Case

HEADERS = "MIME-Version: 1.0\nMessage-ID: <{id}@example.org>\nDate: Fri, 5 Jan 2024 10:0{minute}:00 +0000\n"


def mail(
    number: int, sender: str, subject: str, body: str, more: str = "", kind: str = "text/plain; charset=utf-8"
) -> str:
    head = HEADERS.format(id=number, minute=number)
    return (
        f"From: {sender}\nTo: all@example.org\nSubject: {subject}\n{head}{more}Content-Type: {kind}\n\n{body}"
    )


ANN, BOB, CEM = "Ann Lee <ann@example.org>", "Bob Moss <bob@example.org>", "cem@example.org"
MIXED = 'multipart/mixed; boundary="=_B"'
ATTACHED = """\
--=_B
Content-Type: text/plain; charset=utf-8

Here it is.

--=_B
Content-Type: application/pdf; name="plan.pdf"
Content-Disposition: attachment; filename="plan.pdf"
Content-Transfer-Encoding: base64

JVBERi0xLjcKJVBERi0xLjcK
JVBERi0xLjcKJVBERi0xLjcK
--=_B--
"""
BOTH = """\
--=_B
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Gr=FC=DFe, um neun?
--=_B
Content-Type: text/html; charset=utf-8

<p>Gr&uuml;&szlig;e, um neun?</p>
--=_B--
"""
PAGE = "<html><head><style>p{}</style><script>alert('no')</script></head><body><p>Shall we<br>meet?</p></body></html>"
QUOTED = """\
Yes, at nine.

--\x20
Ann Lee
Baker

On Fri, Jan 5, 2024 at 9:55 AM Bob Moss <bob@example.org> wrote:
> Shall we meet?
>
> Bob
"""
THREAD = [
    mail(1, ANN, "Bread", "Shall we meet?\n>From nine on.\n"),
    mail(
        2,
        BOB,
        "Re: Bread",
        "Yes.\n\nOn Fri, 5 Jan 2024 at 10:01, Ann Lee <ann@example.org> wrote:\n> Shall we meet?\n",
        "In-Reply-To: <1@example.org>\n",
    ),
    mail(3, CEM, "Cake", "Cake?\n"),
    mail(
        4, ANN, "AW: Bread", "Good.\n\nSent from my phone\n", "References: <1@example.org> <2@example.org>\n"
    ),
]
MBOX = "".join(
    f"From sender@example.org Fri Jan  5 10:0{n}:00 2024\n{each}\n" for n, each in enumerate(THREAD, start=1)
)
OUTLOOK = """\
Von: Ann Lee
Gesendet: Freitag, 5. Januar 2024 10:05
An: Bob Moss
Betreff: AW: Brot

Ja, um neun.

Von: Bob Moss
Gesendet: Freitag, 5. Januar 2024 10:00
An: Ann Lee
Betreff: Brot

Wollen wir uns treffen?
"""
TELEGRAM = """\
<!DOCTYPE html>
<html><head><title>Exported Data</title><script>document.write("Eve: no")</script></head>
<body onload="CheckLocation();"><div class="page_wrap"><div class="history">
<div class="message service" id="message-1"><div class="body details">5 January 2024</div></div>
<div class="message default clearfix" id="message1">
 <div class="pull_left userpic_wrap"><div class="userpic"><div class="initials">A</div></div></div>
 <div class="body"><div class="pull_right date details" title="05.01.2024 10:00:12 UTC+01:00">10:00</div>
 <div class="from_name">Ann Lee </div><div class="text">Hello<br>there &amp; you</div></div></div>
<div class="message default clearfix joined" id="message2"><div class="body">
 <div class="pull_right date details" title="05.01.2024 10:00:40 UTC+01:00">10:00</div>
 <div class="media_wrap clearfix"><a class="media media_photo">
 <div class="body"><div class="title">Photo</div></div></a></div>
 <div class="text">Look</div></div></div>
<div class="message default clearfix" id="message3"><div class="body">
 <div class="pull_right date details" title="06.01.2024 10:00:40 UTC+01:00">10:00</div><div class="from_name">Bob</div>
 <div class="reply_to details">In reply to <a href="#go_to_message1">this message</a></div>
 <div class="text">Yo</div></div></div>
</div></div></body></html>
"""
DISCORD = """\
<!DOCTYPE html><html><head><style>.x{}</style></head><body><div class="preamble">Bakers</div><div class="chatlog">
<div class="chatlog__message-group"><div class="chatlog__message-container"><div class="chatlog__message">
<div class="chatlog__message-primary"><div class="chatlog__header"><span class="chatlog__author" title="ann">Ann</span>
<span class="chatlog__timestamp" title="Friday, January 5, 2024 10:00 AM"><a href="#">1/5/2024 10:00 AM</a></span></div>
<div class="chatlog__content chatlog__markdown"><span>Hello</span></div></div></div></div>
<div class="chatlog__message-container"><div class="chatlog__message"><div class="chatlog__message-aside">
<div class="chatlog__short-timestamp" title="Friday, January 5, 2024 10:01 AM">10:01 AM</div></div>
<div class="chatlog__message-primary"><div class="chatlog__content chatlog__markdown">Again</div>
<div class="chatlog__attachment"><a href="#">plan.pdf</a></div></div></div></div></div>
<div class="chatlog__message-group"><div class="chatlog__message-container"><div class="chatlog__message">
<div class="chatlog__message-primary"><div class="chatlog__reply"><div class="chatlog__reply-author">Ann</div>
<div class="chatlog__reply-content">Hello</div></div><div class="chatlog__header">
<span class="chatlog__author">Bob</span>
<span class="chatlog__timestamp" title="Friday, January 5, 2024 10:02 AM"></span></div>
<div class="chatlog__content chatlog__markdown">Yo</div></div></div></div></div></div></body></html>
"""
FACEBOOK = """\
<html><head><style>div{}</style></head><body><div class="_a706" role="main">
<div class="_3-95 _a6-g"><div class="_2ph_ _a6-h _a6-i">Bob</div>
<div class="_2ph_ _a6-p"><div><div></div><div>Yo</div></div></div>
<div class="_3-94 _a6-o"><div class="_a72d">Jan 05, 2024 10:01:12 am</div></div></div>
<div class="_3-95 _a6-g"><div class="_2ph_ _a6-h _a6-i">Ann</div>
<div class="_2ph_ _a6-p"><div><div></div><div>Hi</div></div></div>
<div class="_3-94 _a6-o"><div class="_a72d">Jan 05, 2024 10:00:12 am</div></div></div></div></body></html>
"""
_OLD = """<div class="message"><div class="message_header"><span class="user">{}</span>
<span class="meta">Friday, October 4, 2013 at {}pm UTC+02</span></div></div><p>{}</p>"""
OLD_FACEBOOK = f"""\
<html><head><title>Ann - Messages</title></head><body><div class="contents"><h1>Ann</h1><div>
<div class="thread">Ann, Bob{_OLD.format("Bob", "9:15", "Good, see you.")}{_OLD.format("Ann", "9:10", "At ten?")}</div>
<div class="thread">Ann, Cem{_OLD.format("Cem", "9:16", "Thanks!")}{_OLD.format("Cem", "9:20", "It came.")}</div>
</div></div><div class="footer">Downloaded by Ann</div></body></html>
"""
INTERVIEW = """\
<html><head><title>Interview</title><script>document.write("Eve: no")</script></head>
<body><p><b>Ann:</b> Hello &amp; welcome</p><p><b>Bob:</b> Yo</p><noscript>Eve: no</noscript></body></html>
"""
TABLE = """\
<html><body><table><tr><th>Who</th><th>What</th></tr>
<tr><td>Ann</td><td>Hi <b>you</b></td></tr>
<tr><td><p>Bob</p></td><td>
<p>Yo</p><p>and</p></td></tr>
<tr><td>Ann</td><td>So</td></tr><tr><td>Bob</td><td>Well</td></tr></table></body></html>
"""
NESTED = """\
Great, see you.

> On 5 Jan 2024, at 10:03, Bob Moss <bob@example.org> wrote:
>
> Yes, at nine.
>
>> On 5 Jan 2024, at 10:00, Ann Lee <ann@example.org> wrote:
>>
>> Shall we meet?
"""
BETWEEN = """\
On Fri, Jan 5, 2024 at 10:00 AM Bob Moss <
bob@example.org> wrote:

> Shall we meet?
> At nine?

Yes.

> At nine?

Yes, too.
"""
ANSWERED = """\
Great.

From: Bob Moss <bob@example.org>
Sent: Friday, January 5, 2024 10:00 AM
To: Ann Lee
Subject: Bread

Shall we meet?

________________________________
From: Ann Lee
Sent: Thursday, January 4, 2024 9:00 AM
To: Bob Moss
Subject: Bread

Hungry?
"""
GREETING = "Ann: Hi\nBob: Yo, man"

CASES = (
    Case(
        "two-headers.data",
        "MIME-Version: 1.0\nContent-Type: text/plain\n\nThe train is late.\n",
        "mail",
        "Unknown: The train is late.",
    ),
    Case(
        "mailto.txt",
        """
        From: Ann Lee [mailto:ann@example.org]
        Sent: Friday, October 4, 2013 10:12 AM
        To: Bob Moss
        Subject: Bread

        Rye, please.

        From: Bob Moss [mailto:bob@example.org]
        Sent: Friday, October 4, 2013 9:12 AM
        To: Ann Lee
        Subject: Bread

        Which bread?
        """,
        "mail",
        "Bob Moss: Which bread?\nAnn Lee: Rye, please.",
    ),
    Case(
        "quoted.eml",
        mail(5, ANN, "Re: Bread", QUOTED),
        "mail",
        "Bob Moss: Shall we meet?\nBob\nAnn Lee: Yes, at nine.",
        "1 signature",
    ),
    Case(
        "attached.eml",
        mail(5, ANN, "Plan", ATTACHED, kind=MIXED),
        "mail",
        "Ann Lee: Here it is.",
        "1 media tag",
    ),
    Case(
        "both.eml",
        mail(
            5,
            "=?utf-8?q?J=C3=B6rg?= <j@example.org>",
            "Brot",
            BOTH,
            kind='multipart/alternative; boundary="=_B"',
        ),
        "mail",
        "Jörg: Grüße, um neun?",
    ),
    Case(
        "page.eml",
        mail(5, BOB, "Bread", PAGE, kind="text/html; charset=utf-8"),
        "mail",
        "Bob Moss: Shall we\nmeet?",
    ),
    Case(
        "encoded.eml",
        mail(
            5,
            BOB,
            "Bread",
            base64.encodebytes("Größe?".encode()).decode(),
            "Content-Transfer-Encoding: base64\n",
        ),
        "mail",
        "Bob Moss: Größe?",
    ),
    Case(
        "forwarded.eml",
        mail(5, CEM, "WG: Brot", OUTLOOK),
        "mail",
        "Bob Moss: Wollen wir uns treffen?\nAnn Lee: Ja, um neun.",
    ),
    Case(
        "all.mbox",
        MBOX,
        "mail",
        "Ann Lee: Shall we meet?\nFrom nine on.\nBob Moss: Yes.\nAnn Lee: Good.\n---\ncem@example.org: Cake?",
        "1 quoted message and 1 signature",
    ),
    Case(
        "Inbox",
        MBOX.replace("\n", "\r\n"),
        "mail",
        "Ann Lee: Shall we meet?\nFrom nine on.\nBob Moss: Yes.\nAnn Lee: Good.\n---\ncem@example.org: Cake?",
        "1 quoted message and 1 signature",
    ),
    Case(
        "pasted.txt",
        mail(5, ANN, "Re: Bread", QUOTED),
        "mail",
        "Bob Moss: Shall we meet?\nBob\nAnn Lee: Yes, at nine.",
        "1 signature",
    ),
    Case(
        "nested.eml",
        mail(5, ANN, "Re: Bread", NESTED),
        "mail",
        "Ann Lee: Shall we meet?\nBob Moss: Yes, at nine.\nAnn Lee: Great, see you.",
    ),
    Case(
        "between.eml",
        mail(5, ANN, "Re: Bread", BETWEEN),
        "mail",
        "bob@example.org: Shall we meet?\nAt nine?\nAnn Lee: Yes.\nYes, too.",
        "1 quoted message",
    ),
    Case("answered.txt", ANSWERED, "mail", "Ann Lee: Hungry?\nBob Moss: Shall we meet?\nUnknown: Great."),
    Case("outlook.txt", OUTLOOK, "mail", "Bob Moss: Wollen wir uns treffen?\nAnn Lee: Ja, um neun."),
    Case(
        "messages.html",
        TELEGRAM,
        "telegram",
        "Ann Lee: Hello\nthere & you\nAnn Lee: Look\n---\nBob: Yo",
        "1 system line, 1 media tag and 1 quoted message",
    ),
    Case(
        "discord.html",
        DISCORD,
        "discord",
        "Ann: Hello\nAnn: Again\nBob: Yo",
        "1 media tag and 1 quoted message",
    ),
    Case("message_1.html", FACEBOOK, "messenger", "Ann: Hi\nBob: Yo"),
    Case(
        "messages.htm",
        OLD_FACEBOOK,
        "messenger",
        "Ann: At ten?\nBob: Good, see you.\n---\nCem: Thanks!\nCem: It came.",
    ),
    Case("interview.html", INTERVIEW, "", "Ann: Hello & welcome\nBob: Yo"),
    Case("table.html", TABLE, "transcript", "Ann: Hi you\nBob: Yo\nand\nAnn: So\nBob: Well", "1 system line"),
    Case("interview.txt", INTERVIEW, "", "Ann: Hello & welcome\nBob: Yo"),
    Case(
        "chat.csv",
        "Date,Time,Sender,Message\n2024-01-05,10:00,Ann,Hi\n"
        '2024-01-05,10:01,Bob,"Yo, man"\n2024-01-06,10:00,Ann,Morning\n',
        "table",
        f"{GREETING}\n---\nAnn: Morning",
    ),
    Case(
        "discord.csv",
        "AuthorID,Author,Date,Content,Attachments,Reactions\n1,Ann,2024-01-05T10:00:12.1230000+00:00,Hi,,\n"
        '2,Bob,2024-01-05T10:01:12.1230000+00:00,"Yo, man",,\n',
        "table",
        GREETING,
        about="discord-table",
    ),
    Case(
        "KakaoTalk.csv",
        'Date,User,Message\n2024-01-05 10:00:12,"Ann","Hi"\n2024-01-05 10:01:12,"Bob","Yo, man"\n',
        "table",
        GREETING,
        about="kakao-table",
    ),
    Case(
        "deutsch.csv",
        "Datum;Uhrzeit;Absender;Nachricht\n05.01.2024;10:00;Ann;Hi\n"
        "05.01.2024;10:01;Bob;Yo, man\n06.01.2024;10:01;Bob;Na?\n",
        "table",
        f"{GREETING}\n---\nBob: Na?",
    ),
    Case(
        "imazing.tsv",
        "Chat Session\tMessage Date\tType\tSender Name\tText\n"
        "Bob\t2024-01-05 10:00:12\tIncoming\tAnn\tHi\nBob\t2024-01-05 10:01:12\tOutgoing\tBob\tYo, man\n",
        "table",
        GREETING,
    ),
    Case(
        "rows.jsonl",
        '{"id": 1, "timestamp": 1704448800000, "user": "Ann", "text": "Hi"}\n'
        '{"id": 2, "timestamp": 1704448860000, "user": "Bob", "text": "Yo, man"}\n'
        '{"id": 3, "timestamp": 1704548860000, "user": "Bob", "text": "Well"}\n',
        "table",
        f"{GREETING}\n---\nBob: Well",
    ),
    Case(
        "table.txt",
        "time\tname\tmessage\n2024-01-05 10:00\tAnn\tHi\n2024-01-05 10:01\tBob\tYo, man\n",
        "table",
        GREETING,
    ),
)
