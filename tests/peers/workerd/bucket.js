async function thrown(promise) {
  try {
    await promise;
  } catch (error) {
    return error.message;
  }
}

async function text(object) {
  return object?.body ? await object.text() : null;
}

export class Cart {}

export default {
  async fetch(request, env) {
    const R2 = env.R2;
    const value = "0123456789";
    const put = await R2.put("a/one", value, {
      httpMetadata: { contentType: "text/plain" }, customMetadata: { k: "v" }, sha256: request.headers.get("sha256"),
    });
    const big = new Uint8Array(3_000_000).map((_, at) => at % 251);
    await R2.put("a/big", big);
    await R2.put("b", "b");
    const found = {};
    found.put = [put.key, put.size, put.etag, put.httpEtag];
    const head = await R2.head("a/one");
    found.head = [head.httpMetadata.contentType, head.customMetadata.k, head.checksums.toJSON().sha256, await R2.head("no")];
    found.get = await text(await R2.get("a/one"));
    found.ranges = [
      await text(await R2.get("a/one", { range: { offset: 2, length: 3 } })),
      await text(await R2.get("a/one", { range: { suffix: 4 } })),
      await text(await R2.get("a/one", { range: { offset: 8 } })),
      await text(await R2.get("a/one", { range: new Headers({ range: "bytes=1-2" }) })),
    ];
    const read = new Uint8Array(await (await R2.get("a/big")).arrayBuffer());
    found.big = [read.length, read.every((byte, at) => byte === at % 251)];
    const across = new Uint8Array(await (await R2.get("a/big", { range: { offset: 1_048_570, length: 20 } })).arrayBuffer());
    found.across = across.every((byte, at) => byte === (at + 1_048_570) % 251) && across.length;
    found.conditions = [
      (await R2.get("a/one", { onlyIf: { etagMatches: put.etag } })).body !== undefined,
      (await R2.get("a/one", { onlyIf: { etagDoesNotMatch: put.etag } })).body !== undefined,
      await R2.put("a/one", "no", { onlyIf: { etagMatches: "other" } }),
      await text(await R2.get("a/one")),
    ];
    found.wrong = await thrown(R2.put("a/one", "other", { md5: "0".repeat(32) }));
    const names = ({ objects, delimitedPrefixes, truncated }) => [objects.map((one) => one.key), delimitedPrefixes, truncated];
    found.list = names(await R2.list());
    found.prefix = names(await R2.list({ prefix: "a/" }));
    found.delimiter = names(await R2.list({ delimiter: "/" }));
    const first = await R2.list({ limit: 1 });
    found.pages = [names(first), names(await R2.list({ cursor: first.cursor }))];
    found.included = (await R2.list({ prefix: "a/one", include: ["customMetadata"] })).objects[0].customMetadata;
    const upload = await R2.createMultipartUpload("parts", { customMetadata: { of: "parts" } });
    const one = await upload.uploadPart(1, new Uint8Array(5 << 20).fill(1));
    const two = await upload.uploadPart(2, "end");
    found.part = await thrown(upload.complete([two, { ...one, etag: "wrong" }]));
    const whole = await upload.complete([two, one]);
    found.parts = [whole.size, whole.customMetadata.of, await text(await R2.get("parts", { range: { suffix: 4 } }))];
    found.over = await thrown(upload.abort());
    await R2.delete(["b", "parts", "no"]);
    found.left = names(await R2.list());
    const body = (await R2.get("a/big")).body;
    await R2.delete("a/big");
    found.read = (await new Response(body).arrayBuffer()).byteLength;
    return Response.json(found);
  },
};
