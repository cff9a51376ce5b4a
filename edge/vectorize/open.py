"""Where an index lies below the state directory. wrangler has no local Vectorize: the layout is ours."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote


def index_path(state: Path, name: str) -> Path:
    """The file of the index `name`."""
    return state / "v3" / "vectorize" / f"{quote(name, safe='')}.sqlite"
