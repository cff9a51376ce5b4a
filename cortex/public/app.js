// The page: sign in, sessions, messages with their waterfalls.

import { call, keepToken, signedIn, spansBetween } from "./api.js";
import { showSettings } from "./settings.js";
import { Stream } from "./stream.js";
import { describeSwitches, switchPanel } from "./switches.js";
import { ms, waterfall } from "./waterfall.js";

const $ = (id) => document.getElementById(id);
const BUDGET_MS = 2000; // the design's: a warm message, nothing changed

let session = null, stream = null, paused = false;
const switches = switchPanel($("switches"), $("presets"));

function problem(text) {
  $("problem").textContent = text;
  $("problem").hidden = !text;
  if (text) setTimeout(() => problem(""), 6000);
}

async function attempt(work) {
  try {
    problem("");
    await work();
  } catch (error) {
    if (error.status === 401) signOut();
    problem(error.message);
  }
}

// -- who and which session

function signOut() {
  keepToken(null);
  document.body.dataset.state = "signed-out";
}

async function enter() {
  document.body.dataset.state = "signed-in";
  $("who").textContent = sessionStorage.getItem("cortex-name") ?? "";
  await listSessions();
}

async function listSessions() {
  const sessions = await call("GET", "/api/sessions/list");
  $("sessions").replaceChildren(...sessions.map((one) => {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: one.name ?? one.id.slice(0, 12) });
    button.setAttribute("aria-current", String(one.id === session?.id));
    button.addEventListener("click", () => choose(one));
    const item = document.createElement("li");
    item.append(button);
    return item;
  }));
  if (session === null && sessions.length > 0) choose(sessions[0]);
}

function choose(one) {
  session = one;
  stream = null;
  $("messages").replaceChildren();
  for (const button of $("sessions").querySelectorAll("button")) {
    button.setAttribute("aria-current", String(button.textContent === (one.name ?? one.id.slice(0, 12))));
  }
}

// -- a message

function bubble(kind, text = "") {
  const item = document.createElement("li");
  item.className = kind;
  const words = Object.assign(document.createElement("div"), { className: "text", textContent: text });
  item.append(words);
  $("messages").append(item);
  item.scrollIntoView({ block: "end" });
  return { item, words };
}

function newStream(answer, on) {
  const started = performance.now();
  const seen = { timing: null, first: null };
  return new Stream({
    sessionId: session.id,
    messageId: crypto.randomUUID().replaceAll("-", "").slice(0, 24),
    switches: on,
    linked: (text) => { $("link").textContent = text; },
    hear: (frame) => hear(frame, answer(), seen),
    ended: (text) => attempt(() => finish(answer(), seen, on, text, started)),
  });
}

function hear(frame, { item, words }, seen) {
  if (frame.type === "text-delta") words.append(frame.text);
  else if (frame.type === "tool-start") tool(item, `▸ ${frame.name} ${JSON.stringify(frame.input)}`);
  else if (frame.type === "tool-result") tool(item, frame.output);
  else if (frame.type === "confirmation") confirmTool(item, frame);
  else if (frame.type === "timing") seen.timing = frame;
  item.scrollIntoView({ block: "end" });
}

function tool(item, text) {
  item.append(Object.assign(document.createElement("div"), { className: "tool", textContent: text }));
}

function confirmTool(item, frame) {
  const row = Object.assign(document.createElement("div"), { className: "row" });
  row.append(`May the agent use ${frame.toolName}?`);
  for (const [label, allow] of [["Allow", true], ["Refuse", false]]) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: label });
    button.addEventListener("click", () => {
      stream.tell({ type: "confirm", approvalId: frame.approvalId, allow });
      row.remove();
    });
    row.append(button);
  }
  item.append(row);
}

function working(on) {
  for (const id of ["stop", "pause", "drop"]) $(id).disabled = !on;
  $("send").disabled = on;
  paused = false;
  $("pause").textContent = "Pause";
}

async function finish({ item }, seen, on, text) {
  working(false);
  if (text) item.append(Object.assign(document.createElement("p"), { className: "bad", textContent: text }));
  const timing = seen.timing;
  if (timing === null) return;
  const last = Math.max(timing.startedMs + (timing.firstTokenMs ?? 0), ...timing.steps.map((step) => step.endMs ?? 0));
  const spans = await spansBetween(timing.startedMs - 1, last + 1);
  const figure = Object.assign(document.createElement("div"), { className: "waterfall" });
  const without = withoutModel(timing);
  const summary = document.createElement("p");
  summary.className = "soft";
  summary.innerHTML = '<span class="key measured"></span>measured <span class="key modelled"></span>modelled ' +
    '<span class="key of-model"></span>the model <span class="key budget"></span>the design\'s 2 s. ';
  summary.append(`First token after ${ms(timing.firstTokenMs ?? 0)}, without the model ${ms(without)}. ${describeSwitches(on)}.`);
  figure.append(waterfall(timing, spans, BUDGET_MS), summary);
  item.append(figure);
  item.dataset.firstTokenMs = timing.firstTokenMs ?? "";
  item.dataset.withoutModelMs = without;
  noteRun(on, timing, without);
  item.scrollIntoView({ block: "end" });
}

function withoutModel(timing) {
  const model = timing.steps.filter((step) => step.model && !step.skipped).reduce((sum, step) => sum + step.endMs - step.startMs, 0);
  return Math.max(0, (timing.firstTokenMs ?? 0) - model);
}

function noteRun(on, timing, without) {
  const row = $("runs").tBodies[0].insertRow(0);
  row.insertCell().textContent = describeSwitches(on);
  for (const value of [timing.firstTokenMs ?? 0, without]) {
    const cell = row.insertCell();
    cell.className = "number";
    cell.textContent = ms(value);
  }
}

// -- what a person does

$("sign-in-form").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(async () => {
    const name = new FormData(event.target).get("name");
    const { token, user } = await call("POST", "/api/auth/setup", { name });
    keepToken(token);
    sessionStorage.setItem("cortex-name", user.name ?? name);
    await enter();
  });
});

$("sign-out").addEventListener("click", signOut);
$("new-session").addEventListener("click", () => attempt(async () => {
  session = await call("POST", "/api/sessions/create", { name: `Session ${$("sessions").children.length + 1}` });
  $("messages").replaceChildren();
  await listSessions();
  $("prompt").focus();
}));

$("prompt").addEventListener("input", () => {
  if (session === null || stream !== null || !switches().includes("wake_early")) return;
  let answer = null;
  const made = newStream(() => (answer ??= bubble("assistant")), switches());
  made.open();
  stream = made; // connected while the user still types
});
$("prompt").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    $("composer").requestSubmit();
  }
});

$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(async () => {
    const prompt = $("prompt").value.trim();
    if (!prompt || $("send").disabled) return;
    if (session === null) session = await call("POST", "/api/sessions/create", { name: "Session 1" }).finally(listSessions);
    bubble("user", prompt);
    $("prompt").value = "";
    const on = switches();
    const early = stream !== null && !stream.over && describeSwitches(stream.switches) === describeSwitches(on);
    let answer = null;
    const current = early ? stream : newStream(() => (answer ??= bubble("assistant")), on);
    const ended = current.ended;
    current.ended = (text) => { stream = null; ended(text); };
    stream = current;
    working(true);
    if (early) current.ask(prompt);
    else current.open(prompt);
  });
});

$("stop").addEventListener("click", () => stream?.tell({ type: "stop" }));
$("drop").addEventListener("click", () => stream?.drop());
$("pause").addEventListener("click", () => {
  stream?.tell({ type: paused ? "resume" : "pause" });
  paused = !paused;
  $("pause").textContent = paused ? "Resume" : "Pause";
});
$("open-settings").addEventListener("click", () => attempt(async () => {
  await showSettings($("settings-body"), attempt);
  $("settings").showModal();
}));

if (signedIn()) attempt(enter);
