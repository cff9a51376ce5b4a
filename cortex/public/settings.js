// The settings that make up a session's configuration, each with its own API.

import { call } from "./api.js";

function element(name, attributes = {}, ...children) {
  const { value, ...rest } = attributes;
  const made = Object.assign(document.createElement(name), rest);
  if (value !== undefined && name === "input") made.setAttribute("value", value);
  else if (value !== undefined) made.value = value;
  made.append(...children);
  return made;
}

function section(title, ...children) {
  return element("section", {}, element("h3", { textContent: title }), ...children);
}

function form(fields, button, send) {
  const made = element("form", { className: "row" });
  for (const [name, label, attributes = {}] of fields) {
    made.append(element("label", {}, label + " ", element("input", { name, required: true, ...attributes })));
  }
  made.append(element("button", { textContent: button }));
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    send(Object.fromEntries(new FormData(made)));
  });
  return made;
}

function list(items, label, remove) {
  const made = element("ul");
  for (const item of items) {
    const button = element("button", { type: "button", textContent: "Remove" });
    button.setAttribute("aria-label", `Remove ${label(item)}`);
    button.addEventListener("click", () => remove(item));
    made.append(element("li", {}, element("span", { textContent: label(item) }), button));
  }
  return made;
}

/** Fill the dialog; `attempt(work)` shows what goes wrong. */
export async function showSettings(body, attempt) {
  const again = (work) => attempt(async () => {
    await work();
    await showSettings(body, attempt);
  });
  const [rules, servers, secrets, provider, known] = await Promise.all([
    call("GET", "/api/user/claude-md"),
    call("GET", "/api/mcp"),
    call("GET", "/api/secrets"),
    call("GET", "/api/ai-providers"),
    call("GET", "/api/knowledge"),
  ]);
  const text = element("textarea", { name: "content", rows: 4, value: rules?.content ?? "" });
  const instructions = element("form", {}, text, element("button", { textContent: "Save" }));
  text.setAttribute("aria-label", "Instructions");
  instructions.addEventListener("submit", (event) => {
    event.preventDefault();
    again(() => call("PUT", "/api/user/claude-md", { content: text.value }));
  });
  body.replaceChildren(
    section("Instructions (CLAUDE.md)", instructions),
    section(
      "MCP servers",
      list(servers, (server) => `${server.name}: ${server.url ?? [server.command, ...(server.args ?? [])].join(" ")}`,
        (server) => again(() => call("DELETE", `/api/mcp/${encodeURIComponent(server.name)}`))),
      form([["name", "Name"], ["command", "Command", { placeholder: "npx -y @modelcontextprotocol/server-github" }]], "Add",
        ({ name, command }) => again(() => call("POST", "/api/mcp", { name, transport: "stdio", command, enabled: true }))),
    ),
    section(
      "Secrets",
      list(secrets, (secret) => secret.name ?? secret,
        (secret) => again(() => call("DELETE", `/api/secrets/${encodeURIComponent(secret.name ?? secret)}`))),
      form([["name", "Name", { pattern: "[A-Z][A-Z0-9_]*" }], ["value", "Value", { type: "password" }]], "Add",
        ({ name, value }) => again(() => call("PUT", `/api/secrets/${encodeURIComponent(name)}`, { value }))),
    ),
    section(
      "Knowledge",
      element("p", { className: "soft", textContent: known.length
        ? "What earlier sessions noted; a message takes along what resembles it."
        : "A line “Decision: …”, “Gotcha: …” or “Pattern: …” in a message or an answer is kept, and found by later sessions." }),
      list(known, (one) => `${one.kind}: ${one.text}`,
        (one) => again(() => call("DELETE", `/api/knowledge/${encodeURIComponent(one.id)}`))),
    ),
    section(
      "The agent",
      form([
        ["firstTokenMs", "First token after (ms)", { type: "number", min: 0, max: 60000, value: provider?.scripted?.firstTokenMs ?? 300 }],
        ["tokensPerS", "Tokens a second", { type: "number", min: 0, max: 1000, value: provider?.scripted?.tokensPerS ?? 40 }],
      ], "Save", ({ firstTokenMs, tokensPerS }) => again(() => call("PUT", "/api/ai-providers", {
        agent: "scripted",
        scripted: { firstTokenMs: Number(firstTokenMs), tokensPerS: Number(tokensPerS) },
      }))),
    ),
  );
}
