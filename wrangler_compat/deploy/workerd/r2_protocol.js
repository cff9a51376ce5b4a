// The protocol of workerd's R2 binding: requests, answers, refusals, conditions and ranges.
export const HASHES = { md5: "MD5", sha1: "SHA-1", sha256: "SHA-256", sha384: "SHA-384", sha512: "SHA-512" };
export const NAMES = Object.keys(HASHES);

export class Refusal extends Error {
  constructor(status, code, message, row) {
    super(message);
    Object.assign(this, { status, code, row });
  }
}

export const missing = () => new Refusal(404, 10007, "The specified key does not exist.");
export const noUpload = () => new Refusal(400, 10024, "The specified multipart upload does not exist.");
export const noPart = () => new Refusal(400, 10025, "One or more of the specified parts could not be found.");
export const tooSmall = () => new Refusal(400, 10011, "Your proposed upload is smaller than the minimum allowed object size.");
export const badRange = () => new Refusal(416, 10039, "The requested range is not satisfiable");
export const unmet = (row) => new Refusal(412, 10031, "At least one of the pre-conditions you specified did not hold.", row);

export class Incoming {
  // A body in pieces of a wanted size.
  #pieces = [];
  #size = 0;

  constructor(body) {
    this.reader = body.getReader();
  }

  async take(size, less = false) {
    while (this.#size < size) {
      const { done, value } = await this.reader.read();
      if (done) break;
      this.#pieces.push(value);
      this.#size += value.byteLength;
    }
    if (this.#size < size && !less) throw new Refusal(400, 10029, "Metadata missing or invalid");
    const taken = new Uint8Array(Math.min(size, this.#size));
    for (let at = 0; at < taken.byteLength; ) {
      const piece = this.#pieces.shift();
      const part = piece.subarray(0, taken.byteLength - at);
      taken.set(part, at);
      at += part.byteLength;
      if (part.byteLength < piece.byteLength) this.#pieces.unshift(piece.subarray(part.byteLength));
    }
    this.#size -= taken.byteLength;
    return taken;
  }
}

export function answer(object, { status = 200, error, value } = {}) {
  const head = new TextEncoder().encode(JSON.stringify(object));
  const headers = { "cf-r2-metadata-size": `${head.byteLength}`, "content-type": "application/json" };
  if (error !== undefined) headers["cf-r2-error"] = error;
  if (value === undefined) return new Response(head, { status, headers });
  let first = head;
  const body = new ReadableStream({
    pull(controller) {
      const piece = first ?? value.next();
      first = undefined;
      if (piece === undefined) controller.close();
      else controller.enqueue(piece);
    },
    cancel: () => value.cancel(),
  });
  return new Response(body, { status, headers });
}

export function described(row, range) {
  const sums = JSON.parse(row.checksums);
  return {
    name: row.key, version: row.version, size: row.size, etag: row.etag, uploaded: row.uploaded, range,
    httpFields: JSON.parse(row.http), customFields: JSON.parse(row.custom),
    checksums: Object.fromEntries(NAMES.map((name, at) => [at, sums[name]])),
  };
}

export function metadata(asked) {
  return [JSON.stringify(asked.httpFields ?? {}), JSON.stringify(asked.customFields ?? [])];
}

export function holds(condition, row) {
  if (condition === undefined) return true;
  const { etagMatches, etagDoesNotMatch, uploadedBefore, uploadedAfter, secondsGranularity } = condition;
  if (row === undefined) return etagMatches === undefined && uploadedAfter === undefined;
  const among = (etags, weakly) =>
    etags.some(({ type, value }) => type === "wildcard" || (value === row.etag && (weakly || type === "strong")));
  const time = (ms) => (secondsGranularity ? Math.floor(Number(ms) / 1000) : Number(ms));
  const matches = etagMatches === undefined || among(etagMatches, false);
  const differs = etagDoesNotMatch === undefined || !among(etagDoesNotMatch, true);
  const after = uploadedAfter === undefined || time(uploadedAfter) < time(row.uploaded) || (etagDoesNotMatch && differs);
  const before = uploadedBefore === undefined || time(row.uploaded) < time(uploadedBefore) || (etagMatches && matches);
  return Boolean(matches && differs && after && before);
}

export function ranged({ range, rangeHeader }, size) {
  let { offset, length, suffix } = range ?? {};
  const header = rangeHeader?.match(/^bytes=(\d*)-(\d*)$/);
  if (header) {
    if (header[1] === "") suffix = header[2];
    else [offset, length] = [header[1], header[2] === "" ? undefined : Number(header[2]) - Number(header[1]) + 1];
  }
  if (suffix !== undefined) {
    const taken = Math.min(Number(suffix), size);
    return { offset: size - taken, length: taken };
  }
  const from = Number(offset ?? 0);
  if (from > size || (length !== undefined && Number(length) <= 0)) throw badRange();
  return { offset: from, length: Math.min(Number(length ?? size), size - from) };
}

export function byBytes(one, other) {
  return one < other ? -1 : one > other ? 1 : 0;
}

export function decoded(base64) {
  return Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0));
}

export function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
