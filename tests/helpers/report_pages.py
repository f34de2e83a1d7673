"""Parses a report as a browser does; and a text that tries to inject markup."""

from html.parser import HTMLParser
from xml.etree import ElementTree as ET

HOSTILE = '</title><script>alert(1)</script><img src="http://evil/x" onerror=alert(2)>\x00 & "quoted"'


class Page(HTMLParser):
    """A parsed page: its elements with their attributes, and its text."""

    VOID = ("meta", "br")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] != ["style"]:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    @property
    def tags(self) -> set[str]:
        return {tag for tag, _ in self.elements}

    def needs_nothing(self) -> None:
        """Fail if the page loads or runs anything, or links anywhere."""
        assert not self.tags & {"script", "link", "img", "iframe", "object", "embed", "form", "a", "base"}
        for _, attributes in self.elements:
            assert not {"src", "href", "action", "style"} & attributes.keys()
            assert not any(name.startswith("on") for name in attributes)
        [policy] = [each["content"] for _, each in self.elements if each.get("http-equiv")]
        assert policy == "default-src 'none'; style-src 'unsafe-inline'"


def sound_plots(text: str) -> list[ET.Element]:
    """Return the plots of a page; fail unless each is well-formed XML with a title and without NaN."""
    found = [f"<svg{part.split('</svg>')[0]}</svg>" for part in text.split("<svg")[1:]]
    roots = [ET.fromstring(plot) for plot in found if 'class="plot"' in plot]
    assert all(root.findtext("title") for root in roots)
    assert not any("nan" in plot for plot in found)
    return roots
