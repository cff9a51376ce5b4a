"""Hashes by which redundant work is recognised."""

import hashlib
import json


def config_hash(value):
    """The same for the same value, whatever the order of its keys."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
