"""The colours and the style sheet of the status page.

The page takes no font, image or script from anywhere, so that it can be shown from an archive of CI
or with a strict Content-Security-Policy. Each colour of text has a contrast of at least 4.5:1 to
what it is on, and each colour of a graph at least 3:1, in light and dark (WCAG 2.2, AA).
"""

from collections.abc import Mapping

Palette = Mapping[str, str]

LIGHT: Palette = {
    "page": "#f4f5f7",
    "card": "#ffffff",
    "line": "#dfe3e8",
    "text": "#161b22",
    "soft": "#57606e",
    "good": "#18794e",
    "bad": "#c4262e",
    "bad-card": "#fdf1f1",
    "late": "#925300",
    "busy": "#1f5fc4",
    "none": "#66707c",
}
DARK: Palette = {
    "page": "#0e1116",
    "card": "#171c23",
    "line": "#2b333d",
    "text": "#e9edf2",
    "soft": "#a3aebb",
    "good": "#46b581",
    "bad": "#ff8078",
    "bad-card": "#2b191b",
    "late": "#e0a044",
    "busy": "#7db5ff",
    "none": "#8d98a5",
}

TEXT_ON: Mapping[str, tuple[str, ...]] = {
    "page": ("text", "soft", "good", "bad", "late", "busy", "none"),
    "card": ("text", "soft", "good", "bad", "late", "busy", "none"),
    "bad-card": ("text", "bad"),
}
"""Which colours text has, by what it is on."""


def _variables(palette: Palette) -> str:
    return "".join(f"--{name}:{colour};" for name, colour in palette.items())


_LAYOUT = """\
*{box-sizing:border-box}
html{font:clamp(15px,.5vw + 9px,24px)/1.45 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
body{margin:0;background:var(--page);color:var(--text);-webkit-text-size-adjust:100%}
main{max-width:84rem;margin:0 auto;padding:2rem 1.5rem 3rem}
header{display:flex;flex-wrap:wrap;gap:.75rem 2rem;align-items:end;margin:0 .25rem 1.25rem}
header>div{flex:1 1 auto}
h1{font-size:1.6rem;line-height:1.2;letter-spacing:-.015em;font-weight:650;margin:0}
h1 span{color:var(--soft);font-weight:400}
p{margin:.2rem 0 0;color:var(--soft)}
.sum{display:flex;flex-wrap:wrap;gap:.5rem;list-style:none;margin:0;padding:0}
.sum li{display:flex;align-items:baseline;gap:.4rem;background:var(--card);
 border:1px solid var(--line);border-radius:.6rem;padding:.35rem .8rem}
.sum b{font-size:1.25rem;font-weight:650;font-variant-numeric:tabular-nums}
.sum .bad{background:var(--bad-card);border-color:currentColor}
.good{color:var(--good)}.bad{color:var(--bad)}.late{color:var(--late)}
.busy{color:var(--busy)}.none{color:var(--none)}
table{width:100%;border-collapse:separate;border-spacing:0}
.jobs{background:var(--card);border:1px solid var(--line);border-radius:.8rem}
.jobs>thead th{font-size:.8rem;font-weight:500;color:var(--soft);text-align:left;
 padding:.7rem .75rem .5rem;white-space:nowrap}
.jobs>tbody>tr>*{padding:.7rem .75rem;text-align:left;vertical-align:top;font-weight:400}
.jobs>tbody>tr:first-child>*{border-top:1px solid var(--line)}
.jobs>*>tr>th:first-child{padding-left:1.1rem}
.jobs>*>tr>:last-child{padding-right:1.1rem}
.job{min-width:12rem}
.job b{font-weight:650;font-size:1.05rem;overflow-wrap:anywhere}
.job .mark{width:.95rem;height:.95rem;margin:0 .5rem 0 0;vertical-align:-.12rem}
.job small{padding-left:1.45rem}
small{display:block;font-size:.8rem;color:var(--soft);overflow-wrap:anywhere}
code{font:.95em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
time{white-space:nowrap}
time,.num{font-variant-numeric:tabular-nums}
.jobs>tbody>tr.why>td{padding-top:0}
.why ul{list-style:none;margin:0;padding:.45rem .8rem;background:var(--bad-card);
 border-left:.2rem solid var(--bad);border-radius:.15rem .5rem .5rem .15rem}
.why li{overflow-wrap:anywhere}
.why li::first-letter{text-transform:uppercase}
details{position:relative;width:max-content;max-width:100%}
summary{cursor:pointer;list-style:none;border-radius:.4rem;
 padding:.15rem .3rem;margin:-.15rem -.3rem}
summary::-webkit-details-marker{display:none}
summary:hover{background:var(--page)}
:focus-visible{outline:.15rem solid var(--busy);outline-offset:.1rem}
.strip{display:block;width:10.4rem;height:2.5rem}
.strip rect{fill:currentColor}
.strip .hollow{fill:none;stroke:currentColor;stroke-width:1.5;stroke-dasharray:3 2}
.strip .empty{fill:var(--line)}
.strip path,.mark path{fill:none;stroke:currentColor;stroke-width:2;stroke-linecap:round;
 stroke-linejoin:round}
.list{position:absolute;z-index:1;top:calc(100% + .4rem);left:-.3rem;width:max-content;
 max-width:min(38rem,80vw);background:var(--card);border:1px solid var(--line);border-radius:.6rem;
 padding:.5rem .9rem .6rem;box-shadow:0 .6rem 2rem rgb(0 0 0/.22)}
.list th{font-size:.8rem;font-weight:500;color:var(--soft);text-align:left}
.list th,.list td{padding:.15rem 1rem .15rem 0;vertical-align:top}
.list td{white-space:nowrap}
.list td:last-child{white-space:normal;padding-right:0;overflow-wrap:anywhere}
.list p{margin:.4rem 0 0;font-size:.8rem}
.nobody{background:var(--card);border:1px solid var(--line);border-radius:.8rem;padding:2rem}
.off{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
footer{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;margin:1rem .25rem 0;font-size:.8rem;
 color:var(--soft)}
.key{display:inline-flex;align-items:center;gap:.35rem}
.key .mark{width:.8rem;height:.8rem}
@media (max-width:60rem){
main{padding:1.25rem .75rem 2rem}
.jobs{background:none;border:0}
.jobs,.jobs>tbody>tr>*{display:block}
.jobs>thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.jobs>tbody{display:grid;grid-template-columns:1fr 1fr;gap:.7rem 1rem;background:var(--card);
 border:1px solid var(--line);border-radius:.8rem;padding:.8rem 1rem .9rem;margin-bottom:.75rem}
.jobs>tbody>tr{display:contents}
.jobs>tbody>tr>*,.jobs>tbody>tr>*:first-child{padding:0!important;border:0!important}
.jobs>tbody>tr>td{order:2}
.jobs>tbody>tr.why>td{order:1}
.jobs .job,.jobs .runs,.jobs .why td{grid-column:1/-1}
.jobs .idle{display:none}
td[data-label]::before{content:attr(data-label);display:block;font-size:.8rem;color:var(--soft)}
.jobs td.runs::before{display:none}
.strip{width:100%;max-width:20rem;height:auto}
.runs details{width:auto}
.list{position:static;width:auto;max-width:none;box-shadow:none;border:0;padding:.4rem 0 0}
}
@media (forced-colors:active){.strip rect{fill:CanvasText}}
@media print{body{background:none}.list{position:static;box-shadow:none}}
"""

STYLE = (
    f":root{{color-scheme:light dark;{_variables(LIGHT)}}}\n"
    f"@media (prefers-color-scheme:dark){{:root{{{_variables(DARK)}}}}}\n{_LAYOUT}"
)
"""The style sheet."""
