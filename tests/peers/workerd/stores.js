import { DurableObject } from "cloudflare:workers";

export class Cart extends DurableObject {
  async add() {
    const count = ((await this.ctx.storage.get("count")) ?? 0) + 1;
    await this.ctx.storage.put("count", count);
    return count;
  }
}

const steps = {
  vars: (env) => ({ text: env.TEXT, object: env.OBJECT }),
  cart: async (env) => env.CART.getByName("mine").add(),
  put: async (env) => {
    await env.KV.put("small", "value", { metadata: { a: 1 } });
    await env.KV.put("large", "x".repeat(200_000));
    await env.DB.exec("CREATE TABLE t (a)");
    await env.DB.batch([env.DB.prepare("INSERT INTO t VALUES (?)").bind(1), env.DB.prepare("INSERT INTO t VALUES (2)")]);
    await env.QUEUE.send("message");
    return true;
  },
  get: async (env) => ({
    small: await env.KV.getWithMetadata("small"),
    large: (await env.KV.get("large")).length,
    other: await env.OTHER.get("small"),
    keys: (await env.KV.list()).keys.map((key) => key.name),
    sum: await env.DB.prepare("SELECT sum(a) AS sum FROM t").first("sum"),
  }),
  message: (env) => env.KV.get("message"),
  asset: async (env) => (await env.ASSETS.fetch("http://host/a.txt")).text(),
};

export default {
  async fetch(request, env) {
    const step = new URL(request.url).pathname.slice("/api/".length);
    return Response.json((await steps[step]?.(env)) ?? null);
  },
  async queue(batch, env) {
    await env.KV.put("message", batch.messages[0].body);
  },
  async scheduled() {},
};
