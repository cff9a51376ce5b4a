"""Limits of Vectorize.

Source: spec runtime.md section 14; Vectorize "Limits", "Metadata filtering".
"""

from __future__ import annotations

DIMENSIONS_MAX = 1536
ID_BYTES_MAX = 64
NAMESPACE_BYTES_MAX = 64
METADATA_BYTES_MAX = 10 * 1024
BATCH_VECTORS_MAX = 1000
GET_IDS_MAX = 20
DELETE_IDS_MAX = 100
TOP_K_DEFAULT = 5
TOP_K_MAX = 100
#: With values or all metadata.
TOP_K_DETAILED_MAX = 20
METADATA_INDEXES_MAX = 10
#: Strings are filtered by so much of them.
INDEXED_BYTES = 64
FILTER_BYTES_MAX = 2048
FILTER_KEY_CHARS_MAX = 512
