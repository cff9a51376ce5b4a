from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edge.errors import UserError
from wrangler_compat.dev.options import DevOptions
from wrangler_compat.dev.session import state_dir

REST: dict[str, Any] = {"persist_to": None, "cert": None, "key": None, "env_files": (), "https": False}


def options(**rest: Any) -> DevOptions:
    return DevOptions.of(paths=(Path("/p/wrangler.jsonc"),), port=None, variables={}, rest={**REST, **rest})


@pytest.mark.parametrize(
    ("rest", "message"),
    [
        ({"cert": "c"}, "--cert and --key belong together"),
        ({"cert": "c", "key": "k"}, "--cert and --key need --https"),
        ({"https": True, "server": "uvicorn"}, "--https needs --server hypercorn"),
    ],
)
def test_what_makes_no_sense(rest: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        options(**rest)


def test_where_data_is_kept() -> None:
    assert state_dir(options()) == Path("/p/.wrangler/state")
    assert state_dir(options(persist_to="/data")) == Path("/data")
