"""The look of the HTML report; every rule begins with .ff-quality, so no other page is touched."""

__all__ = ["PAGE_STYLE", "STYLE"]

_RULES = """
{font:15px/1.5 Inter,'Noto Sans CJK SC','Microsoft YaHei',system-ui,sans-serif;color:#1f2933;
background:#fff;color-scheme:light;max-width:980px;margin:0 auto;padding:24px 20px;
overflow-wrap:anywhere;box-sizing:border-box;text-align:left}
*{box-sizing:border-box}
h2{font-size:26px;line-height:1.2;margin:0 0 4px;letter-spacing:-.01em}
h3{font-size:17px;margin:0 0 10px}
article{margin:0 0 34px}
.ff-sub{color:#52606d;font-size:14px;margin:0 0 12px}
.ff-findings{list-style:none;margin:18px 0;padding:0;display:grid;gap:8px}
.ff-findings li{display:flex;gap:12px;padding:9px 14px;border-left:4px solid;border-radius:4px;
background:#f7f9fa;margin:0}
.ff-findings b{flex:0 0 66px;font-size:13px;line-height:23px}
.ff-findings .ff-problem{border-color:#b42318;background:#fdf3f2}
.ff-findings .ff-problem b{color:#b42318}
.ff-findings .ff-notice{border-color:#d97706;background:#fdf8f0}
.ff-findings .ff-notice b{color:#9a5503}
.ff-findings .ff-good{border-color:#0f766e}
.ff-findings .ff-good b{color:#0f766e}
.ff-tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(118px,1fr));gap:10px;
margin:0 0 34px}
.ff-tiles div{border:1px solid #e4e7eb;border-radius:8px;padding:12px 14px}
.ff-tiles strong{display:block;font-size:22px;line-height:1.2;font-variant-numeric:tabular-nums}
.ff-tiles span{color:#52606d;font-size:13px}
.ff-scroll{overflow-x:auto;margin:0 0 12px}
table{border-collapse:collapse;width:100%;font-size:14px;margin:0}
th{font-weight:600;color:#52606d;font-size:13px;border-bottom:1px solid #cbd2d9}
td,th{padding:5px 12px 5px 0;text-align:left;vertical-align:top;background:none}
td{border-bottom:1px solid #eef1f4;overflow-wrap:normal}
td:last-child,th:last-child{padding-right:0}
.ff-low{margin-bottom:12px}
.ff-kind + .ff-scroll{margin-top:14px}
.ff-low strong{font-size:18px}
.ff-number{text-align:right;white-space:nowrap;width:1%;padding-left:18px;font-variant-numeric:tabular-nums}
.ff-code{font:12px/1.5 ui-monospace,Menlo,Consolas,'Noto Sans CJK SC',monospace;min-width:260px;
overflow-wrap:anywhere}
.ff-bar{display:block;min-width:90px;height:10px;margin-top:6px;border-radius:3px;
background:#eef1f4;overflow:hidden}
.ff-bar i{display:block;height:100%;border-radius:3px}
.ff-teal{background:#0f766e}
.ff-amber{background:#d97706}
dl{display:grid;grid-template-columns:minmax(130px,210px) 1fr;gap:4px 14px;margin:0 0 12px;
font-size:14px}
dt{color:#52606d}
dd{margin:0}
.ff-chart{margin:0 0 14px;position:relative}
.ff-chart svg{display:block;width:100%;height:130px;overflow:visible;
border-bottom:1px solid #9aa5b1}
.ff-chart rect{fill:#0f766e}
.ff-chart .ff-none{fill:#9aa5b1}
.ff-chart line{stroke:#d97706;stroke-width:2;vector-effect:non-scaling-stroke;
stroke-dasharray:4 3}
.ff-chart figcaption{display:flex;justify-content:space-between;color:#52606d;font-size:12px;
margin-top:4px}
.ff-top{display:block;color:#52606d;font-size:12px;line-height:1.4}
.ff-small{margin:0}
.ff-small svg{height:44px}
.ff-small rect{fill:#4f46e5}
.ff-kind{display:grid;grid-template-columns:minmax(130px,210px) 1fr;gap:14px;align-items:end;
padding:6px 0}
.ff-kind b,.ff-kind span{display:block}
.ff-kind span{color:#52606d;font-size:13px;font-variant-numeric:tabular-nums}
.ff-kind em{font-size:12px;font-style:normal;color:#9a5503}
details{margin:0 0 12px}
summary{cursor:pointer;color:#0f766e;font-size:14px;margin-bottom:8px}
"""


def _scoped(rules: str) -> str:
    """Put .ff-quality before every selector; the first rule has none and is the section's own."""
    scoped = []
    for rule in rules.replace("\n", " ").split("}"):
        selectors, brace, body = rule.partition("{")
        if brace:
            each = [f".ff-quality {one.strip()}".strip() for one in selectors.split(",")]
            scoped.append(f"{','.join(each)}{{{body.strip()}}}")
    return "\n".join(scoped)


STYLE = (
    _scoped(_RULES)
    + "\n@media (max-width:560px){.ff-quality{padding:16px 14px}"
    + ".ff-quality .ff-findings li{flex-direction:column;gap:0}"
    + ".ff-quality .ff-findings b{flex:none}"
    + ".ff-quality dl,.ff-quality .ff-kind{grid-template-columns:1fr;gap:2px}"
    + ".ff-quality dd{margin-bottom:6px}}"
)
PAGE_STYLE = "html{background:#fff;color-scheme:light}body{margin:0}"
