"""The colour tokens of the light and the dark scheme, each with a form of high contrast.

The palette, the style sheet, the icons and the plots read this table. Knows neither Qt nor any widget.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Tokens:
    """The colours of one scheme as `#RRGGBB`; `scheme` is "light" or "dark"."""

    scheme: str
    window: str
    rail: str
    surface: str
    sunken: str
    hover: str
    pressed: str
    line: str
    edge: str
    outline: str
    ink: str
    ink2: str
    ink3: str
    off: str
    accent: str
    accent_fill: str
    on_accent: str
    accent_hover: str
    accent_pressed: str
    accent_soft: str
    accent_mid: str
    copper: str
    copper_soft: str
    brick: str
    brick_soft: str
    grey: str
    grey_soft: str
    raised: str


LIGHT = Tokens(
    scheme="light",
    window="#F6F6F3",
    rail="#EEEFEB",
    surface="#FFFFFF",
    sunken="#EDEEEA",
    hover="#E6E8E3",
    pressed="#DADDD7",
    line="#DFE1DB",
    edge="#CDD0CA",
    outline="#8A908A",
    ink="#1A1E1C",
    ink2="#505752",
    ink3="#5E6560",
    off="#A3A8A3",
    accent="#0C6A5E",
    accent_fill="#0C6A5E",
    on_accent="#FFFFFF",
    accent_hover="#095548",
    accent_pressed="#07463C",
    accent_soft="#DCECE8",
    accent_mid="#5C9A8F",
    copper="#96500F",
    copper_soft="#F5E8D9",
    brick="#A62B20",
    brick_soft="#F8E4E1",
    grey="#838A84",
    grey_soft="#C6CAC5",
    raised="#FFFFFF",
)

DARK = Tokens(
    scheme="dark",
    window="#151817",
    rail="#101312",
    surface="#1C201E",
    sunken="#232826",
    hover="#2A302D",
    pressed="#343B37",
    line="#2C322F",
    edge="#3B433E",
    outline="#707873",
    ink="#E8ECE9",
    ink2="#ABB3AE",
    ink3="#98A19B",
    off="#5C6560",
    accent="#5FC3B0",
    accent_fill="#48AD9A",
    on_accent="#06231D",
    accent_hover="#7AD1C0",
    accent_pressed="#93DDCE",
    accent_soft="#1A3832",
    accent_mid="#367267",
    copper="#E2A56E",
    copper_soft="#3A2B1C",
    brick="#F08A7E",
    brick_soft="#40231F",
    grey="#858E88",
    grey_soft="#48504B",
    raised="#1C201E",
)

# Text and marks keep 7:1, edges and lines 4.5:1, where the others keep 4.5:1 and 3:1 or less.
HIGH_LIGHT = replace(
    LIGHT,
    window="#FFFFFF",
    rail="#FFFFFF",
    surface="#FFFFFF",
    sunken="#F4F4F2",
    hover="#E4E6E2",
    pressed="#D6D9D3",
    line="#6A6F6A",
    edge="#3A3F3B",
    outline="#2A2E2B",
    ink="#000000",
    ink2="#1A1E1C",
    ink3="#2A2E2B",
    off="#5E6560",
    accent="#00453B",
    accent_fill="#00453B",
    accent_hover="#00372F",
    accent_pressed="#002A24",
    accent_mid="#2F6D62",
    copper="#5E3000",
    brick="#7A120A",
    grey="#4A504B",
    grey_soft="#8A908A",
)
HIGH_DARK = replace(
    DARK,
    window="#000000",
    rail="#000000",
    surface="#000000",
    sunken="#121413",
    hover="#262B28",
    pressed="#2F3532",
    line="#8B938E",
    edge="#C2C9C5",
    outline="#D5DBD8",
    ink="#FFFFFF",
    ink2="#EEF2F0",
    ink3="#DCE2DF",
    off="#98A19B",
    accent="#8DE6D5",
    accent_fill="#7FDCCA",
    on_accent="#000000",
    accent_hover="#A6F0E2",
    accent_pressed="#C3F7EC",
    accent_mid="#6BB8A9",
    copper="#FFC793",
    brick="#FFB3AA",
    grey="#B4BCB7",
    grey_soft="#6F7772",
    raised="#000000",
)
