"""The colours of a report: the window's, light and dark."""

from __future__ import annotations

LIGHT = {
    "window": "#F6F6F3",
    "surface": "#FFFFFF",
    "sunken": "#EDEEEA",
    "line": "#DFE1DB",
    "ink": "#1A1E1C",
    "ink2": "#505752",
    "ink3": "#5E6560",
    "accent": "#0C6A5E",
    "accent_mid": "#5C9A8F",
    "copper": "#96500F",
    "brick": "#A62B20",
    "grey": "#838A84",
    "grey_soft": "#C6CAC5",
}
DARK = {
    "window": "#151817",
    "surface": "#1C201E",
    "sunken": "#232826",
    "line": "#2C322F",
    "ink": "#E8ECE9",
    "ink2": "#ABB3AE",
    "ink3": "#98A19B",
    "accent": "#5FC3B0",
    "accent_mid": "#367267",
    "copper": "#E2A56E",
    "brick": "#F08A7E",
    "grey": "#858E88",
    "grey_soft": "#48504B",
}
