#include "libscale/monitor/page.hpp"

#include <fmt/format.h>

#include "libscale/monitor/markup.hpp"

namespace kscale::monitor {

namespace {

// The colours of the lines differ in lightness too, so that those who see red and green alike can tell them apart.
// Source: Okabe and Ito, "Color Universal Design", made darker or lighter for a contrast of 3:1 with the background.
constexpr std::string_view k_style = R"(
:root {
  color-scheme: light dark;
  --page: #f5f6f8; --card: #ffffff; --edge: #e1e4e9; --grid: #e9ebef; --gap: #eef0f3;
  --text: #1b2330; --soft: #5a6575; --faint: #8793a3; --accent: #0b63b5;
  --c0: #7b8794; --c1: #0b63b5; --c2: #d3590a; --c3: #00866a; --c4: #a8489a; --c5: #8a6a00; --c6: #3d9bd6;
  --bad: #b3261e; --warn: #c98700;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #12161c; --card: #1a2028; --edge: #2b333e; --grid: #28303a; --gap: #222932;
    --text: #e4e9f0; --soft: #a3afbe; --faint: #6f7c8c; --accent: #6cb4f5;
    --c0: #8a96a5; --c1: #6cb4f5; --c2: #f59455; --c3: #3fc7a4; --c4: #e29ad6; --c5: #dcbb4a; --c6: #3f86b8;
    --bad: #ff8a80; --warn: #e5b13d;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  font-variant-numeric: tabular-nums;
}
main { max-width: 1160px; margin: 0 auto; padding: 32px 20px 48px; }
h1, h2, h3, p, ul, dl, dd, figure { margin: 0; padding: 0; }
h1 { font-size: 26px; line-height: 1.25; letter-spacing: -0.01em; overflow-wrap: anywhere; }
h2 { font-size: 18px; margin: 36px 0 12px; }
h3 { font-size: 15px; }
.when { color: var(--soft); margin-top: 4px; }
.lead { font-size: 17px; margin-top: 16px; max-width: 84ch; text-wrap: pretty; }
.tiles { display: grid; grid-template-columns: repeat(5, minmax(0, 1fr)); gap: 12px; margin-top: 24px; }
.tiles div { background: var(--card); border: 1px solid var(--edge); border-radius: 10px; padding: 12px 14px; }
.tiles dt, .tiles .note { color: var(--soft); font-size: 13px; }
.tiles dd { overflow-wrap: anywhere; }
.tiles .value { font-size: 19px; font-weight: 600; line-height: 1.35; letter-spacing: -0.01em; }
.charts { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 16px; margin-top: 24px; }
figure, .table { background: var(--card); border: 1px solid var(--edge); border-radius: 10px; }
figure { display: flex; flex-direction: column; padding: 14px 14px 8px; min-width: 0; }
figure.wide { grid-column: 1 / -1; }
figcaption p { color: var(--soft); font-size: 13px; }
.nothing { color: var(--faint); text-align: center; padding: 56px 0; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 2px 16px; margin-top: 8px; font-size: 13px; color: var(--soft); }
.legend li { display: flex; align-items: center; gap: 6px; min-width: 0; overflow-wrap: anywhere; }
.swatch { flex: none; width: 14px; height: 3px; border-radius: 2px; background: currentColor; }
.swatch.area { height: 10px; opacity: 0.3; }
.chart { display: grid; grid-template-columns: 38px minmax(0, 1fr); column-gap: 6px; margin-top: auto; padding: 8px 6px 0 0; }
.chart.double { grid-template-columns: 38px minmax(0, 1fr) 38px; padding-right: 0; }
.chart svg { display: block; width: 100%; overflow: visible; }
.chart svg svg { display: inline; }
.chart text { font-size: 11px; fill: var(--soft); }
.chart .lanes text { fill: var(--text); font-size: 12px; }
.chart .lanes .time { fill: var(--soft); font-size: 11px; }
.chart .caption { fill: var(--faint); }
.grid { stroke: var(--grid); stroke-width: 1; shape-rendering: crispEdges; }
.gap { fill: var(--gap); }
.chart .gap-word { fill: var(--faint); }
.line { fill: none; stroke: currentColor; stroke-width: 1.5; stroke-linejoin: round; stroke-linecap: round; vector-effect: non-scaling-stroke; }
.line.faint { color: var(--c0); stroke-width: 1; opacity: 0.22; }
.band { fill: currentColor; opacity: 0.16; }
line.level { stroke: var(--faint); stroke-width: 1; stroke-dasharray: 5 4; }
line.alarm { stroke: var(--bad); }
.chart text.level { paint-order: stroke; stroke: var(--card); stroke-width: 3px; stroke-linejoin: round; }
.chart text.alarm { fill: var(--bad); }
.c0 { color: var(--c0); } .c1 { color: var(--c1); } .c2 { color: var(--c2); } .c3 { color: var(--c3); }
.c4 { color: var(--c4); } .c5 { color: var(--c5); } .c6 { color: var(--c6); }
.flag path { fill: var(--soft); }
.flag.up path { fill: var(--c1); }
.flag.failed path { fill: none; stroke: var(--bad); stroke-width: 2; stroke-linecap: round; }
.lanes .warning { fill: var(--warn); stroke: var(--warn); }
.lanes .critical { fill: var(--bad); stroke: var(--bad); }
.cursor { stroke: var(--soft); stroke-width: 1; }
.plot { touch-action: pan-y; border-radius: 2px; }
.plot:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
#tip {
  position: fixed; z-index: 1; top: 0; left: 0; max-width: min(320px, 90vw); padding: 8px 10px; pointer-events: none;
  background: var(--card); color: var(--text); border: 1px solid var(--edge); border-radius: 8px;
  box-shadow: 0 4px 16px rgb(0 0 0 / 0.18); font-size: 13px; line-height: 1.4;
}
#tip[hidden] { display: none; }
#tip p { overflow-wrap: anywhere; }
#tip .row { display: flex; align-items: center; gap: 6px; }
#tip .row b { margin-left: auto; padding-left: 12px; white-space: nowrap; }
.table { overflow: auto; }
.table.long { max-height: 420px; }
.table:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
table { border-collapse: collapse; width: 100%; font-size: 13px; }
th, td { text-align: left; vertical-align: top; padding: 7px 10px; white-space: nowrap; unicode-bidi: isolate; }
th:first-child, td:first-child { padding-left: 14px; }
th { white-space: normal; vertical-align: bottom; color: var(--soft); font-weight: 600; background: var(--card); position: sticky; top: 0; box-shadow: inset 0 -1px var(--edge); }
tr + tr td { border-top: 1px solid var(--grid); }
.number { text-align: right; }
.text { white-space: normal; width: 40%; min-width: 28ch; overflow-wrap: anywhere; }
.wrapped { white-space: normal; min-width: 8ch; overflow-wrap: break-word; }
.bad { color: var(--bad); font-weight: 600; }
footer { color: var(--soft); font-size: 13px; margin-top: 32px; }
@media (max-width: 860px) {
  .charts { grid-template-columns: minmax(0, 1fr); }
  .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); }
}
@media (max-width: 520px) {
  main { padding: 20px 12px 32px; }
  h1 { font-size: 22px; }
  .lead { font-size: 16px; }
  .tiles .value { font-size: 18px; }
  .tiles { gap: 8px; }
  figure { padding: 12px 8px 6px; }
  .chart { grid-template-columns: 34px minmax(0, 1fr); }
  .chart.double { grid-template-columns: 34px minmax(0, 1fr) 34px; }
  .odd { display: none; }
}
@page { size: A4; margin: 14mm; }
@media print {
  body { background: none; font-size: 10.5pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  main { max-width: none; padding: 0; }
  .tiles { grid-template-columns: repeat(5, minmax(0, 1fr)); gap: 6px; }
  .charts { display: block; }
  figure { margin-top: 10px; }
  figure, .tiles div, tr { break-inside: avoid; }
  h2 { break-after: avoid; }
  .table, .table.long { overflow: visible; max-height: none; border: 0; }
  table { font-size: 8.5pt; }
  th, td { padding: 3px 6px; }
  th { position: static; }
  thead { display: table-header-group; }
  #tip, .cursor { display: none; }
}
)";

constexpr std::string_view k_script = R"(
'use strict';
(() => {
  const plots = [...document.querySelectorAll('.plot')];
  const tip = document.body.appendChild(document.createElement('div'));
  tip.id = 'tip';
  tip.hidden = true;
  tip.setAttribute('role', 'status');
  const element = (name, className, text) => {
    const made = document.createElement(name);
    made.className = className;
    made.textContent = text;
    return made;
  };
  const time = (ms) => new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
  const cursors = plots.map((plot) => {
    const cursor = document.createElementNS('http://www.w3.org/2000/svg', 'line');
    cursor.setAttribute('class', 'cursor');
    cursor.setAttribute('y1', 24);
    cursor.setAttribute('y2', 204);
    cursor.setAttribute('visibility', 'hidden');
    return plot.appendChild(cursor);
  });
  const hide = () => {
    tip.hidden = true;
    cursors.forEach((cursor) => cursor.setAttribute('visibility', 'hidden'));
  };
  const fill = (plot, step) => {
    const begin = Number(plot.dataset.begin) + step * plot.dataset.step * 1000;
    tip.replaceChildren(element('p', 'when', time(begin) + ' UTC'));
    for (const line of [...plot.querySelectorAll('[data-values]')].reverse()) {
      line.values ??= line.dataset.values.split(',');
      const row = tip.appendChild(element('div', 'row', ''));
      row.append(element('i', 'swatch ' + line.classList[1], ''), line.dataset.name);
      const value = line.values[step];
      row.append(element('b', '', value ? value + line.dataset.unit : 'no data'));
    }
    for (const flag of plot.querySelectorAll('.flag[data-step="' + step + '"] title')) {
      tip.append(element('p', '', flag.textContent));
    }
  };
  const show = (plot, step) => {
    plot.step = step;
    const count = Number(plot.dataset.count);
    const share = (step + 0.5) / count;
    cursors.forEach((cursor) => {
      cursor.setAttribute('x1', 100 * share + '%');
      cursor.setAttribute('x2', 100 * share + '%');
      cursor.setAttribute('visibility', 'visible');
    });
    fill(plot, step);
    tip.hidden = false;
    const box = plot.getBoundingClientRect();
    const x = box.left + box.width * share;
    const left = x + 12 + tip.offsetWidth > innerWidth ? x - 12 - tip.offsetWidth : x + 12;
    tip.style.left = Math.max(4, Math.min(left, innerWidth - tip.offsetWidth - 4)) + 'px';
    tip.style.top = Math.max(4, Math.min(box.top + 30, innerHeight - tip.offsetHeight - 4)) + 'px';
  };
  for (const plot of plots) {
    const last = Number(plot.dataset.count) - 1;
    const within = (step) => Math.max(0, Math.min(last, step));
    const point = (event) => {
      const box = plot.getBoundingClientRect();
      show(plot, within(Math.floor((event.clientX - box.left) / box.width * (last + 1))));
    };
    plot.setAttribute('tabindex', 0);
    plot.addEventListener('pointermove', point);
    plot.addEventListener('pointerdown', point);
    plot.addEventListener('pointerleave', hide);
    plot.addEventListener('focus', () => {
      if (plot.matches(':focus-visible')) {
        show(plot, plot.step ?? last);
      }
    });
    plot.addEventListener('blur', hide);
    plot.addEventListener('keydown', (event) => {
      const at = plot.step ?? last;
      const far = event.shiftKey ? 10 : 1;
      const to = { ArrowLeft: at - far, ArrowRight: at + far, Home: 0, End: last }[event.key];
      if (to !== undefined) {
        event.preventDefault();
        show(plot, within(to));
      } else if (event.key === 'Escape') {
        hide();
      }
    });
  }
  addEventListener('scroll', hide, { passive: true });
})();
)";

// The SHA-256 of the two, in base64, by which the policy allows them: tests/cli/test_report_page says what they are.
constexpr std::string_view k_style_hash = "j3XK1L4NkAShK73kbNhwIQVkV3/R7IqROPT9IOsuYtc=";
constexpr std::string_view k_script_hash = "OhDIBA6gOHcMh2Pa+HIOIhvyC8lbP5NPzfDRa3znsnI=";

}  // namespace

std::string page_of(std::string_view title, std::string_view body) {
  return fmt::format(
      R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{}</title>
<style>{}</style>
</head>
<body>
<main>
{}</main>
<script>{}</script>
</body>
</html>
)",
      k_style_hash, k_script_hash, escaped(title), k_style, body, k_script);
}

}  // namespace kscale::monitor
