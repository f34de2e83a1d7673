"""The style of a report: light and dark by the reader's preference, light on paper. The colours are the window's."""

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

_RULES = """
*{box-sizing:border-box}
body{margin:0;background:var(--window);color:var(--ink);font:14px/1.5 Inter,system-ui,"Segoe UI",Roboto,sans-serif}
main{max-width:940px;margin:0 auto;padding:40px 24px 64px}
h1{font-size:28px;line-height:1.25;font-weight:600;margin:0 0 4px;overflow-wrap:anywhere}
h2{font-size:20px;font-weight:600;margin:44px 0 8px}
h3{font-size:15px;font-weight:600;margin:28px 0 6px}
p{margin:0 0 10px;max-width:72ch}
.small,.hint{font-size:12px;color:var(--ink2);max-width:110ch}
.hint{color:var(--ink3)}
.verdict{margin:24px 0 0;padding:16px 20px;background:var(--surface);border:1px solid var(--line);border-radius:8px}
.verdict strong{display:block;font-size:20px;font-weight:600}
.verdict p{margin:2px 0 0;color:var(--ink2)}
.better{color:var(--accent)}.worse{color:var(--brick)}.even{color:var(--ink2)}
table{border-collapse:collapse;width:100%;font-size:13px}
th{font-size:12px;font-weight:500;color:var(--ink2);text-align:left}
th,td{padding:7px 16px 7px 0;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
td:last-child,th:last-child{padding-right:0}
.num{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.num .hint{display:block}
.said-of{min-width:112px;overflow-wrap:normal}
.facts td:first-child{color:var(--ink2);width:220px}
.wide{overflow-x:auto}
.dense th,.dense td{padding-right:12px}.dense .said-of{min-width:84px}.dense td:nth-child(2){min-width:112px}
figure{margin:0;break-inside:avoid}ul{margin:8px 0;padding-left:20px}li{margin:0 0 4px;overflow-wrap:anywhere}
pre{font:12px/1.5 ui-monospace,"SF Mono",Menlo,Consolas,monospace;background:var(--sunken);border-radius:6px;
padding:12px 16px;margin:0;white-space:pre-wrap;overflow-wrap:anywhere}
article{border-top:1px solid var(--line);padding:14px 0 18px}
article h4{font-size:13px;font-weight:500;color:var(--ink2);margin:0 0 8px}
article dl{display:grid;grid-template-columns:112px 1fr;gap:6px 16px;margin:0}
dt{font-size:12px;line-height:21px;color:var(--ink2)}
dd{margin:0;white-space:pre-line;overflow-wrap:anywhere}
.said{color:var(--ink2);font-size:13px}
u{text-decoration:underline 2px var(--copper);text-underline-offset:3px;font-weight:500;color:var(--copper)}
svg.plot{display:block;width:100%;height:auto;margin:8px 0;overflow:visible}
.grid{stroke:var(--line);stroke-width:1}.zero{stroke:var(--ink2);stroke-width:1}
.axis{font-size:11px;fill:var(--ink3)}.label{font-size:13px;fill:var(--ink)}
.middle{text-anchor:middle}.end{text-anchor:end}
.raw,.smooth,.held{fill:none;stroke-linejoin:round}
.raw{stroke:var(--accent);stroke-opacity:.28}.smooth{stroke:var(--accent);stroke-width:2}
.held{stroke:var(--copper)}.mark{fill:var(--copper)}
.whisker path{fill:none;stroke-width:1.5}
.before path{stroke:var(--grey)}.before circle{fill:var(--grey)}
.after path{stroke:var(--accent)}.after circle{fill:var(--accent)}
.lost,.key.base{fill:var(--grey);background:var(--grey)}.same{fill:var(--grey_soft)}
.gained,.key.tuned{fill:var(--accent_mid);background:var(--accent)}.key.validation{background:var(--copper)}
.base-line{stroke:var(--grey);stroke-dasharray:5 4}.front-line{fill:none;stroke:var(--accent_mid)}
.interval{fill:none;stroke:var(--grey_soft)}
.disc circle{fill:var(--surface);stroke:var(--ink2)}.disc text{font-size:10px;fill:var(--ink)}
.disc.on-front circle{fill:var(--accent);stroke:var(--accent)}.disc.on-front text{fill:var(--surface)}
.run{fill:none;stroke-width:1.5;stroke-linejoin:round}.dash-1{stroke-dasharray:7 3}.dash-2{stroke-dasharray:2 3}
.ink-0{stroke:var(--accent)}.ink-1{stroke:var(--copper)}.ink-2{stroke:var(--ink)}
.ink-3{stroke:var(--brick)}.ink-4{stroke:var(--grey)}.ink-5{stroke:var(--accent_mid)}
.key-line{vertical-align:middle;margin-right:6px}.key.other{border:1px solid var(--ink2)}
.key{display:inline-block;width:9px;height:9px;border-radius:2px;margin:0 6px 0 0}
.legend span.item{margin-right:18px}
footer{margin-top:48px;border-top:1px solid var(--line);padding-top:12px}
@media(max-width:640px){article dl{grid-template-columns:1fr}dt{margin-top:6px}.facts td:first-child{width:auto}}
@media print{main{max-width:none;padding:0}h2,h3,h4{break-after:avoid}article,svg,.verdict,tr{break-inside:avoid}
body{font-size:11px}.wide{overflow:visible}}
"""


def css() -> str:
    """Return the whole style sheet."""
    dark = f"@media screen and (prefers-color-scheme:dark){{:root{{{_variables(DARK)}}}}}"
    return f":root{{color-scheme:light dark;{_variables(LIGHT)}}}\n{dark}{_RULES}"


def _variables(colours: dict[str, str]) -> str:
    return "".join(f"--{name}:{value};" for name, value in colours.items())
