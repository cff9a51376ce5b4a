// The benchmark's Worker for the peers: the same as benchmarks/worker/src/worker.py, in JavaScript.
import { DurableObject } from "cloudflare:workers";

const VALUE = "v".repeat(100);

export class Counter extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS hits (id INTEGER PRIMARY KEY, note TEXT)");
  }

  async fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === "/do/incr") return new Response(String(await this.increment()));
    if (pathname === "/do/sql") return new Response(String(this.insert()));
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  async increment() {
    const count = ((await this.ctx.storage.get("count")) ?? 0) + 1;
    await this.ctx.storage.put("count", count);
    return count;
  }

  insert() {
    const { sql } = this.ctx.storage;
    sql.exec("INSERT INTO hits (note) VALUES (?)", "a row");
    return sql.exec("SELECT count(*) AS hits FROM hits").one().hits;
  }

  webSocketMessage(ws, message) {
    ws.send(message);
  }
}

async function read(env) {
  const value = await env.KV.get("key");
  if (value === null) await env.KV.put("key", VALUE);
  return value ?? VALUE;
}

function echo() {
  const [client, server] = Object.values(new WebSocketPair());
  server.accept();
  server.addEventListener("message", (event) => server.send(event.data));
  return new Response(null, { status: 101, webSocket: client });
}

export default {
  async fetch(request, env, ctx) {
    const { pathname, searchParams } = new URL(request.url);
    const counter = () => env.COUNTERS.getByName(searchParams.get("name"));
    switch (pathname) {
      case "/":
        return new Response("Hello world!");
      case "/kv/get":
        return new Response(await read(env));
      case "/kv/put":
        await env.KV.put(`put:${searchParams.get("i")}`, VALUE);
        return new Response("ok");
      case "/do/incr":
      case "/do/sql":
      case "/do/ws":
        return counter().fetch(request);
      case "/do/rpc":
        return new Response(String(await counter().increment()));
      case "/waituntil":
        ctx.waitUntil(env.KV.put("background", VALUE));
        return new Response("ok");
      case "/ws":
        return echo();
    }
    return new Response("no such route", { status: 404 });
  },
};
