// The page: sign in, sessions, messages with their waterfalls.

import { call, keepToken, signedIn, spansBetween } from "./api.js";
import { bubble, confirmTool, noteRun, showTiming, toolLine } from "./conversation.js";
import { showSettings } from "./settings.js";
import { Stream } from "./stream.js";
import { describeSwitches, switchPanel } from "./switches.js";

const $ = (id) => document.getElementById(id);
const EXAMPLES = ["hello", "What is in the workspace?\n[tool:run ls -la]", "Decision: invoices are kept in SQLite"];
/** The demo's agent talks at a pace that one can watch, until somebody changes it. */
const PACE = { agent: "scripted", scripted: { firstTokenMs: 0, tokensPerS: 40 } };

let session = null, stream = null, paused = false;
const switches = switchPanel($("switches"), $("presets"));

function problem(text) {
  $("problem").textContent = text;
  $("problem").hidden = !text;
  (document.querySelector("dialog[open]") ?? document.body).append($("problem")); // beside a dialog it would lie behind
  if (text) setTimeout(() => { if ($("problem").textContent === text) problem(""); }, 6000);
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
  leave(null);
  $("sessions").replaceChildren();
  document.body.dataset.state = "signed-out";
}

async function enter() {
  document.body.dataset.state = "entering";
  $("who").textContent = sessionStorage.getItem("cortex-name") ?? "";
  const sessions = await call("GET", "/api/sessions/list");
  if (sessions.length === 0) {
    await call("PUT", "/api/ai-providers", PACE);
    await newSession(); // its sandbox gets ready while the first message is written
  } else {
    await listSessions(sessions);
  }
  document.body.dataset.state = "signed-in";
  $("prompt").focus();
}

async function newSession() {
  leave(await call("POST", "/api/sessions/create", { name: `Session ${$("sessions").children.length + 1}` }));
  await listSessions();
}

async function listSessions(known) {
  const sessions = known ?? await call("GET", "/api/sessions/list");
  $("sessions").replaceChildren(...sessions.map((one) => {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: one.name ?? one.id.slice(0, 12) });
    button.setAttribute("aria-current", String(one.id === session?.id));
    button.addEventListener("click", () => attempt(() => choose(one)));
    const item = document.createElement("li");
    item.append(button);
    return item;
  }));
  if (session === null && sessions.length > 0) await choose(sessions[0]);
}

async function choose(one) {
  leave(one);
  await listSessions();
  const said = await call("GET", `/api/sdk/replay/${one.id}`);
  if (session !== one || $("messages").children.length > 0) return; // meanwhile somebody went on
  for (const { role, content } of said) bubble($("messages"), role, content);
}

/** Turn to another session; what was under way in the one before goes on without us. */
function leave(next) {
  stream?.leave();
  session = next;
  stream = null;
  working(false);
  $("messages").replaceChildren();
  $("ask").checked = session?.mode === "ask";
  $("end-session").disabled = $("ask").disabled = session === null;
}

// -- a message

function newStream(answer, on) {
  const seen = { timing: null, text: "" };
  const here = session;
  const made = new Stream({
    sessionId: here.id,
    messageId: crypto.randomUUID().replaceAll("-", "").slice(0, 24),
    switches: on,
    linked: (text) => { $("link").textContent = text; },
    hear: (frame) => hear(frame, answer(), seen),
    mayConnect: () => call("GET", `/api/sessions/${here.id}`),
    ended: (text, status) => attempt(async () => {
      if (stream === made) {
        stream = null;
        working(false);
      }
      await finish(made, answer(), seen, on, text);
      if (status !== 401) return;
      signOut();
      problem(text);
    }),
  });
  return made;
}

function hear(frame, { item, words }, seen) {
  if (frame.type === "text-delta") {
    words.append(frame.text);
    seen.text += frame.text;
  } else if (frame.type === "tool-start") toolLine(item, `▸ ${frame.name} ${JSON.stringify(frame.input)}`);
  else if (frame.type === "tool-result") toolLine(item, frame.output);
  else if (frame.type === "confirmation") {
    confirmTool(item, frame, (allow) => stream?.tell({ type: "confirm", approvalId: frame.approvalId, allow }));
  } else if (frame.type === "timing") seen.timing = frame;
  item.scrollIntoView({ block: "end" });
}

function working(on) {
  for (const id of ["stop", "pause", "drop"]) $(id).disabled = !on;
  $("send").disabled = on;
  paused = false;
  $("pause").textContent = "Pause";
}

async function finish(ended, { item }, seen, on, text) {
  if (text) item.append(Object.assign(document.createElement("p"), { className: "bad", textContent: text }));
  const timing = seen.timing;
  if (timing !== null) {
    const last = Math.max(timing.startedMs + (timing.firstTokenMs ?? 0), ...timing.steps.map((step) => step.endMs ?? 0));
    showTiming(item, timing, await spansBetween(timing.startedMs - 1, last + 1), on);
    if (timing.firstTokenMs != null) noteRun($("runs").tBodies[0], timing, on);
    item.scrollIntoView({ block: "end" });
  }
  if (seen.text && !on.includes("resumable") && !on.includes("warm_agent")) { // else the session's object keeps it
    await call("POST", "/api/sdk/persist", { sessionId: ended.sessionId, messageId: ended.messageId, content: seen.text });
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
  await newSession();
  $("prompt").focus();
}));
$("end-session").addEventListener("click", () => attempt(async () => {
  await call("DELETE", `/api/sessions/${session.id}`);
  leave(null);
  await listSessions();
}));
$("ask").addEventListener("change", () => attempt(async () => {
  session = await call("PUT", `/api/sessions/${session.id}`, { mode: $("ask").checked ? "ask" : "auto" });
}));

for (const text of EXAMPLES) {
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: text });
  button.addEventListener("click", () => {
    $("prompt").value = text;
    $("composer").requestSubmit();
  });
  $("examples").append(button);
}

$("prompt").addEventListener("input", () => {
  if (session === null || stream !== null || !switches().includes("wake_early")) return;
  let answer = null;
  const made = newStream(() => (answer ??= bubble($("messages"), "assistant")), switches());
  made.open();
  stream = made; // connected while the user still types
});
$("prompt").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    $("composer").requestSubmit();
  }
});

$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(async () => {
    const prompt = $("prompt").value.trim();
    if (!prompt || $("send").disabled) return;
    working(true);
    if (session === null) await newSession().finally(() => working(session !== null));
    bubble($("messages"), "user", prompt);
    $("prompt").value = "";
    const on = switches();
    let current = stream;
    if (current === null || describeSwitches(current.switches) !== describeSwitches(on)) {
      current?.leave();
      let answer = null;
      current = newStream(() => (answer ??= bubble($("messages"), "assistant")), on);
    }
    stream = current;
    working(true);
    current.ask(prompt);
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
