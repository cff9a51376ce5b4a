"""Static files to Cloudflare: only those it does not have yet.

Source: spec wrangler.md section 7.6, step 2.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence

from edge.errors import UserError
from wrangler_compat.cloudflare.account import Account
from wrangler_compat.deploy.assets import AssetFile

#: Stands for a file without a type: a part cannot have none.
_NO_TYPE = "application/null"


def upload_assets(account: Account, worker: str, files: Sequence[AssetFile]) -> tuple[str, int]:
    """The token that attaches the files to a version, and how many were sent. Nothing that is served
    changes by this alone. Raises CloudflareApiError."""
    manifest = {file.path: {"hash": file.hash, "size": file.size_bytes} for file in files}
    path = f"/workers/scripts/{worker}/assets-upload-session"
    session = account.call("POST", path, body={"manifest": manifest}) or {}
    token, buckets = session.get("jwt"), session.get("buckets") or []
    by_hash = {file.hash: file for file in files}
    for bucket in buckets:
        answer = _upload(account, session["jwt"], [_known(by_hash, digest) for digest in bucket])
        token = answer.get("jwt") or token
    if not token:
        raise UserError("Cloudflare took the static files and gave no token for them. Deploy again.")
    return token, sum(len(bucket) for bucket in buckets)


def _upload(account: Account, token: str, files: Sequence[AssetFile]) -> dict[str, str]:
    parts = [
        (
            file.hash,
            (file.hash, base64.b64encode(file.file.read_bytes()), file.content_type or _NO_TYPE),
        )
        for file in files
    ]
    answer = account.call(
        "POST",
        "/workers/assets/upload",
        files=parts,
        query={"base64": "true"},
        headers={"Authorization": f"Bearer {token}"},
    )
    return answer or {}


def _known(by_hash: Mapping[str, AssetFile], digest: str) -> AssetFile:
    if digest not in by_hash:
        raise UserError(f"Cloudflare asked for a static file that there is not ({digest}). Deploy again.")
    return by_hash[digest]
