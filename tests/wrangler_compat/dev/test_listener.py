from __future__ import annotations

import pytest

from edge.errors import UserError
from wrangler_compat.dev.listener import listen, url_of


def test_a_free_port_on_loopback() -> None:
    with listen("localhost", 0) as listener:
        host, port = listener.getsockname()
        assert host == "127.0.0.1"
        assert url_of(listener, "http") == f"http://127.0.0.1:{port}"


def test_a_port_in_use() -> None:
    with listen("localhost", 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(UserError, match=f"port {port} on localhost is already in use"):
            listen("localhost", port)


def test_an_address_that_is_not_ours() -> None:
    with pytest.raises(UserError, match="cannot listen on 203.0.113.1:0"):
        listen("203.0.113.1", 0)
