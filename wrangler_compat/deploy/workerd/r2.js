// R2 for workerd, which ships none: buckets for its R2 binding, each a Durable Object.
//
// The binding sends a GET with its request in a header (head, get, list), or a PUT whose body begins with the request
// (put, delete, multipart uploads). A value is a blob: rows of at most CHUNK bytes. A blob is written before the row
// that names it, and deleted after nothing names it and nobody reads it; what a crash leaves goes at the next start.
import { DurableObject } from "cloudflare:workers";

import {
  HASHES, Incoming, NAMES, Refusal, answer, byBytes, decoded, described, hex, holds, metadata, missing, noPart, noUpload,
  ranged, tooSmall, unmet,
} from "./r2_protocol.js";

const CHUNK = 1 << 20;
const LIST_MAX = 1000;
const LIST_MAX_WITH_METADATA = 100;
const PART_MIN = 5 << 20;

export default {
  fetch(request, env, ctx) {
    return env.BUCKET.getByName(ctx.props.bucket).fetch(request);
  },
};

export class Bucket extends DurableObject {
  #readers = new Map();
  #doomed = new Set();

  constructor(ctx, env) {
    super(ctx, env);
    this.sql = ctx.storage.sql;
    this.sql.exec(`
      CREATE TABLE IF NOT EXISTS objects (key TEXT PRIMARY KEY, blobs TEXT, version TEXT, size INTEGER, etag TEXT,
                                          uploaded INTEGER, checksums TEXT, http TEXT, custom TEXT);
      CREATE TABLE IF NOT EXISTS chunks (blob TEXT, n INTEGER, data BLOB, PRIMARY KEY (blob, n));
      CREATE TABLE IF NOT EXISTS uploads (id TEXT PRIMARY KEY, key TEXT, http TEXT, custom TEXT);
      CREATE TABLE IF NOT EXISTS parts (upload TEXT, part INTEGER, blob TEXT, size INTEGER, etag TEXT, md5 TEXT,
                                        PRIMARY KEY (upload, part));
      DELETE FROM chunks WHERE blob NOT IN (SELECT blob FROM parts)
        AND blob NOT IN (SELECT value FROM objects, json_each(objects.blobs))`);
  }

  async fetch(request) {
    try {
      const header = request.headers.get("cf-r2-request");
      return header === null ? await this.#write(request) : this.#read(JSON.parse(header));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const told = JSON.stringify({ version: 1, v4code: error.code, message: error.message });
      return error.row === undefined
        ? new Response(null, { status: error.status, headers: { "cf-r2-error": told } })
        : answer(described(error.row), { status: error.status, error: told });
    }
  }

  #read(asked) {
    if (asked.method === "list") return answer(this.#list(asked));
    const row = this.#row(asked.object);
    if (row === undefined) throw missing();
    if (asked.method === "head") return answer(described(row, { offset: 0, length: row.size }));
    if (!holds(asked.onlyIf, row)) throw unmet(row);
    const range = ranged(asked, row.size);
    return answer(described(row, range), { value: this.#stream(JSON.parse(row.blobs), range) });
  }

  async #write(request) {
    const body = new Incoming(request.body);
    const asked = JSON.parse(new TextDecoder().decode(await body.take(Number(request.headers.get("cf-r2-metadata-size")))));
    switch (asked.method) {
      case "put":
        return answer(described(await this.#put(asked, body)));
      case "delete":
        for (const key of asked.objects ?? [asked.object]) this.#delete(key);
        return new Response();
      case "createMultipartUpload": {
        const id = crypto.randomUUID();
        this.sql.exec("INSERT INTO uploads VALUES (?, ?, ?, ?)", id, asked.object, ...metadata(asked));
        return answer({ uploadId: id });
      }
      case "uploadPart":
        return answer(await this.#part(asked, body));
      case "completeMultipartUpload":
        return answer(described(this.#complete(asked)));
      case "abortMultipartUpload":
        this.#abort(this.#upload(asked).id);
        return new Response();
    }
    throw new Refusal(400, 10029, "Metadata missing or invalid");
  }

  // -- objects ---------------------------------------------------------------------------------------

  #row(key) {
    return this.sql.exec("SELECT * FROM objects WHERE key = ?", key).toArray()[0];
  }

  async #put(asked, body) {
    const wanted = NAMES.filter((name) => name === "md5" || asked[name] !== undefined);
    const blob = await this.#store(body, wanted);
    const checksums = {};
    try {
      for (const name of wanted) {
        const given = name === "md5" ? asked.md5 && hex(decoded(asked.md5)) : asked[name]?.toLowerCase();
        if (given && given !== blob.digests[name]) {
          const text = `The ${HASHES[name]} checksum you specified did not match what we received.`;
          const both = `You provided a ${HASHES[name]} checksum with value: ${given}\nActual ${HASHES[name]} was: ${blob.digests[name]}`;
          throw new Refusal(400, 10037, `${text}\n${both}`);
        }
        checksums[name] = blob.digests[name];
      }
      // Nothing is awaited between looking and writing.
      const before = this.#row(asked.object);
      if (!holds(asked.onlyIf, before)) throw unmet(before);
    } catch (error) {
      this.#drop([blob.id]);
      throw error;
    }
    return this.#replace(asked.object, [blob.id], blob.size, blob.digests.md5, checksums, metadata(asked));
  }

  #replace(key, blobs, size, etag, checksums, [http, custom]) {
    const old = this.#row(key);
    const row = {
      key, blobs: JSON.stringify(blobs), version: crypto.randomUUID().replaceAll("-", ""), size, etag,
      uploaded: Date.now(), checksums: JSON.stringify(checksums), http, custom,
    };
    this.sql.exec("INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", ...Object.values(row));
    if (old !== undefined) this.#drop(JSON.parse(old.blobs));
    return row;
  }

  #delete(key) {
    const row = this.#row(key);
    if (row === undefined) return;
    this.sql.exec("DELETE FROM objects WHERE key = ?", key);
    this.#drop(JSON.parse(row.blobs));
  }

  #list(asked) {
    const include = asked.include ?? [];
    const limit = Math.min(asked.limit ?? LIST_MAX, include.length > 0 ? LIST_MAX_WITH_METADATA : LIST_MAX);
    const prefix = asked.prefix ?? "";
    const resumed = asked.cursor === undefined ? "" : decodeURIComponent(asked.cursor);
    const after = [asked.startAfter ?? "", resumed].sort(byBytes)[1];
    const objects = [];
    const groups = new Set();
    let last;
    const found = this.sql.exec(
      "SELECT * FROM objects WHERE substr(key, 1, length(?1)) = ?1 AND key > ?2 ORDER BY key", prefix, after);
    for (const row of found) {
      const at = asked.delimiter ? row.key.indexOf(asked.delimiter, prefix.length) : -1;
      const group = at < 0 ? undefined : row.key.slice(0, at + asked.delimiter.length);
      if (group === undefined || !groups.has(group)) {
        if (objects.length + groups.size === limit) {
          return { objects, truncated: true, cursor: encodeURIComponent(last), delimitedPrefixes: [...groups] };
        }
        if (group !== undefined) groups.add(group);
        else {
          const shown = { ...row, http: include.includes(0) ? row.http : "{}", custom: include.includes(1) ? row.custom : "[]" };
          objects.push(described(shown));
        }
      }
      last = row.key;
    }
    return { objects, truncated: false, delimitedPrefixes: [...groups] };
  }

  // -- multipart uploads ------------------------------------------------------------------------------

  #upload({ uploadId, object }) {
    const [upload] = this.sql.exec("SELECT * FROM uploads WHERE id = ? AND key = ?", uploadId, object).toArray();
    if (upload === undefined) throw noUpload();
    return upload;
  }

  async #part(asked, body) {
    this.#upload(asked);
    const blob = await this.#store(body, ["md5"]);
    const etag = crypto.randomUUID().replaceAll("-", "");
    const { uploadId, partNumber } = asked;
    const old = this.sql.exec("SELECT blob FROM parts WHERE upload = ? AND part = ?", uploadId, partNumber).toArray();
    try {
      this.#upload(asked); // it may be over by now
    } catch (error) {
      this.#drop([blob.id]);
      throw error;
    }
    this.sql.exec("INSERT OR REPLACE INTO parts VALUES (?, ?, ?, ?, ?, ?)",
      uploadId, partNumber, blob.id, blob.size, etag, blob.digests.md5);
    this.#drop(old.map((part) => part.blob));
    return { etag };
  }

  #complete(asked) {
    const upload = this.#upload(asked);
    const known = new Map(this.sql.exec("SELECT * FROM parts WHERE upload = ?", upload.id).toArray().map((part) => [part.part, part]));
    const chosen = [...asked.parts].sort((one, other) => one.part - other.part).map(({ part, etag }) => {
      const found = known.get(part);
      if (found === undefined || found.etag !== etag) throw noPart();
      known.delete(part);
      return found;
    });
    if (chosen.slice(0, -1).some((part) => part.size < PART_MIN)) throw tooSmall();
    const etag = `${hex(crypto.getRandomValues(new Uint8Array(16)))}-${chosen.length}`;
    const size = chosen.reduce((sum, part) => sum + part.size, 0);
    const row = this.#replace(upload.key, chosen.map((part) => part.blob), size, etag, {}, [upload.http, upload.custom]);
    this.sql.exec("DELETE FROM parts WHERE upload = ?", upload.id);
    this.sql.exec("DELETE FROM uploads WHERE id = ?", upload.id);
    this.#drop([...known.values()].map((part) => part.blob));
    return row;
  }

  #abort(id) {
    const blobs = this.sql.exec("DELETE FROM parts WHERE upload = ? RETURNING blob", id).toArray();
    this.sql.exec("DELETE FROM uploads WHERE id = ?", id);
    this.#drop(blobs.map((part) => part.blob));
  }

  // -- blobs ------------------------------------------------------------------------------------------

  async #store(body, names) {
    const id = crypto.randomUUID();
    const digests = names.map((name) => new crypto.DigestStream(HASHES[name]));
    const writers = digests.map((stream) => stream.getWriter());
    let size = 0;
    for (let n = 0; ; n++) {
      const chunk = await body.take(CHUNK, true);
      if (chunk.byteLength === 0) break;
      size += chunk.byteLength;
      this.sql.exec("INSERT INTO chunks VALUES (?, ?, ?)", id, n, chunk);
      await Promise.all(writers.map((writer) => writer.write(chunk)));
    }
    await Promise.all(writers.map((writer) => writer.close()));
    const found = await Promise.all(digests.map((stream) => stream.digest));
    return { id, size, digests: Object.fromEntries(names.map((name, at) => [name, hex(new Uint8Array(found[at]))])) };
  }

  #stream(blobs, { offset, length }) {
    const sql = this.sql;
    for (const blob of blobs) this.#readers.set(blob, (this.#readers.get(blob) ?? 0) + 1);
    const released = () => {
      for (const blob of blobs.splice(0)) {
        this.#readers.set(blob, this.#readers.get(blob) - 1);
        if (this.#readers.get(blob) === 0) this.#readers.delete(blob);
        if (this.#doomed.delete(blob)) this.#drop([blob]);
      }
    };
    function* chunks() {
      let skip = offset;
      let left = length;
      for (const blob of [...blobs]) {
        for (let n = 0; left > 0; n++) {
          const [row] = sql.exec("SELECT data FROM chunks WHERE blob = ? AND n = ?", blob, n).toArray();
          if (row === undefined) break;
          const piece = new Uint8Array(row.data).subarray(skip, skip + left);
          skip = Math.max(0, skip - row.data.byteLength);
          left -= piece.byteLength;
          if (piece.byteLength > 0) yield piece;
        }
      }
    }
    const rest = chunks();
    return {
      next() {
        const { done, value } = rest.next();
        if (done) released();
        return done ? undefined : value;
      },
      cancel: released,
    };
  }

  #drop(blobs) {
    for (const blob of blobs) {
      if (this.#readers.has(blob)) this.#doomed.add(blob);
      else this.sql.exec("DELETE FROM chunks WHERE blob = ?", blob);
    }
  }
}
