// KV for the bare workerd, which ships none: the HTTP calls of the binding, kept in one Durable Object.
import { DurableObject } from "cloudflare:workers";

export class Store extends DurableObject {
  async fetch(request) {
    const key = decodeURIComponent(new URL(request.url).pathname.slice(1));
    if (request.method === "PUT") {
      await this.ctx.storage.put(key, await request.arrayBuffer());
      return new Response(null);
    }
    const value = await this.ctx.storage.get(key);
    return new Response(value ?? null, { status: value === undefined ? 404 : 200 });
  }
}

export default {
  fetch: (request, env) => env.STORE.get(env.STORE.idFromName("kv")).fetch(request),
};
