"""Languages by ISO 639 code: their names, scripts and stemmers, and the main script of a text."""

from __future__ import annotations

import unicodedata
from collections import Counter
from functools import lru_cache

ENGLISH = "en"
UNDETERMINED = "und"
# Enough of a text to know its script.
MAX_CHARACTERS = 2_000
CACHED_CHARACTERS = 16_384
# A smaller fraction of kana is a quotation in Chinese.
MIN_KANA = 0.05

LANGUAGES = {
    "af": "Afrikaans", "am": "Amharic", "ar": "Arabic", "as": "Assamese", "az": "Azerbaijani",
    "be": "Belarusian", "bg": "Bulgarian", "bn": "Bengali", "bo": "Tibetan", "br": "Breton", "bs": "Bosnian",
    "ca": "Catalan", "cs": "Czech", "cy": "Welsh", "da": "Danish", "de": "German", "el": "Greek",
    "en": "English", "eo": "Esperanto", "es": "Spanish", "et": "Estonian", "eu": "Basque", "fa": "Persian",
    "fi": "Finnish", "fr": "French", "fy": "Frisian", "ga": "Irish", "gd": "Scottish Gaelic",
    "gl": "Galician", "gu": "Gujarati", "ha": "Hausa", "he": "Hebrew", "hi": "Hindi", "hr": "Croatian",
    "hu": "Hungarian", "hy": "Armenian", "id": "Indonesian", "ig": "Igbo", "is": "Icelandic", "it": "Italian",
    "ja": "Japanese", "jv": "Javanese", "ka": "Georgian", "kk": "Kazakh", "km": "Khmer", "kn": "Kannada",
    "ko": "Korean", "ku": "Kurdish", "ky": "Kyrgyz", "la": "Latin", "lb": "Luxembourgish", "lo": "Lao",
    "lt": "Lithuanian", "lv": "Latvian", "mk": "Macedonian", "ml": "Malayalam", "mn": "Mongolian",
    "mr": "Marathi", "ms": "Malay", "mt": "Maltese", "my": "Burmese", "ne": "Nepali", "nl": "Dutch",
    "nn": "Norwegian Nynorsk", "no": "Norwegian", "or": "Odia", "pa": "Punjabi", "pl": "Polish",
    "ps": "Pashto", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "si": "Sinhala", "sk": "Slovak",
    "sl": "Slovenian", "so": "Somali", "sq": "Albanian", "sr": "Serbian", "sv": "Swedish", "sw": "Swahili",
    "ta": "Tamil", "te": "Telugu", "tg": "Tajik", "th": "Thai", "tl": "Filipino", "tr": "Turkish",
    "ug": "Uyghur", "uk": "Ukrainian", UNDETERMINED: "an undetermined language", "ur": "Urdu", "uz": "Uzbek",
    "vi": "Vietnamese", "xh": "Xhosa", "yo": "Yoruba", "zh": "Chinese", "zu": "Zulu",
}  # fmt: skip
# The names of nltk's Snowball stemmers.
STEMMERS = {
    "ar": "arabic", "da": "danish", "de": "german", "es": "spanish", "fi": "finnish", "fr": "french",
    "hu": "hungarian", "it": "italian", "nl": "dutch", "nn": "norwegian", "no": "norwegian",
    "pt": "portuguese", "ro": "romanian", "ru": "russian", "sv": "swedish",
}  # fmt: skip

LATIN, CYRILLIC, ARABIC, DEVANAGARI = "LATIN", "CYRILLIC", "ARABIC", "DEVANAGARI"
CJK, KANA = "CJK", ("HIRAGANA", "KATAKANA")
# Scripts of a single language here. The others are written in several.
LANGUAGE_OF_SCRIPT = {
    "ARMENIAN": "hy", "ETHIOPIC": "am", "GEORGIAN": "ka", "GREEK": "el", "GUJARATI": "gu", "GURMUKHI": "pa",
    "HANGUL": "ko", "HEBREW": "he", "HIRAGANA": "ja", "KANNADA": "kn", "KATAKANA": "ja", "KHMER": "km",
    "LAO": "lo", "MALAYALAM": "ml", "MYANMAR": "my", "ORIYA": "or", "SINHALA": "si", "TAMIL": "ta",
    "TELUGU": "te", "THAI": "th", "TIBETAN": "bo",
}  # fmt: skip
# Languages by script where a script has several; a language that is in none of these is written in Latin script.
LANGUAGES_OF_SCRIPT = {
    CYRILLIC: frozenset({"be", "bg", "kk", "ky", "mk", "mn", "ru", "sr", "tg", "uk", "uz"}),
    ARABIC: frozenset({"ar", "fa", "ku", "ps", "ug", "ur"}),
    DEVANAGARI: frozenset({"hi", "mr", "ne"}),
    "BENGALI": frozenset({"as", "bn"}),
    CJK: frozenset({"zh", "ja"}),
}
_LATIN_TOO = {"ku", "sr", "uz"}
# Scripts whose letters have capitals, by which names are told from other words.
_CASED_SCRIPTS = {LATIN, CYRILLIC, "GREEK", "ARMENIAN"}


def languages_of(script: str) -> frozenset[str]:
    if script in LANGUAGE_OF_SCRIPT:
        return frozenset({LANGUAGE_OF_SCRIPT[script]})
    return _LATIN_LANGUAGES if script == LATIN else LANGUAGES_OF_SCRIPT.get(script, frozenset())


def has_case(text: str) -> bool:
    """Tell whether letters of a text have capitals and small forms; so has a text without letters."""
    letters = [letter for letter in text[:MAX_CHARACTERS] if letter.isalpha()]
    return not letters or any(letter.lower() != letter.upper() for letter in letters)


def has_capitals(code: str) -> bool:
    """Tell whether a language is written in a script with capital letters; so is one that is undetermined."""
    return code in _CASED_LANGUAGES


def name(code: str) -> str:
    """Return the English name of a language, its code if it has none here."""
    return LANGUAGES.get(code, code)


def standard(code: str) -> str:
    """Return a language's code without script and region, and one code for both written forms of Norwegian."""
    code = code.lower().partition("-")[0].partition("_")[0]
    return "no" if code in ("nb", "nn") else code


def main_script(text: str) -> str:
    """Return the script of most letters of a text by its Unicode name, "" if it has no letters.

    Kanji with kana are "HIRAGANA".
    """
    counts = Counter(map(_script, filter(str.isalpha, text[:MAX_CHARACTERS])))
    kana = sum(counts.pop(script, 0) for script in KANA)
    if kana > MIN_KANA * counts[CJK]:
        counts[KANA[0]] = kana + counts.pop(CJK, 0)
    return counts.most_common(1)[0][0] if counts else ""


@lru_cache(maxsize=CACHED_CHARACTERS)
def _script(letter: str) -> str:
    return unicodedata.name(letter, "").split(" ")[0].removesuffix("-RADICAL")


_ELSEWHERE = {code for codes in LANGUAGES_OF_SCRIPT.values() for code in codes} | {
    *LANGUAGE_OF_SCRIPT.values()
}
_LATIN_LANGUAGES = frozenset((set(LANGUAGES) - _ELSEWHERE) | _LATIN_TOO)
_CASED_LANGUAGES = frozenset().union(*map(languages_of, _CASED_SCRIPTS))
