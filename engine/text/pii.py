"""Finds and masks personal data (PII) in texts by pattern.

Patterns can be wrong in both directions: a number may only look like a phone number, and names or addresses have no
pattern. Checksums are verified where there are any; otherwise the surrounding text decides. Knows nothing of rows,
files or findings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

Span = tuple[int, int]


@dataclass(frozen=True)
class Kind:
    """A kind of personal data; `phrase` names it in a sentence, `mask` replaces it in a text."""

    id: str
    title: str
    phrase: str
    mask: str


@dataclass(frozen=True)
class Match:
    """A span of a text; `kind` is the id of a kind."""

    kind: str
    start: int
    end: int


KINDS = (
    Kind("email", "E-mail address", "an e-mail address", "[e-mail]"),
    Kind("phone", "Phone number", "a phone number", "[phone]"),
    Kind("card", "Card number", "a card number", "[card]"),
    Kind("iban", "Bank account number", "a bank account number (IBAN)", "[IBAN]"),
)
_MASKS = {kind.id: kind.mask for kind in KINDS}


def find(text: str, kinds: Collection[str] = tuple(_MASKS)) -> list[Match]:
    """Return the matches of `kinds` (ids) in order; an ambiguous match is of the more certain kind."""
    matches: list[Match] = []
    if "@" in text:
        matches += _found("email", _emails(text), matches)
    if _may_hold_numbers(text) and _SEVEN_DIGITS.search(text):
        for kind, spans in _NUMBERS.items():
            matches += _found(kind, spans(text), matches)
    if not matches:
        return matches
    return sorted((match for match in matches if match.kind in kinds), key=lambda match: match.start)


def mask(text: str, kinds: Collection[str]) -> tuple[str, list[Match]]:
    """Return the text with each match replaced by its mask, and the matches in the original text."""
    matches = find(text, kinds) if kinds else []
    for match in reversed(matches):
        text = text[: match.start] + _MASKS[match.kind] + text[match.end :]
    return text, matches


def _found(kind: str, spans: Iterator[Span], before: list[Match]) -> list[Match]:
    taken = [(match.start, match.end) for match in before]
    return [
        Match(kind, start, end)
        for start, end in spans
        if not any(start < other_end and other_start < end for other_start, other_end in taken)
    ]


# ----------------------------------------------------------------------------------------------------- e-mail
_EMAIL = re.compile(
    r"(?<![\w.%+\-@])[\w%+\-](?:[\w.%+\-]{0,62}[\w%+\-])?@(?:[^\W_](?:[\w\-]{0,61}[^\W_])?\.){1,8}([^\W\d_]{2,24})(?![\w@\-])"
)
# "icon@2x.png" is the name of a picture.
_FILE_ENDINGS = {"png", "jpg", "jpeg", "gif", "svg", "webp", "ico", "pdf", "heic"}


def _emails(text: str) -> Iterator[Span]:
    for match in _EMAIL.finditer(text):
        if match[1].lower() not in _FILE_ENDINGS and ".." not in match[0]:
            yield match.span()


# ------------------------------------------------------------------------------------------------------- IBAN
_SEVEN_DIGITS = re.compile(r"\d(?:[^\d\n]{0,3}\d){6}")


def _may_hold_numbers(text: str) -> bool:
    """A quick test: most texts have hardly a digit."""
    return not text.isascii() or len(text) - len(text.encode().translate(None, b"0123456789")) >= 7


_IBAN = re.compile(r"(?<![^\W_])[A-Za-z]{2}\d{2}(?:[ \-]?[A-Za-z0-9]){11,30}")
# Characters of an IBAN by country: the register of SWIFT.
_COUNTRIES = {
    15: "NO", 16: "BE", 18: "DK FK FI FO GL NL", 19: "MK SI", 20: "AT BA EE KZ LT LU MN XK", 21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE GI IL IQ OM SO TL", 24: "AD CZ ES MD PK RO SA SE SK TN VG",
    25: "LY PT ST", 26: "IS TR", 27: "BI DJ FR GR IT MC MR SM", 28: "AL AZ BY CY DO GT HU LB NI PL SV",
    29: "BR EG PS QA UA", 30: "JO KW MU YE", 31: "MT SC", 32: "LC", 33: "RU",
}  # fmt: skip
_IBAN_LENGTH = {country: length for length, countries in _COUNTRIES.items() for country in countries.split()}
_MIN_IBAN_DIGITS = 8


def _ibans(text: str) -> Iterator[Span]:
    for match in _IBAN.finditer(text):
        positions = [position for position in range(*match.span()) if text[position] not in " -"]
        length = _IBAN_LENGTH.get(match[0][:2].upper(), 0)
        if not length or len(positions) < length:
            continue
        end = positions[length - 1] + 1
        number = "".join(text[position] for position in positions[:length])
        whole = end == len(text) or not text[end].isalnum()
        if not whole or sum(map(str.isdigit, number)) < _MIN_IBAN_DIGITS:
            continue
        # The check digits: ISO 7064, MOD 97-10.
        if int("".join(str(int(letter, 36)) for letter in number[4:] + number[:4])) % 97 == 1:
            yield match.start(), end


# ------------------------------------------------------------------------------------------------ card numbers
_CARD = re.compile(r"(?<![\w#])(?<!\d[.,\-])\d(?:[ \-]?\d){12,24}(?![^\W_])")
_DIGITS = re.compile(r"\d+")
_MIN_CARD_DIGITS, _MAX_CARD_DIGITS = 13, 19
_FIRST_DIGITS = "23456"
# Prefixes and lengths of the numbers of each card scheme.
_SCHEMES = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})"
    r"|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}"
    r"|3[47]\d{13}"
    r"|3(?:0[0-5]|[689]\d)\d{11}"
    r"|(?:6011|64[4-9]\d|65\d\d|62\d\d|35(?:2[89]|[3-8]\d))\d{12}"
    r"|(?:5018|5020|5038|5893|6304|6759|676[1-3])\d{9,12}"
)


def _cards(text: str) -> Iterator[Span]:
    for match in _CARD.finditer(text):
        found = _card_in(match[0])
        if found:
            yield match.start() + found[0], match.start() + found[1]


def _card_in(text: str) -> Span | None:
    """Return the place of the first card number in groups of digits, the longest that begins there.

    Adjacent digits, such as the security code, may be part of the groups.
    """
    groups = [group.span() for group in _DIGITS.finditer(text)]
    for at, (start, _) in enumerate(groups):
        if text[start] not in _FIRST_DIGITS:
            continue
        number, longest = "", None
        for begin, end in groups[at:]:
            number += text[begin:end]
            if len(number) > _MAX_CARD_DIGITS:
                break
            if len(number) >= _MIN_CARD_DIGITS and _is_card(number):
                longest = start, end
        if longest:
            return longest
    return None


def _is_card(number: str) -> bool:
    """Tell whether digits are a card number: of a scheme, and with the right check digit (Luhn)."""
    if not _SCHEMES.fullmatch(number) or len(set(number)) == 1:
        return False
    digits = [int(digit) for digit in reversed(number)]
    return (sum(digits[::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])) % 10 == 0


# ---------------------------------------------------------------------------------------------- phone numbers
_GAP = r"(?:[ .\-/\u00a0]|[ ]?\(|\)[ \-/]?)?"
# In the order in which they are tried: with a country code, with a trunk prefix 0, North American ones, and other
# numbers that the preceding words introduce.
_ABROAD = re.compile(rf"(?<![\w+])(?:\+|\(\+|(?<!\d )00(?=[1-9]))\d(?:{_GAP}\d){{7,14}}(?!\w)")
_TRUNK = re.compile(rf"(?<![\w#])(?<!\d[ .,:\-/])\(?0 ?[1-9](?:{_GAP}\d){{7,11}}(?![^\W_]|[.,:\-/]\d)")
_AMERICAN = re.compile(
    r"(?<![\w#])(?<!\d[.,:\-/])(?:\+?1[ .\-])?"
    r"(?:\([2-9]\d\d\)[ ]?\d{3}[ .\-]|[2-9]\d\d([ .\-])\d{3}\1)\d{4}(?![^\W_]|[.,:\-/]\d)"
)
_INTRODUCED = re.compile(r"(?<![\w#])(?<!\d[ .,:\-/])[1-9]\d{1,3}(?:[ .\-]?\d){4,9}(?![^\W_]|[.,:\-/]\d)")
_BEFORE = 48
_PHONE_WORDS = re.compile(
    r"\b(?:phone|tel|telephone|telefon|teléfono|téléphone|mobile|mobil|móvil|handy|cell|cellphone|call|ring|dial|sms|"
    r"whatsapp|viber|fax|number|numero|número|numéro|numer|nummer|komórka|contact)\b",
    re.IGNORECASE,
)
_OTHER_THINGS = (
    r"\b(?:order|invoice|ticket|tracking|reference|ref|account|booking|confirmation|serial|isbn|issn|ean|id|case|"
    r"flight|model|item|product|customer|policy|code|passport|version|parcel|shipment|licen[cs]e|part|vat|card|"
    r"bestellung|rechnung|konto|pedido|factura|commande|facture|zamówienie)"
)
_OTHER_NUMBER = re.compile(rf"{_OTHER_THINGS}\W*(?:number|num|no|nr|id|code)\b", re.IGNORECASE)
_OTHER_WORDS = re.compile(
    rf"(?:{_OTHER_THINGS}\b|#)\W*(?:(?:no|nr|number|num|code)\b)?\W*(?:(?:is|was)\b)?\W*$", re.IGNORECASE
)
_MONEY_BEFORE = re.compile(r"(?:[$€£¥₹]|\b(?:usd|eur|gbp|pln|chf))\s?$", re.IGNORECASE)
_MONEY_BEHIND = re.compile(
    r"\s?(?:[$€£¥₹%]|(?:usd|eur|euros?|gbp|pln|zł|chf|dollars?|pounds?|people|views|km|kg|miles)\b)",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"(?:\d{1,2}([./\- ])\d{1,2}\1(?:19|20)\d\d|(?:19|20)\d\d([./\- ])\d{1,2}\2\d{1,2}"
    r"|\d{1,2}([./])\d{1,2}\3\d\d)(?!\d)"
)
_YEARS = re.compile(r"(?:19|20)\d\d[ .\-/]+(?:19|20)\d\d")
_PAIRS = re.compile(r"0[1-9]([ .\-]?)\d\d(?:\1\d\d){3}")
_LONG_NUMBER_DIGITS = 12


def _phones(text: str) -> Iterator[Span]:
    taken: list[Span] = []
    for form, is_phone in _FORMS:
        for match in form.finditer(text):
            start, end = _trimmed(text, *match.span())
            free = all(end <= other_start or other_end <= start for other_start, other_end in taken)
            if free and is_phone(text, start, end):
                taken.append((start, end))
    yield from sorted(taken)


def _trimmed(text: str, start: int, end: int) -> Span:
    """Trim what does not belong to a number: a bracket around it, the "10" of "+44 7911 123456 10 minutes"."""
    if text[start] == "(" and text.count("(", start, end) > text.count(")", start, end):
        start += 1
    stray = re.search(r" \d{1,2}$", text[start:end])
    digits = sum(map(str.isdigit, text[start:end]))
    return (start, start + stray.start()) if stray and digits > _LONG_NUMBER_DIGITS else (start, end)


def _is_abroad(text: str, start: int, end: int) -> bool:
    number = text[start:end]
    sure = number.lstrip("(").startswith("+") or len(number) >= _LONG_NUMBER_DIGITS
    return sure and not _is_round(number)


def _is_trunk(text: str, start: int, end: int) -> bool:
    number = text[start:end]
    if _PAIRS.fullmatch(number):
        return not _is_named_otherwise(text, start, end)
    # "09.30-10.45" and "08.00 09.00" are times.
    mixed = "." in number and ("-" in number or " " in number)
    return not (mixed or _is_no_phone(text, start, end))


def _is_introduced(text: str, start: int, end: int) -> bool:
    """Tell whether the words before a number introduce a phone number."""
    groups = re.findall(r"\d+", text[start:end])
    short = any(len(group) < 2 for group in groups) or len(groups) > 5
    before = text[max(0, start - _BEFORE) : start]
    introduced = _PHONE_WORDS.search(before) and not _OTHER_NUMBER.search(before)
    return bool(introduced) and not short and not _is_no_phone(text, start, end)


def _is_no_phone(text: str, start: int, end: int) -> bool:
    number = text[start:end]
    dated = _DATE.match(number) or _YEARS.fullmatch(number)
    return bool(dated) or _is_round(number) or _is_named_otherwise(text, start, end)


def _is_named_otherwise(text: str, start: int, end: int) -> bool:
    """Tell whether the text around a number says that it is an order number, a price or an amount."""
    before = text[max(0, start - _BEFORE) : start]
    return bool(_OTHER_WORDS.search(before) or _MONEY_BEFORE.search(before) or _MONEY_BEHIND.match(text, end))


def _is_round(number: str) -> bool:
    return re.sub(r"\D", "", number).endswith("000")


_FORMS: tuple[tuple[re.Pattern[str], Callable[[str, int, int], bool]], ...] = (
    (_ABROAD, _is_abroad),
    (_TRUNK, _is_trunk),
    (_AMERICAN, lambda text, start, end: not _is_no_phone(text, start, end)),
    (_INTRODUCED, _is_introduced),
)
_NUMBERS: dict[str, Callable[[str], Iterator[Span]]] = {"iban": _ibans, "card": _cards, "phone": _phones}
