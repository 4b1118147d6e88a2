/** Number of curve colors: classes `c0`, `c1`, ... for lines and `f0`, `f1`, ... for areas. */
export const SERIES_COLORS = 8;

const seriesRules = Array.from(
  { length: SERIES_COLORS },
  (_, i) => `.c${i} { stroke: var(--s${i}); } .f${i} { fill: var(--s${i}); background-color: var(--s${i}); }`,
).join("\n");

/** The style sheet of every page, light and dark. Curves have Okabe and Ito's color-blind safe palette. */
export const style = `
:root { color-scheme: light dark; --paper: #fff; --card: #f6f7f9; --ink: #1b1f24; --dim: #59636e; --line: #d1d9e0; --error: #b3261e; --warning: #8a5a00;
  --right: #00755e; --wrong: #c4420a; --s0: #0072b2; --s1: #c4520a; --s2: #00755e; --s3: #a8478a; --s4: #8a6d00; --s5: #3f7fa6; --s6: #555; --s7: #7a4fc4; }
@media (prefers-color-scheme: dark) { :root { --paper: #0f1318; --card: #181e25; --ink: #e6ebf0; --dim: #9aa6b2; --line: #333c46; --error: #ff8a80; --warning: #ffd180;
  --right: #2fc09b; --wrong: #ff7a45; --s0: #56b4e9; --s1: #ff9147; --s2: #2fc09b; --s3: #e08cc4; --s4: #f0d442; --s5: #8fc4e0; --s6: #bbb; --s7: #b79cf0; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 72rem; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
h1 { margin: 0.5rem 0; font-size: 1.6rem; line-height: 1.2; overflow-wrap: anywhere; }
h2 { margin: 2rem 0 0.75rem; font-size: 1.2rem; border-bottom: 1px solid var(--line); padding-bottom: 0.25rem; overflow-wrap: anywhere; }
p { margin: 0.5rem 0; max-width: 46rem; }
.dim { color: var(--dim); font-size: 0.9rem; }
.error { color: var(--error); }
.warning { color: var(--warning); }
.issues { overflow-wrap: anywhere; padding-left: 1.2rem; }
.grid { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); }
.charts { grid-template-columns: repeat(auto-fit, minmax(min(100%, 21rem), 1fr)); }
.panels { display: grid; gap: 0.5rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 16rem), 1fr)); }
.facts { display: grid; gap: 0.75rem; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); margin: 1rem 0; }
.facts div { background: var(--card); border-radius: 0.5rem; padding: 0.6rem 0.8rem; }
.facts dt { color: var(--dim); font-size: 0.85rem; }
.facts dd { margin: 0; font-size: 1.15rem; font-weight: 600; overflow-wrap: anywhere; }
small { display: block; font-weight: 400; font-size: 0.85rem; color: var(--dim); }
figure { margin: 0; min-width: 0; }
figcaption { font-weight: 600; margin-bottom: 0.25rem; overflow-wrap: anywhere; }
.card { background: var(--card); border-radius: 0.5rem; padding: 0.75rem; }
.card + .card, .scroll + .card { margin-top: 1rem; }
.grid .card { margin: 0; }
svg, img { display: block; width: 100%; height: auto; }
svg text { fill: var(--dim); font: 13px system-ui, sans-serif; }
.axis { stroke: var(--line); }
.mark { stroke: var(--dim); stroke-dasharray: 3 3; }
.curve { fill: none; stroke-width: 2; stroke-linejoin: round; }
.curve.again { stroke-dasharray: 6 4; }
.faint { stroke-width: 1; opacity: 0.3; }
.dot { stroke: none; }
${seriesRules}
.legend { display: flex; flex-wrap: wrap; gap: 0.2rem 1rem; margin: 0.4rem 0 0; padding: 0; list-style: none; font-size: 0.85rem; color: var(--dim); }
.legend li { overflow-wrap: anywhere; }
.key { display: inline-block; width: 0.9em; height: 0.9em; border-radius: 2px; margin-right: 0.4em; vertical-align: -0.08em; border: 1px solid var(--line); }
.key.faint { opacity: 0.4; }
.key.again { background-image: linear-gradient(90deg, transparent 50%, var(--card) 50%); }
.key.ignored { background: repeating-linear-gradient(-45deg, #282828 0 3px, #e0e0e0 3px 6px); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.9rem; }
th, td { padding: 0.25rem 1rem 0.25rem 0; text-align: left; font-weight: 400; vertical-align: top; border-bottom: 1px solid var(--line); }
thead th { color: var(--dim); font-size: 0.85rem; vertical-align: bottom; }
th:has(> .key) { padding-left: 1.3em; text-indent: -1.3em; }
th > small { text-indent: 0; }
.plain td { min-width: 8rem; overflow-wrap: anywhere; }
.numeric td, .numeric thead th + th { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.best { font-weight: 700; }
.value { display: inline-block; min-width: 4rem; }
.bar { display: inline-block; width: 7rem; height: 0.7em; background: var(--line); border-radius: 2px; overflow: hidden; vertical-align: -0.02em; }
.bar i { display: block; height: 100%; background: var(--s0); }
.heat { margin: 0 auto; }
.heat text { font-size: 11px; }
.heat .share { fill: var(--ink); pointer-events: none; }
.heat .strong { fill: var(--paper); }
.right { fill: var(--right); }
.wrong { fill: var(--wrong); }
.frame { fill: none; stroke: var(--line); }
pre { background: var(--card); border-radius: 0.5rem; padding: 0.75rem; white-space: pre-wrap; overflow-wrap: anywhere; font-size: 0.85rem; }
@media (max-width: 30rem) { .bar { width: 2.5rem; } th, td { padding-right: 0.5rem; } .numeric thead th + th { white-space: normal; } }
@media print { .scroll { overflow: visible; } .card, tr { break-inside: avoid; } }
`;
