"""Names of buckets.

Source: Cloudflare R2, "Create new buckets"; wrangler's text.
"""

from __future__ import annotations

import re

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
RULE = (
    "Bucket names must begin and end with an alphanumeric character, only contain lowercase letters, "
    "numbers, and hyphens, and be between 3 and 63 characters long."
)


def is_bucket_name(name: str) -> bool:
    """Whether a bucket can have this name; `RULE` says what it takes."""
    return _NAME.fullmatch(name) is not None
