"""Logs of IRC programs, and text exports of messengers."""

from tests.worker.readers.exports.case import Case, written

CASES = (
    Case(
        "irssi.log",
        """
        --- Log opened Fri Jan 05 10:00:00 2024
        10:00 -!- ann [~ann@host.example] has joined #bread
        10:01 <@ann> is the oven on?
        10:02 < bob> yes: since nine
        10:03  * ann waves
        10:04 -!- bob [~bob@host.example] has quit [Ping timeout: 240 seconds]
        --- Day changed Sat Jan 06 2024
        09:00 <@ann> morning
        --- Log closed Sat Jan 06 10:00:00 2024
        """,
        "irc",
        "ann: is the oven on?\nbob: yes: since nine\nann: waves\n---\nann: morning",
        "5 system lines",
    ),
    Case(
        "irc.libera.#bread.weechatlog",
        "2024-01-05 10:00:12\t-->\tann (~ann@host) has joined #bread\n"
        "2024-01-05 10:00:13\t@ann\tis the oven on?\n"
        "2024-01-05 10:00:14\tbob\tyes: since nine\n"
        "2024-01-05 10:00:15\t--\tMode #bread [+v bob] by ann\n"
        "2024-01-05 10:00:16\t *\tann waves\n"
        "2024-01-05 10:00:17\t<--\tbob (~bob@host) has left #bread\n",
        "irc",
        "ann: is the oven on?\nbob: yes: since nine\nann: waves",
        "3 system lines",
    ),
    Case(
        "hexchat.txt",
        "**** BEGIN LOGGING AT Fri Jan  5 10:00:00 2024\n\n"
        "Jan 05 10:00:01 *\tNow talking on #bread\n"
        "Jan 05 10:00:01 *\tTopic for #bread is: loaves\n"
        "Jan 05 10:00:02 <ann>\tis the oven on?\n"
        "Jan 05 10:00:03 <bob>\tyes\n"
        "Jan 05 10:00:04 *\tbob has quit (Quit: bye)\n"
        "Jan 05 18:00:05 <ann>\tstill?\n",
        "irc",
        "ann: is the oven on?\nbob: yes\n---\nann: still?",
        "4 system lines",
    ),
    Case(
        "2024-01-05.log",
        """
        [10:00:00] *** Joins: bob (~bob@host.example)
        [10:00:12] <ann> is the oven on?
        [10:00:13] <bob> yes
        [10:00:14] * ann waves
        [10:00:15] *** Quits: bob (~bob@host.example) (Quit: bye)
        [18:00:00] <ann> and now?
        """,
        "irc",
        "ann: is the oven on?\nbob: yes\nann: waves\n---\nann: and now?",
        "2 system lines",
        about="znc",
    ),
    Case(
        "#bread_20240105.log",
        "[10:00:12] <ann> is the oven on?\n[10:00:13] <bob> yes\n[18:00:00] <ann> and now?\n",
        "irc",
        "ann: is the oven on?\nbob: yes\n---\nann: and now?",
        about="znc-old",
    ),
    Case(
        "mirc.log",
        """
        Session Start: Fri Jan 05 10:00:00 2024
        Session Ident: #bread
        [10:00] * Now talking in #bread
        [10:00] <ann> is the \x0304oven\x03 on?
        [10:01] <bob> \x02yes\x02
        [10:01] * bob has quit IRC (Quit: bye)
        Session Close: Fri Jan 05 10:02:00 2024
        """,
        "irc",
        "ann: is the oven on?\nbob: yes",
        "5 system lines",
        about="mirc",
    ),
    Case(
        "nicks.txt",
        "<ann> is the oven on?\n<+bob> yes\n* cem has joined #bread\n<ann> good\n",
        "irc",
        "ann: is the oven on?\nbob: yes\nann: good",
        "1 system line",
    ),
    Case(
        "[LINE] Chat with Bob.txt",
        "[LINE] Chat history with Bob\nSaved on: 2024/01/06 10:00\n\n2024/01/05(Fri)\n10:00\tAnn\tHello\n"
        '10:01\tBob\t[Sticker]\n10:02\tBob\t"two\nlines"\n10:03\tAnn unsent a message.\n\n2024/01/06(Sat)\n'
        "09:00\tAnn\tMorning\n",
        "line",
        "Ann: Hello\nBob: two\nlines\n---\nAnn: Morning",
        "3 system lines and 1 media tag",
    ),
    Case(
        "line-ja.txt",
        "[LINE] Bobとのトーク履歴\n保存日時：2024/01/06 10:00\n\n2024/01/05(金)\n午前10:00\tAnn\tこんにちは\n"
        "午後1:01\tBob\t[写真]\n午後1:02\tBob\tやあ\n",
        "line",
        "Ann: こんにちは\nBob: やあ",
        "2 system lines and 1 media tag",
    ),
    Case(
        "line-en.txt",
        "[LINE] Chat history in Trip\nSaved on: 01/06/2024 10:00\n\nFri, 01/05/2024\n"
        "10:00AM\tAnn\tHello\n10:01AM\tBob\tYo\n",
        "line",
        "Ann: Hello\nBob: Yo",
        "2 system lines",
    ),
    Case(
        "KakaoTalk_pc.txt",
        """
        Bob 님과 카카오톡 대화
        저장한 날짜 : 2024-01-06 10:00:00

        --------------- 2024년 1월 5일 금요일 ---------------
        [Ann] [오전 10:00] 안녕
        [Bob] [오후 1:02] 사진
        [Bob] [오후 1:03] 네
        둘째 줄
        Cem님이 들어왔습니다.
        --------------- 2024년 1월 6일 토요일 ---------------
        [Ann] [오전 9:00] 좋은 아침
        """,
        "kakaotalk",
        "Ann: 안녕\nBob: 네\n둘째 줄\n---\nAnn: 좋은 아침",
        "3 system lines and 1 media tag",
    ),
    Case(
        "KakaoTalk_en.txt",
        """
        KakaoTalk Chats with Bob
        Date Saved : 2024-01-06 10:00:00

        --------------- Friday, January 5, 2024 ---------------
        [Ann] [10:00 AM] Hello
        [Bob] [1:02 PM] Photo
        [Bob] [1:03 PM] Yo
        """,
        "kakaotalk",
        "Ann: Hello\nBob: Yo",
        "2 system lines and 1 media tag",
    ),
    Case(
        "KakaoTalkChats.txt",
        """
        Bob 님과 카카오톡 대화
        저장한 날짜 : 2024년 1월 6일 오전 10:00

        2024년 1월 5일 오전 10:00
        2024년 1월 5일 오전 10:00, Ann : 안녕
        2024년 1월 5일 오전 10:01, Bob : 네
        """,
        "kakaotalk",
        "Ann: 안녕\nBob: 네",
        "3 system lines",
    ),
    Case(
        "viber.txt",
        """
        [ 05/01/2024 10:00 AM ] Ann: Hello
        [ 05/01/2024 10:01 AM ] Bob: Photo message
        [ 05/01/2024 10:02 AM ] Bob: Yo
        and so on
        """,
        "viber",
        "Ann: Hello\nBob: Yo\nand so on",
        "1 media tag",
    ),
    Case(
        "viber-mail.txt",
        "[5 January 2024 at 10:00:12]: Ann: Hello\n[5 January 2024 at 18:02:12]: Bob: Yo\n",
        "viber",
        "Ann: Hello\n---\nBob: Yo",
    ),
    Case(
        "signal.md",
        """
        [2024-01-05 10:00:12] Ann: Hello
        [2024-01-05 10:01:12] Me: > Hello

        Yo
        ![photo](./media/2024-01-05_10-01-12_00.jpg)
        [2024-01-06 10:01:12] Ann: Morning
        """,
        "signal",
        "Ann: Hello\nMe: Yo\n---\nAnn: Morning",
        "1 media tag and 1 quoted message",
    ),
    Case(
        "+447700900123.txt",
        """
        Jan 05, 2024 10:00:12 AM (Read by you after 5 seconds)
        Ann Lee
        Hello

        Jan 05, 2024 10:01:12 AM
        Me
        Yo
        attachments/IMG_1.heic
        Tapbacks:
        Loved by Ann Lee

        Jan 06, 2024 10:01:12 AM
        Me
        Morning
        """,
        "imessage",
        "Ann Lee: Hello\nMe: Yo\n---\nMe: Morning",
        "2 system lines and 1 media tag",
    ),
    Case(
        "skype.txt",
        """
        [1/5/2024 10:00:12 AM] Ann Lee: Hello
        [1/5/2024 10:01:12 AM] Bob Moss: Yo: you
        [1/6/2024 10:01:12 AM] Ann Lee: Morning
        """,
        "whatsapp",
        "Ann Lee: Hello\nBob Moss: Yo: you\n---\nAnn Lee: Morning",
        about="skype",
    ),
    Case(
        "slack-copied.txt",
        "Ann Lee  [9:15 AM]\nIs the oven on?\nBob Moss  [9:20 AM]\nYes (edited)\n:tada:\n2\n",
        "slack",
        "Ann Lee: Is the oven on?\nBob Moss: Yes",
        "3 system lines",
    ),
    Case(
        "teams-copied.txt",
        "[Yesterday 9:15 AM] Lee, Ann\nSee the plan?\n[9:20 AM] Bob Moss\nYes: fine\nlike 1\n",
        "teams",
        "Lee, Ann: See the plan?\nBob Moss: Yes: fine",
        "1 system line",
    ),
    Case(
        "discord-copied.txt",
        "ann — 05/01/2024 10:00\nis the oven on?\nbob — 05/01/2024 10:01\nyes\nImage\n",
        "discord",
        "ann: is the oven on?\nbob: yes",
        "1 media tag",
    ),
    Case(
        "telegram-copied.txt",
        "Ann Lee, [05.01.2024 10:00]\nHello\nBob, [05.01.2024 10:01]\n[ Photo ]\nLook\n",
        "telegram",
        "Ann Lee: Hello\nBob: Look",
        "1 media tag",
    ),
    written("entities.txt", "irc", "&lt;{who}&gt; {said}", speakers=("ann", "bob")),
    written(
        "imazing.txt",
        "imessage",
        f"2024-01-05 10:0{{n}}:12 from {{who}} - +44 7700 900123\n\n{{said}}\n{'-' * 52}",
    ),
    written("clock-first.txt", "transcript", "[10:0{n} 28/10/2025] {who}: {said}"),
    written("start-and-end.txt", "transcript", "00:0{n}\t00:0{n}\t{who}\ts\t{said}"),
)
