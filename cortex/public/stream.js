// One message on a WebSocket: frames in order, taken up again where a lost connection left off.

import { bearer } from "./api.js";

const RETRY_MS = [100, 300, 1000, 2000, 4000];

/** A message under way. `hear(frame)` gets each frame once; `ended(problem?, status?)` is called at its end.
 * `mayConnect()` throws an ApiError that says why a connection was refused: a WebSocket does not. */
export class Stream {
  constructor({ sessionId, messageId, switches, hear, ended, linked, mayConnect }) {
    Object.assign(this, { sessionId, messageId, switches, hear, ended, linked, mayConnect });
    this.seq = 0;
    this.tries = 0;
    this.over = false;
  }

  /** Connect, and send the prompt, once there is one. Without it the connection only wakes what it can. */
  open() {
    const query = new URLSearchParams({
      sessionId: this.sessionId,
      messageId: this.messageId,
      switches: this.switches.join(","),
    });
    if (this.asked) query.set("after", String(this.seq));
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.socket = new WebSocket(`${scheme}://${location.host}/api/sdk/ws?${query}`, ["cortex", bearer()]);
    this.isRefused = true; // until it opens
    this.socket.addEventListener("open", () => this.#opened());
    this.socket.addEventListener("message", (event) => this.#take(JSON.parse(event.data)));
    this.socket.addEventListener("close", () => this.#closed());
  }

  ask(prompt) {
    this.prompt = prompt;
    if (this.socket?.readyState === WebSocket.OPEN) this.#opened();
    else if (this.socket?.readyState !== WebSocket.CONNECTING) this.open(); // there was none, or it was lost unused
  }

  tell(frame) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ ...frame, messageId: this.messageId }));
  }

  /** Cut the connection without a word, as a train in a tunnel would. */
  drop() {
    this.socket?.close(4000, "dropped by hand");
  }

  /** Nobody looks any more. */
  leave() {
    this.over = true;
    this.socket?.close(1000);
    this.linked("");
  }

  #opened() {
    this.isRefused = false;
    this.linked("connected");
    if (this.prompt === undefined) return;
    this.asked = true; // again after a lost connection: perhaps it did not arrive, and if it did nothing happens
    this.tell({ type: "query", prompt: this.prompt });
  }

  #take(frame) {
    if (frame.type === "ping") return;
    if (frame.seq !== undefined) {
      if (frame.seq <= this.seq) return; // seen before the connection was lost
      this.seq = frame.seq;
    }
    this.tries = 0;
    this.hear(frame);
    if (frame.type === "done" || frame.type === "error") this.#end(frame.type === "error" ? frame.error : undefined);
  }

  async #closed() {
    if (this.over) return;
    if (this.prompt === undefined) return this.linked("");
    if (this.isRefused) {
      try {
        await this.mayConnect();
      } catch (error) {
        if (error.status) return this.#end(error.message, error.status); // without one the server does not answer
      }
    } else if (!this.switches.includes("resumable")) {
      return this.#end("The connection was lost, and this run cannot be resumed.");
    }
    if (this.tries >= RETRY_MS.length) return this.#end("The connection was lost.");
    this.linked("reconnecting…");
    setTimeout(() => this.open(), RETRY_MS[this.tries++]);
  }

  #end(problem, status) {
    this.leave();
    this.ended(problem, status);
  }
}
