/** The style of a page, of which the page's own policy holds the hash. */
export const style = `
:root{color-scheme:light dark;--back:#fff;--text:#1b1f24;--soft:#57606a;--line:#d0d7de;--bar:#0a66c2;--good:#116329;--bad:#b42318;--s0:#f3f5f7;--s1:#b6d7f5;--s2:#74b1ea;--s3:#2f81cf;--s4:#0b4a8f;--mark:#6e4c00}
@media (prefers-color-scheme:dark){:root{--back:#12161b;--text:#e6edf3;--soft:#a2adb8;--line:#3a424c;--bar:#58a6ff;--good:#56d364;--bad:#ff8a7a;--s0:#1d232a;--s1:#173f66;--s2:#1f62a5;--s3:#3f8fdc;--s4:#9ccbff;--mark:#e3b341}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1rem;max-width:72rem;background:var(--back);color:var(--text);font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.6rem}h2{margin-top:2.5rem;border-top:1px solid var(--line);padding-top:1rem;font-size:1.3rem}h3{font-size:1.1rem}h4{margin:0;font-size:1rem}
a{color:var(--bar)}nav ul,.legend{display:flex;flex-wrap:wrap;gap:.25rem 1rem;padding:0;list-style:none}
.verdict{border-left:.4rem solid var(--soft);padding:.1rem 1rem}.verdict.good{border-color:var(--good)}.verdict.bad{border-color:var(--bad)}
.good strong{color:var(--good)}.bad strong{color:var(--bad)}
pre,.scroll{overflow-x:auto;max-width:100%}pre{padding:.5rem;border:1px solid var(--line);font-size:.85rem;white-space:pre-wrap}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.9rem;overflow-wrap:normal}
caption{text-align:left;font-weight:600;padding:.25rem 0}
th,td{text-align:left;vertical-align:top;padding:.2rem .75rem .2rem 0;border-bottom:1px solid var(--line)}tbody th{font-weight:400;min-width:10rem}
th,td{max-width:24rem;overflow-wrap:anywhere;min-width:6rem}
figure{margin:1rem 0}figcaption,.none,.note{color:var(--soft);font-size:.9rem}
details{margin:.5rem 0}summary{cursor:pointer}
svg.chart{display:block;width:100%;height:8rem}svg.share{width:6rem;height:.6rem}svg.calendar{display:block}
svg text{fill:var(--soft);font:9px system-ui,sans-serif}
.bar{fill:var(--bar)}.axis{stroke:var(--line);fill:none}
.plain{fill:var(--s0)}.shade0{fill:var(--back);stroke:var(--line)}.shade1{fill:var(--s1)}.shade2{fill:var(--s2)}.shade3{fill:var(--s3)}.shade4{fill:var(--s4)}
.mark{fill:none;stroke:var(--mark);stroke-width:1.2}
:focus-visible{outline:2px solid var(--bar);outline-offset:2px}
@media print{body{max-width:none;font-size:10pt}nav{display:none}.scroll,pre{overflow:visible}tr,figure{break-inside:avoid}h2,h3{break-after:avoid}*{print-color-adjust:exact}}
`;
