// Reads configurations with the real wrangler: pairs of [file, environment or null] come in on stdin as JSON,
// what it makes of each goes out. One process for all of them, because wrangler takes a second to start.
const { readFileSync } = require("node:fs");
const wrangler = require("wrangler");

let said = [];
for (const level of ["log", "info", "warn", "error"]) console[level] = (...words) => said.push([level, words.join(" ")]);

function read(config, env) {
  try {
    const found = wrangler.unstable_readConfig({ config, env: env ?? undefined });
    const warnings = said.filter(([level]) => level === "warn").map(([, text]) => text);
    return { config: found, warnings, local: local(found, env) };
  } catch (error) {
    return { error: error.text ?? error.message, location: error.location ?? null };
  }
}

// What local development would be given: bindings with the ids that name their data, variables and secrets.
function local(found, env) {
  try {
    return wrangler.unstable_getMiniflareWorkerOptions(found, env ?? undefined, { containerBuildId: "1" }).workerOptions;
  } catch (error) {
    return { error: error.message };
  }
}

const results = JSON.parse(readFileSync(0, "utf8")).map(([config, env]) => {
  said = [];
  return read(config, env);
});
process.stdout.write(JSON.stringify(results), () => process.exit(0)); // before it asks npm for a newer release
