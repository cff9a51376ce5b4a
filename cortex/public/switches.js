// The switches: the design's five optimisations, and what goes beyond them.

export const SWITCHES = [
  ["The design", [
    ["config_cache", "1. Configuration cache", "assembled once, kept in the session's Durable Object"],
    ["skip_redundant", "2. Skip redundant work", "hashes in /tmp/vf-state.json"],
    ["parallel", "3. Parallel groups", "configuration beside wake, writes beside start"],
    ["no_delays", "4. No fixed delays", "polls of 50 ms instead of sleeps"],
    ["cold_start", "5. Cold start", "server and packages ready before the first message"],
  ]],
  ["Beyond", [
    ["one_round_trip", "One round trip", "all container work in one request"],
    ["warm_agent", "Warm agent", "a process that waits for its prompt"],
    ["wake_early", "Wake early", "on connect or typing, before the message"],
    ["resumable", "Resumable stream", "numbered and buffered, survives a lost connection"],
    ["knowledge", "Knowledge", "what earlier sessions learnt, beside the other steps"],
    ["package_cache", "Package cache", "archives that all sandboxes share, instead of npm install"],
  ]],
];

export const ALL = SWITCHES.flatMap(([, group]) => group.map(([name]) => name));
export const FIVE = SWITCHES[0][1].map(([name]) => name);
const PRESETS = [["Before", []], ["The five", FIVE], ["All", ALL]];

/** In words: a preset's name, or how many of each group are on. */
export function describeSwitches(on) {
  const preset = PRESETS.find(([, names]) => names.length === on.length && names.every((name) => on.includes(name)));
  if (preset) return preset[0];
  return SWITCHES.flatMap(([, group]) => group.filter(([name]) => on.includes(name)).map(([, label]) => label)).join(", ");
}

/** Build the panel; gives a function that tells which switches are on. */
export function switchPanel(panel, presets) {
  const boxes = new Map();
  for (const [title, group] of SWITCHES) {
    const fieldset = document.createElement("fieldset");
    fieldset.append(Object.assign(document.createElement("legend"), { textContent: title }));
    for (const [name, label, what] of group) {
      const box = Object.assign(document.createElement("input"), { type: "checkbox", name, checked: true });
      const row = document.createElement("label");
      row.append(box, label, Object.assign(document.createElement("small"), { textContent: what }));
      boxes.set(name, box);
      fieldset.append(row);
    }
    panel.append(fieldset);
  }
  const on = () => ALL.filter((name) => boxes.get(name).checked);
  const buttons = PRESETS.map(([label, names]) => {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: label });
    button.addEventListener("click", () => {
      for (const [name, box] of boxes) box.checked = names.includes(name);
      refresh();
    });
    presets.append(button);
    return button;
  });
  function refresh() {
    const now = describeSwitches(on());
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.textContent === now));
  }
  panel.addEventListener("change", refresh);
  refresh();
  return on;
}
