// Sends messages to queues of a real Worker, one queue a case, and tells which batches came. Cases come in on stdin as
// JSON: [{consumer, messages: [{body, options}], batches}]; for each case its batches go out once so many have come.
const { readFileSync } = require("node:fs");
const { Miniflare } = require("miniflare");

const script = `
const seen = {};
export default {
  async fetch(request, env) {
    if (request.method === "GET") return Response.json(seen);
    const cases = await request.json();
    for (const [index, one] of cases.entries()) {
      const queue = env["Q" + index];
      const messages = one.messages.map(({ body, options }) => ({ body, ...options }));
      if (messages.length === 1) await queue.send(messages[0].body, messages[0]);
      else await queue.sendBatch(messages);
    }
    return new Response("sent");
  },
  async queue(batch) {
    const messages = batch.messages.map((one) => [one.body, one.attempts]);
    (seen[batch.queue] ??= []).push({ messages, left: batch.metadata.metrics.backlogCount });
    for (const one of batch.messages) {
      for (const word of String(one.body).split(" ")) {
        if (word === "ack") one.ack();
        if (word === "retry") one.retry();
        if (word === "ackAll") batch.ackAll();
        if (word === "retryAll") batch.retryAll();
      }
    }
    if (batch.messages.some((one) => String(one.body).includes("raise"))) throw new Error("no good");
  },
};
`;

async function main() {
  const cases = JSON.parse(readFileSync(0, "utf8"));
  const numbered = [...cases.keys()];
  const named = numbered.map((index) => ({ type: "queue", name: "q" + index }));
  const mf = new Miniflare({
    workers: [
      {
        config: {
          name: "queues",
          compatibilityDate: "2026-10-01",
          env: Object.fromEntries(named.map((queue, index) => ["Q" + index, queue])),
          triggers: [
            ...named.map((queue, index) => ({ ...queue, ...cases[index].consumer })),
            { type: "queue", name: "dead", maxBatchTimeout: 0, maxRetries: 0 },
          ],
          manifest: { mainModule: "index.js", modules: { "index.js": { type: "esm", contents: script } } },
        },
      },
    ],
    cf: false,
  });
  await mf.dispatchFetch("http://x/", { method: "POST", body: JSON.stringify(cases) });
  const deadline = Date.now() + 60000;
  for (;;) {
    const seen = await (await mf.dispatchFetch("http://x/")).json();
    const done = cases.every((one, index) => (seen["q" + index] ?? []).length >= one.batches) && "dead" in seen;
    if (done || Date.now() > deadline) {
      process.stdout.write("\n" + JSON.stringify(seen), () => mf.dispose().then(() => process.exit(0)));
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
main();
