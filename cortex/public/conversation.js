// What a conversation looks like: bubbles, tools, and the figure below an answer.

import { describeSwitches } from "./switches.js";
import { ms, waterfall } from "./waterfall.js";

const BUDGET_MS = 2000; // the design's: a warm message, nothing changed

function element(name, attributes = {}, ...children) {
  const made = Object.assign(document.createElement(name), attributes);
  made.append(...children);
  return made;
}

/** A message; `words` is where its text goes. */
export function bubble(list, kind, text = "") {
  const words = element("div", { className: "text", textContent: text });
  const item = element("li", { className: kind }, words);
  list.append(item);
  item.scrollIntoView({ block: "end" });
  return { item, words };
}

export function toolLine(item, text) {
  item.append(element("div", { className: "tool", textContent: text }));
}

/** Ask whether the agent may use a tool; `answer(allow)` hears it. */
export function confirmTool(item, frame, answer) {
  const row = element("div", { className: "row" }, `May the agent use ${frame.toolName} ${JSON.stringify(frame.input)}?`);
  for (const [textContent, allow] of [["Allow", true], ["Refuse", false]]) {
    const button = element("button", { type: "button", textContent });
    button.addEventListener("click", () => {
      answer(allow);
      row.remove();
    });
    row.append(button);
  }
  item.append(row);
}

/** What a message took apart from the model's own first token. */
export function withoutModel(timing) {
  const model = timing.steps.filter((step) => step.model && !step.skipped).reduce((sum, step) => sum + step.endMs - step.startMs, 0);
  return Math.max(0, (timing.firstTokenMs ?? 0) - model);
}

/** The waterfall below an answer, with a key to what is in it. */
export function showTiming(item, timing, spans, on) {
  const figure = element("div", { className: "waterfall" });
  item.append(figure);
  const svg = waterfall(timing, spans, BUDGET_MS, figure.clientWidth);
  const key = element("p", { className: "soft" });
  for (const [kind, words] of [["measured", "measured"], ["modelled", "modelled"], ["of-model", "the model"], ["budget", "the design's 2 s"], ["token", "first token"]]) {
    if (svg.querySelector(`.${kind}`)) key.append(element("span", { className: `key ${kind}` }), `${words} `);
  }
  const without = withoutModel(timing);
  const first = timing.firstTokenMs == null ? "Its first token is not in this figure." : `First token after ${ms(timing.firstTokenMs)}, without the model ${ms(without)}.`;
  figure.append(svg, key, element("p", {}, element("strong", { textContent: first }), ` Switches: ${describeSwitches(on)}.`));
  item.dataset.firstTokenMs = timing.firstTokenMs ?? "";
  item.dataset.withoutModelMs = without;
}

/** One line of the table of runs. */
export function noteRun(body, timing, on) {
  const row = body.insertRow(0);
  row.insertCell().textContent = describeSwitches(on);
  for (const value of [timing.firstTokenMs, withoutModel(timing)]) {
    const cell = row.insertCell();
    cell.className = "number";
    cell.textContent = ms(value);
  }
}
