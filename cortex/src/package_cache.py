"""The packages that all containers share: archives in R2, named by the SHA-256 of their content.

A pointer leads from what a user asks for (`@scope/name@1.2.3`) to the hash. Only the object that builds
packages (`package_builder.py`) writes either; sessions read, and say what they miss. What is kept for another
image does not count: native code may not run there.
"""

import json
import re

from waterfall import now_ms

#: Of the container's image (Dockerfile): its Node may not run what another one's built.
IMAGE = "sandbox-0.12"
#: A spec without a version means something else after a while: then it is looked up again.
UNPINNED_MS = 24 * 3600 * 1000
_PINNED = re.compile(r".+@\d+\.\d+\.\d+[A-Za-z0-9.+-]*")


class PackageCache:
    """`bucket` is the R2 bucket, `builders` the namespace of the object that fills it."""

    def __init__(self, bucket, builders):
        self._bucket = bucket
        self._builders = builders

    async def find(self, spec):
        """`{sha256, version, bytes, atMs}` of a spec, None when it is not there or too old. Raises
        JsException when R2 does not answer."""
        stored = await self._bucket.get(_pointer(spec))
        if stored is None:
            return None
        pointer = json.loads(await stored.text())
        fresh = _PINNED.fullmatch(spec) or now_ms() - pointer["atMs"] < UNPINNED_MS
        return pointer if fresh else None

    async def archive(self, sha256):
        """The archive as a stream, None when it is not there. Raises JsException."""
        stored = await self._bucket.get(_archive(sha256))
        return None if stored is None else stored.body

    async def miss(self, spec):
        """Say that a spec was missed, or that its archive was refused: it is looked after in the
        background."""
        await self._builders.getByName("builder").missed(spec)

    # -- for the object that fills it

    async def is_whole(self, sha256):
        """Whether R2 itself says that what is kept under a hash has that hash."""
        stored = await self._bucket.head(_archive(sha256))
        digest = None if stored is None else stored.checksums.sha256
        return digest is not None and _octets(digest).hex() == sha256

    async def keep(self, spec, made, archive):
        """Keep an archive, a stream of `made["bytes"]`, and let the spec lead to it. Raises JsException when
        it is not what its hash says: R2 compares."""
        await self._bucket.put(_archive(made["sha256"]), archive, sha256=made["sha256"])
        await self._bucket.put(_pointer(spec), json.dumps({**made, "atMs": now_ms()}))


def _octets(buffer):
    """The bytes of an ArrayBuffer, whether the SDK has converted it or not."""
    return buffer.to_bytes() if hasattr(buffer, "to_bytes") else bytes(buffer)


def _pointer(spec):
    return f"specs/{IMAGE}/{spec}"


def _archive(sha256):
    return f"archives/{sha256}"
