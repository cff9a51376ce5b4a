"""Refusals carry what the caller shows."""

from __future__ import annotations

import pytest

from edge.kv.logic.refusal import KeyNameRejected, KvRefused


def test_refusal_reads_as_status_and_text() -> None:
    refused = KvRefused(429, "Too Many Requests")
    assert (refused.status, refused.text, str(refused)) == (429, "Too Many Requests", "429 Too Many Requests")


def test_rejection_reads_as_its_text() -> None:
    assert str(KeyNameRejected("Key name cannot be empty.")) == "Key name cannot be empty."


@pytest.mark.parametrize("status", [200, 302, 600])
def test_only_error_statuses_refuse(status: int) -> None:
    with pytest.raises(AssertionError):
        KvRefused(status, "no")
