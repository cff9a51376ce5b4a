// The waterfall of one message: a bar for each step on one time axis, modelled and measured time told apart.

const ROW = 19, TOP = 20, RIGHT = 56, NARROW = 520;
const SVG = "http://www.w3.org/2000/svg";

/** What a step took, split at the spans that the emulator says were modelled. */
export function modelledParts(step, spans) {
  const inside = spans
    .filter((span) => span.modelled && span.startMs < step.endMs && span.endMs > step.startMs)
    .map((span) => [Math.max(span.startMs, step.startMs), Math.min(span.endMs, step.endMs)])
    .sort((a, b) => a[0] - b[0]);
  const parts = [];
  for (const [start, end] of inside) {
    const last = parts.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else parts.push([start, end]);
  }
  return parts;
}

/** Milliseconds for a person. */
export function ms(value) {
  if (value >= 999.5) return `${(value / 1000).toFixed(value >= 10000 ? 1 : 2)} s`;
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ms`;
}

function make(name, attributes, text) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

function niceStep(total, ticks) {
  const rough = total / ticks, size = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((factor) => factor * size).find((step) => step >= rough);
}

/** Draw `timing` ({startedMs, firstTokenMs, steps}) with the emulator's `spans`, `width` pixels wide; `budgetMs` marks
 * the design's. */
export function waterfall(timing, spans, budgetMs, width = 720) {
  const left = width < NARROW ? 124 : 180;
  const start = timing.startedMs;
  const shown = timing.steps.filter((step) => !step.skipped);
  const ends = shown.map((step) => step.endMs - start);
  const total = Math.max(1, timing.firstTokenMs ?? 0, ...ends) * 1.02;
  const height = TOP + timing.steps.length * ROW + 6;
  const x = (value) => left + (value / total) * (width - left - RIGHT);
  const svg = make("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": describe(timing) });
  const hatch = make("pattern", { id: "hatch", width: 5, height: 5, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" });
  hatch.append(make("rect", { width: 2, height: 5, fill: "var(--modelled)" }));
  const defs = make("defs", {});
  defs.append(hatch);
  svg.append(defs);
  for (let tick = 0, step = niceStep(total, width < NARROW ? 3 : 5); tick <= total; tick += step) {
    svg.append(make("line", { class: "grid", x1: x(tick), x2: x(tick), y1: TOP - 6, y2: height }));
    svg.append(make("text", { class: "soft", x: x(tick) + 2, y: 11 }, tick === 0 ? "0" : ms(tick)));
  }
  if (budgetMs && budgetMs <= total) {
    svg.append(make("line", { class: "budget", x1: x(budgetMs), x2: x(budgetMs), y1: TOP - 6, y2: height }));
  }
  timing.steps.forEach((step, index) => svg.append(...row(step, index, x, start, spans)));
  if (timing.firstTokenMs !== undefined && timing.firstTokenMs !== null) {
    const at = x(timing.firstTokenMs);
    svg.append(make("path", { class: "token", d: `M${at} ${TOP - 9}l4 4-4 4-4-4z` }));
  }
  return svg;
}

function row(step, index, x, start, spans) {
  const y = TOP + index * ROW;
  const name = `${step.step ? `${step.step}. ` : ""}${step.name}`;
  const label = make("text", { x: 0, y: y + 12, class: step.skipped ? "soft" : "" }, name);
  if (step.skipped) {
    const why = `skipped${step.detail ? `: ${step.detail}` : ""}`;
    return [label, make("text", { x: x(0) + 2, y: y + 12, class: "soft" }, why)];
  }
  const from = step.startMs - start, to = step.endMs - start;
  const bar = (a, b, kind) => make("rect", { class: kind, x: x(a), y: y + 3, width: Math.max(1.5, x(b) - x(a)), height: ROW - 7, rx: 2 });
  const bars = [bar(from, to, step.model ? "of-model" : "measured")];
  for (const [a, b] of modelledParts(step, spans)) bars.push(bar(a - start, b - start, "modelled"));
  const tip = make("title", {}, `${name}: ${ms(to - from)}${step.detail ? `\n${step.detail}` : ""}`);
  bars[0].append(tip);
  return [label, ...bars, make("text", { class: "soft", x: x(to) + 4, y: y + 12 }, ms(to - from))];
}

/** The waterfall in words, for those who do not see it. */
export function describe(timing) {
  const parts = timing.steps.map((step) => `${step.name} ${step.skipped ? "skipped" : ms(step.endMs - step.startMs)}`);
  const first = timing.firstTokenMs == null ? "" : `First token after ${ms(timing.firstTokenMs)}. `;
  return `${first}${parts.join(", ")}`;
}
