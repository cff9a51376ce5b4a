// Puts responses into the caches of a real Worker and asks for them again. Cases come in on stdin as JSON:
// [{name, url, key, put: {status, headers, body}, match: {headers, method, options}}]; what came of each goes out.
// The first argument is the state folder, `v3`.
const { readFileSync } = require("node:fs");
const { Miniflare } = require("miniflare");

const script = `
async function play(one) {
  const cache = one.name ? await caches.open(one.name) : caches.default;
  const result = {};
  try {
    if (one.put) {
      const { body, status, headers } = one.put;
      const key = one.put.method ? new Request(one.url, { method: one.put.method }) : one.url;
      result.put = String(await cache.put(key, new Response(body, { status, headers })));
    }
    if (one.match) {
      const { headers, method, options } = one.match;
      const found = await cache.match(new Request(one.url, { headers, method }), options);
      result.match = found
        ? { status: found.status, headers: Object.fromEntries(found.headers), body: await found.text() }
        : null;
    }
    if (one.delete) result.delete = await cache.delete(one.url);
  } catch (error) {
    result.error = error.name + ": " + error.message;
  }
  return result;
}
export default {
  async fetch(request) {
    const results = [];
    for (const one of await request.json()) results.push(await play(one));
    return Response.json(results);
  },
};
`;

async function main() {
  const cases = readFileSync(0, "utf8");
  const miniflare = new Miniflare({
    workers: [
      {
        config: {
          name: "caches",
          compatibilityDate: "2026-10-01",
          manifest: { mainModule: "index.js", modules: { "index.js": { type: "esm", contents: script } } },
        },
      },
    ],
    resourcePersistencePath: process.argv[2],
    cf: false,
  });
  try {
    const answer = await miniflare.dispatchFetch("http://localhost/", { method: "POST", body: cases });
    process.stdout.write(await answer.text());
  } finally {
    await miniflare.dispose();
  }
}
main();
