import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.text import encodings
from engine.text.encodings import ByLine, decode

TEXT = "Zoë: Café? ☕\nBo: “Yes”"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_every_encoding_of_unicode_gives_the_same_text(encoding):
    text = f"{TEXT} {'and so on ' * 9}"
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\x89PNG\r\n\x1a\n", "it is really a picture"),
        (b"PK\x03\x04", "a zip archive"),
        (b"abc\0\0\1def", "bytes that are not text"),
        (b"a\0b", "it starts like UTF-16-LE but is damaged"),
    ],
)
def test_what_is_no_text_is_said(data, why):
    with pytest.raises(ValueError, match=why):
        decode(data)


@given(data=st.binary())
def test_any_bytes_are_text_or_are_said_to_be_none(data):
    try:
        text = decode(data)
    except ValueError:
        return
    text.encode()


SCRIPTS = {
    "Russian": "Анна: Ты придёшь сегодня вечером?\nБорис: Да, в шесть часов.\n",
    "Greek": "Άννα: Θα έρθεις απόψε;\nΝίκος: Ναι, στις έξι.\n",
    "Hebrew": "אנה: אתה בא הערב?\nבועז: כן, בשעה שש.\n",
    "Arabic": "آنا: هل ستأتي الليلة؟\nبدر: نعم، في السادسة.\n",
    "Hindi": "अन्ना: क्या तुम आज शाम आओगे?\nभरत: हाँ, छह बजे।\n",
    "Chinese": "安娜：你今晚来吗？\n宝：来，六点一起去。\n",
    "Japanese": "アンナ：今晩来ますか。\nボブ：はい、六時に行きます。\n",
    "Korean": "안나: 오늘 저녁에 와요?\n보라: 네, 여섯 시에 가요.\n",
}


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("times", [1, 500])
def test_utf16_without_a_mark_is_told_in_every_script(times, encoding):
    assert all(decode((text * times).encode(encoding)) == text * times for text in SCRIPTS.values())


@pytest.mark.parametrize(
    "content", [b"Ann: Hi there, you\0r text\n", ("Анна: да\0" * 9).encode(), bytes(range(256)) * 4]
)
def test_a_zero_byte_alone_is_no_utf16(content):
    with pytest.raises(ValueError, match="bytes that are not text"):
        decode(content)


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_lines_are_decoded_alike_however_they_are_cut(end):
    parts = ["Zoë".encode("cp1252"), "Größe".encode(), b"plain", "Ende é".encode("cp1252")]
    data = end.join(parts)
    for size in range(1, len(data)):
        decoder = ByLine("cp1252")
        text = "".join(decoder.decode(data[at : at + size]) for at in range(0, len(data), size))
        text += decoder.decode(b"", final=True)
        assert text.split(end.decode()) == ["Zoë", "Größe", "plain", "Ende é"]
        assert decoder.utf8_lines == 1


def test_a_line_without_end_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(encodings, "MAX_WAITING_BYTES", 8)
    assert ByLine("cp1252").decode("Zoë und so weiter".encode("cp1252")) == "Zoë und so weiter"
