// node miniflare.mjs PORT STATE_DIR: the benchmark's Worker under miniflare's API, state on disk.
// Module lookup starts at the peers folder (BENCH_PEERS), since this file does not live in it.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.env.BENCH_PEERS, "package.json"));
const miniflare = require("miniflare");
const [port, state] = process.argv.slice(2);

const options = {
  name: "bench",
  host: "127.0.0.1",
  port: Number(port),
  compatibilityDate: "2026-10-01",
  modules: true,
  script: readFileSync(new URL("worker.mjs", import.meta.url), "utf8"),
  kvNamespaces: { KV: "bench" },
  durableObjects: { COUNTERS: { className: "Counter", useSQLite: true } },
};
const { convertV4MiniflareOptions: convert, Miniflare } = miniflare;
const onDisk = convert
  ? { ...convert(options), resourcePersistencePath: state } // version 5 has other options
  : { ...options, defaultPersistRoot: state };
await new Miniflare(onDisk).ready;
