"""Static assets: sessions in which files are uploaded, and the files by their hash.

A session begins with a manifest, hands out tokens, and is complete when every file of it is here. A version
claims a complete session. Sessions live as long as their tokens, which are signed with a key of this process:
so they are kept in memory, and files on disk. Source: spec wrangler.md section 7.6, step 2.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edge.kernel.clock import Clock
from edge.kernel.random import RandomStreams
from wrangler_compat.cloud.catalogue import Catalogue
from wrangler_compat.cloud.envelope import Refusal
from wrangler_compat.cloud.workers.script import Script

TOKEN_LIFE_S = 3600
BUCKET_FILES_MAX = 50


@dataclass(frozen=True, slots=True)
class Asset:
    """A file; `type` is None when it shall be served without a Content-Type."""

    data: bytes
    type: str | None


@dataclass(frozen=True, slots=True)
class _Session:
    id: str
    account_id: str
    script_name: str
    manifest: Mapping[str, Any]


class AssetStore:
    """The assets of all accounts. Files that are the same are kept once an account."""

    def __init__(self, catalogue: Catalogue, clock: Clock, random: RandomStreams) -> None:
        self._catalogue = catalogue
        self._clock = clock
        self._random = random
        self._key = random.bytes("cloud.asset_token", 32)
        #: By their ids, with the second at which the last token of each expires.
        self._sessions: dict[str, tuple[_Session, int]] = {}

    def begin(self, account_id: str, script_name: str, manifest: Mapping[str, Any]) -> dict[str, Any]:
        """A session for `manifest` (path → hash and size): its token, and the hashes to upload."""
        wanted = sorted({entry["hash"] for entry in manifest.values()})
        missing = [digest for digest in wanted if not self._has(account_id, digest)]
        session = _Session(self._random.uuid("cloud.asset_session"), account_id, script_name, manifest)
        now_s = self._clock.now_ms() // 1000
        self._sessions = {id: kept for id, kept in self._sessions.items() if kept[1] > now_s}
        buckets = [missing[at : at + BUCKET_FILES_MAX] for at in range(0, len(missing), BUCKET_FILES_MAX)]
        return {"jwt": self._token(session, complete=not missing), "buckets": buckets}

    def receive(self, token: str, files: Mapping[str, Asset]) -> str | None:
        """Keep files of a session; a token to claim it with once all are here. Raises `Refusal`."""
        session, _ = self._session(token)
        account_id = session.account_id
        sizes = {entry["hash"]: entry["size"] for entry in session.manifest.values()}
        for digest, asset in files.items():
            if digest not in sizes:
                raise Refusal(400, 10021, f"the asset {digest} is not in the manifest of this upload")
            if len(asset.data) != sizes[digest]:
                raise Refusal(
                    400, 10021, f"the asset {digest} has {len(asset.data)} bytes, not {sizes[digest]}"
                )
        with self._catalogue.transaction():
            for digest, asset in files.items():
                self._catalogue.change(
                    "INSERT OR IGNORE INTO assets VALUES (?, ?, ?, ?)",
                    account_id, digest, asset.type, asset.data,
                )  # fmt: skip
        complete = all(self._has(account_id, digest) for digest in sizes)
        return self._token(session, complete=True) if complete else None

    def claimed(self, script: Script, assets: Mapping[str, Any]) -> dict[str, Any]:
        """What a version keeps of its assets: the manifest and how they are served. Raises `Refusal`."""
        session, complete = self._session(str(assets.get("jwt", "")))
        if (session.account_id, session.script_name) != (script.account_id, script.name):
            raise Refusal(400, 10021, "the assets were uploaded for another Worker")
        if not complete:
            raise Refusal(400, 10021, "not all assets of this Worker were uploaded")
        return {"manifest": session.manifest, "config": assets.get("config") or {}}

    def find(self, account_id: str, digest: str) -> Asset | None:
        """A file by its hash."""
        row = self._catalogue.row(
            "SELECT data, type FROM assets WHERE account = ? AND digest = ?", account_id, digest
        )
        return None if row is None else Asset(*row)

    def _has(self, account_id: str, digest: str) -> bool:
        sql = "SELECT 1 FROM assets WHERE account = ? AND digest = ?"
        return self._catalogue.row(sql, account_id, digest) is not None

    def _token(self, session: _Session, *, complete: bool) -> str:
        """A JSON Web Token, as clients look into it; signed, so that nobody makes one up."""
        expires_s = self._clock.now_ms() // 1000 + TOKEN_LIFE_S
        self._sessions[session.id] = session, expires_s
        claims = {"session": session.id, "complete": complete, "exp": expires_s}
        signed = f"{_encoded({'alg': 'HS256', 'typ': 'JWT'})}.{_encoded(claims)}"
        return f"{signed}.{self._signature(signed)}"

    def _session(self, token: str) -> tuple[_Session, bool]:
        """The session of a token, and whether the token says that it is complete. Raises `Refusal`."""
        signed, _, signature = token.rpartition(".")
        if not hmac.compare_digest(self._signature(signed).encode(), signature.encode()):
            raise Refusal(403, 10000, "Authentication error")
        claims = json.loads(_decoded(signed.partition(".")[2]))
        found = self._sessions.get(claims["session"])
        if found is None or claims["exp"] <= self._clock.now_ms() // 1000:
            raise Refusal(403, 10000, "Authentication error")
        return found[0], claims["complete"]

    def _signature(self, text: str) -> str:
        return _base64(hmac.digest(self._key, text.encode(), hashlib.sha256))


def _encoded(value: Mapping[str, Any]) -> str:
    return _base64(json.dumps(value, separators=(",", ":")).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def check_manifest(manifest: Any) -> Mapping[str, Any]:
    """A manifest as it must be. Raises `Refusal`."""
    entries: Sequence[Any] = list(manifest.values()) if isinstance(manifest, dict) else [None]
    for entry in entries:
        if not isinstance(entry, dict) or not isinstance(entry.get("hash"), str):
            raise Refusal(400, 10021, "the manifest must give each path an object with 'hash' and 'size'")
        if not isinstance(entry.get("size"), int):
            raise Refusal(400, 10021, "the manifest must give each path a 'size' in bytes")
    found: Mapping[str, Any] = manifest
    return found
