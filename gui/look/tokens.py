"""The colour tokens of the light and the dark scheme, each with a form of high contrast.

The palette, the style sheet, the icons and the plots read this table. Knows neither Qt nor any widget.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Tokens:
    """The colours of one scheme as `#RRGGBB`; `scheme` is "light" or "dark"."""

    scheme: str
    background: str
    rail: str
    surface: str
    sunken: str
    hover: str
    pressed: str
    line: str
    edge: str
    outline: str
    text: str
    muted: str
    hint: str
    off: str
    accent: str
    accent_fill: str
    on_accent: str
    accent_hover: str
    accent_pressed: str
    accent_soft: str
    accent_mid: str
    warning: str
    warning_soft: str
    error: str
    error_soft: str
    grey: str
    grey_soft: str
    raised: str


LIGHT = Tokens(
    scheme="light",
    background="#F6F6F3",
    rail="#EEEFEB",
    surface="#FFFFFF",
    sunken="#EDEEEA",
    hover="#E6E8E3",
    pressed="#DADDD7",
    line="#DFE1DB",
    edge="#CDD0CA",
    outline="#8A908A",
    text="#1A1E1C",
    muted="#505752",
    hint="#5E6560",
    off="#A3A8A3",
    accent="#0C6A5E",
    accent_fill="#0C6A5E",
    on_accent="#FFFFFF",
    accent_hover="#095548",
    accent_pressed="#07463C",
    accent_soft="#DCECE8",
    accent_mid="#5C9A8F",
    warning="#96500F",
    warning_soft="#F5E8D9",
    error="#A62B20",
    error_soft="#F8E4E1",
    grey="#838A84",
    grey_soft="#C6CAC5",
    raised="#FFFFFF",
)

DARK = Tokens(
    scheme="dark",
    background="#151817",
    rail="#101312",
    surface="#1C201E",
    sunken="#232826",
    hover="#2A302D",
    pressed="#343B37",
    line="#2C322F",
    edge="#3B433E",
    outline="#707873",
    text="#E8ECE9",
    muted="#ABB3AE",
    hint="#98A19B",
    off="#5C6560",
    accent="#5FC3B0",
    accent_fill="#48AD9A",
    on_accent="#06231D",
    accent_hover="#7AD1C0",
    accent_pressed="#93DDCE",
    accent_soft="#1A3832",
    accent_mid="#367267",
    warning="#E2A56E",
    warning_soft="#3A2B1C",
    error="#F08A7E",
    error_soft="#40231F",
    grey="#858E88",
    grey_soft="#48504B",
    raised="#1C201E",
)

# Text and marks keep 7:1, edges and lines 4.5:1, where the others keep 4.5:1 and 3:1 or less.
HIGH_LIGHT = replace(
    LIGHT,
    background="#FFFFFF",
    rail="#FFFFFF",
    surface="#FFFFFF",
    sunken="#F4F4F2",
    hover="#E4E6E2",
    pressed="#D6D9D3",
    line="#6A6F6A",
    edge="#3A3F3B",
    outline="#2A2E2B",
    text="#000000",
    muted="#1A1E1C",
    hint="#2A2E2B",
    off="#5E6560",
    accent="#00453B",
    accent_fill="#00453B",
    accent_hover="#00372F",
    accent_pressed="#002A24",
    accent_mid="#2F6D62",
    warning="#5E3000",
    error="#7A120A",
    grey="#4A504B",
    grey_soft="#8A908A",
)
HIGH_DARK = replace(
    DARK,
    background="#000000",
    rail="#000000",
    surface="#000000",
    sunken="#121413",
    hover="#262B28",
    pressed="#2F3532",
    line="#8B938E",
    edge="#C2C9C5",
    outline="#D5DBD8",
    text="#FFFFFF",
    muted="#EEF2F0",
    hint="#DCE2DF",
    off="#98A19B",
    accent="#8DE6D5",
    accent_fill="#7FDCCA",
    on_accent="#000000",
    accent_hover="#A6F0E2",
    accent_pressed="#C3F7EC",
    accent_mid="#6BB8A9",
    warning="#FFC793",
    error="#FFB3AA",
    grey="#B4BCB7",
    grey_soft="#6F7772",
    raised="#000000",
)
