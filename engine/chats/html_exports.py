"""Web pages as which Telegram, Discord and Messenger export chats, and the text of any other page.

Pages are parsed as text alone: scripts and styles are dropped, and nothing that a page names is loaded.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

from engine.chats.chat import Kind, LeftOutKind, Log
from engine.chats.timestamps import moments
from engine.text.conversations import Turn

Attributes = list[tuple[str, str | None]]
VOID = {"br", "img", "hr", "input", "meta", "link", "area", "base", "col", "embed", "source", "track", "wbr"}
HIDDEN = {"script", "style", "template", "noscript", "head", "svg", "select", "textarea", "iframe", "object"}
CELLS = {"td", "th"}
BLOCKS = {
    "p", "div", "li", "tr", "ul", "ol", "table", "section", "article", "blockquote", "dl", "dt", "dd", "pre", "header",
    "footer", "h1", "h2", "h3", "h4", "h5", "h6", "body", "main",
}  # fmt: skip
# A page whose elements are nested more deeply is no export.
MAX_DEPTH = 1000
# A tag may hold a whole picture; one that the page's end cuts is tried again at each character.
MAX_OPEN_CHARACTERS, MAX_LAST_CHARACTERS = 8 << 20, 2_000


@dataclass(frozen=True)
class PageFormat:
    """The form of one application's page, which is recognised by `mark`: the classes of its elements by their role.

    `message` is the element around one message, `author`, `time` and `text` stand in it. `media` and `system` are left
    out, `quote` and `ignored` too. `group` ends an author's messages, and in each `thread` is a chat of its own. An
    element with classes of several roles has the first of these roles. `text_follows`: the text is in a paragraph
    within or behind the message, without a class.
    """

    kind: Kind
    mark: str
    roles: Mapping[str, Collection[str]]
    newest_first: bool = False
    text_follows: bool = False


FORMATS = (
    PageFormat(
        "telegram",
        'class="history"',
        {
            "ignored": ("userpic_wrap", "reactions", "signature", "via"),
            "quote": ("reply_to",),
            "media": ("media_wrap",),
            "system": ("service",),
            "message": ("default",),
            "author": ("from_name",),
            "time": ("date",),
            "text": ("text",),
        },
    ),
    PageFormat(
        "discord",
        "chatlog__message",
        {
            "ignored": ("chatlog__reactions", "chatlog__edited-timestamp", "chatlog__author-tag", "chatlog__bot-label"),
            "quote": ("chatlog__reply", "chatlog__reference"),
            "media": ("chatlog__attachment", "chatlog__embed", "chatlog__sticker"),
            "system": ("chatlog__system-notification-content",),
            "group": ("chatlog__message-group",),
            "message": ("chatlog__message",),
            "author": ("chatlog__author", "chatlog__author-name"),
            "time": ("chatlog__timestamp", "chatlog__short-timestamp"),
            "text": ("chatlog__content",),
        },
    ),
    PageFormat(
        "messenger",
        "_a6-g",
        {"ignored": ("_a6-q",), "message": ("_a6-g",), "author": ("_a6-h",), "time": ("_a6-o",), "text": ("_a6-p",)},
        newest_first=True,
    ),
    # Of Facebook's archives before 2018.
    PageFormat(
        "messenger",
        'class="message_header"',
        {"thread": ("thread",), "message": ("message",), "author": ("user",), "time": ("meta",)},
        newest_first=True,
        text_follows=True,
    ),
)  # fmt: skip
LEFT_OUT: tuple[LeftOutKind, ...] = ("system", "quote", "media")


def format_of(beginning: str) -> PageFormat | None:
    """Return the form of a page by its beginning, None for a page of no such application."""
    return next((form for form in FORMATS if form.mark in beginning), None)


def threads(pieces: Iterable[str], form: PageFormat, log: Log) -> Iterator[Iterable[Turn]]:
    """Yield the turns of each chat on a page that comes in pieces; `log` collects what is left out."""
    page = _ChatPage(form, log)
    if not form.newest_first:
        yield _as_read(page, pieces, log)
        return
    deque(_fed(page, pieces), maxlen=0)
    page.finish()
    found = [thread for thread in (*page.threads, log.take_turns()) if thread]
    for thread in found or [[]]:
        first, last = moments([turn.time for turn in (*thread[:1], *thread[-1:])]) or (None, None)
        yield thread if first and last and first < last else thread[::-1]


def _as_read(page: _ChatPage, pieces: Iterable[str], log: Log) -> Iterator[Turn]:
    for _ in _fed(page, pieces):
        yield from log.take_turns()
    page.finish()
    yield from log.take_turns()


def plain_text(pieces: Iterable[str]) -> str:
    """Return the text of a page, a line for each block."""
    page = _Text()
    for _ in _fed(page, pieces):
        pass
    return page.text


def _fed(page: HTMLParser, pieces: Iterable[str]) -> Iterator[None]:
    """Feed a page piece by piece. Raises ValueError for markup that never ends, which would take forever to parse."""
    try:
        for piece in pieces:
            page.feed(piece)
            if len(page.rawdata) > MAX_OPEN_CHARACTERS:
                raise ValueError("a tag is never closed")
            yield
        if len(page.rawdata) > MAX_LAST_CHARACTERS:
            raise ValueError("it ends inside a tag")
        page.close()
    except AssertionError as error:
        raise ValueError("it is not a complete page") from error


@dataclass
class _Message:
    """A message that is being read: the text of each of its roles."""

    parts: dict[str, list[str]] = field(default_factory=dict)
    title: str = ""

    def part(self, role: str) -> str:
        """Return the text of a role, a line for each block."""
        return _tidied("".join(self.parts.get(role, [])))


class _Page(HTMLParser):
    """Follows the elements of a page, each with its role, and drops what is hidden."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[tuple[str, str]] = []
        self.hidden = ""

    def role_of(self, tag: str, attributes: Attributes) -> str:
        """Return the role of an element that begins."""
        return ""

    def ended(self, role: str) -> None:
        """Take note that an element with a role has ended."""

    def said(self, text: str) -> None:
        """Take text that is shown."""

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        """Open an element."""
        if self.hidden:
            return
        if tag in HIDDEN:
            self.hidden = tag
        elif tag == "br" or tag in BLOCKS:
            self.said("\n")
        if tag not in VOID and tag not in HIDDEN and len(self.open) < MAX_DEPTH:
            self.open.append((tag, self.role_of(tag, attrs)))
        elif tag == "img":
            # An emoji may be a picture with its character as the alternative text.
            alternative = dict(attrs).get("alt") or ""
            self.said(alternative if len(alternative) <= len(":a_name_of_an_emoji:") else "")

    def handle_startendtag(self, tag: str, attrs: Attributes) -> None:
        """Open an element that has no end."""
        if tag in VOID:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        """Close an element, and those within it that were not closed."""
        if self.hidden:
            self.hidden = "" if tag == self.hidden else self.hidden
            return
        if tag in BLOCKS:
            self.said("\n")
        if tag not in {name for name, _ in self.open[-20:]}:
            return
        while self.open:
            name, role = self.open.pop()
            if role:
                self.ended(role)
            if name == tag:
                return

    def handle_data(self, data: str) -> None:
        """Take text."""
        if not self.hidden and data:
            self.said(data)


class _Text(_Page):
    """The text of a page, with a tab between the cells of a table."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[str] = []
        self._begins_cell = False

    def said(self, text: str) -> None:
        """Take text that is shown; what begins a cell stands behind its tab."""
        if not self._begins_cell or text.strip():
            self._parts.append(text if text == "\n" else text.replace("\n", " ").replace("\t", " "))
            self._begins_cell = False

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        """Open an element."""
        super().handle_starttag(tag, attrs)
        self._begins_cell = tag in CELLS or self._begins_cell

    def handle_endtag(self, tag: str) -> None:
        """Close an element; behind a cell, and what ends it, stands a tab."""
        super().handle_endtag(tag)
        if tag in CELLS and not self.hidden:
            while self._parts and not self._parts[-1].strip() and self._parts[-1] != "\t":
                self._parts.pop()
            self._parts.append("\t")
            self._begins_cell = False

    @property
    def text(self) -> str:
        """The text so far."""
        return _tidied("".join(self._parts))


class _ChatPage(_Page):
    """The messages of a page."""

    def __init__(self, form: PageFormat, log: Log) -> None:
        super().__init__()
        self._log = log
        self._roles = form.roles
        self._text_follows = form.text_follows
        self.threads: list[list[Turn]] = []
        self._message: _Message | None = None
        self._author = ""

    def role_of(self, tag: str, attributes: Attributes) -> str:
        """Return the role of an element that begins, by its classes; times stand in titles."""
        known = dict(attributes)
        classes = set((known.get("class") or "").split())
        role = next((role for role, names in self._roles.items() if not classes.isdisjoint(names)), "")
        if self._text_follows:
            role = role or ("text" if tag == "p" else "")
            if role in {"message", "thread"}:
                self.finish()
            if role == "thread":
                self.threads.append(self._log.take_turns())
        if role in {"message", "system"} and self._message is None:
            self._message = _Message()
        elif role == "group":
            self._author = ""
        elif (
            role == "time"
            and self._message
            and not self._message.title
            and not self._within("text", "quote", "author")
        ):
            self._message.title = known.get("title") or ""
        return role

    def _within(self, *roles: str) -> bool:
        return any(role in roles for _, role in self.open)

    def said(self, text: str) -> None:
        """Take text for the innermost element that has a role."""
        if self._message is None:
            return
        roles = [role for _, role in self.open if role]
        outer = next((role for role in roles if role in {"ignored", "quote", "media", "system"}), "")
        role = outer or (roles[-1] if roles else "")
        if role in {"author", "text", "time", "quote", "media", "system"}:
            self._message.parts.setdefault(role, []).append(text)

    def ended(self, role: str) -> None:
        """Add a message that has ended to the log."""
        if role in {"message", "system"} and not self._within("message", "system") and not self._text_follows:
            self.finish()

    def finish(self) -> None:
        """Add the message to the log, if there is one: it has ended, or the page's end cuts it."""
        message, self._message = self._message, None
        if message is None:
            return
        self._author = message.part("author").partition("\n")[0].strip() or self._author
        self._log.headers += 1
        for role in LEFT_OUT:
            self._log.leave_out(role, message.part(role).replace("\n", " "))
        self._log.add_turn(self._author, message.part("text"), message.title or message.part("time"))


def _tidied(text: str) -> str:
    """Return a text without blank lines, empty cells and needless spaces."""
    cells = ((" ".join(cell.split()) for cell in line.split("\t")) for line in text.split("\n"))
    return "\n".join(filter(None, ("\t".join(filter(None, line)) for line in cells)))
