"""Under which name the objects of a class have their ids and files."""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path

from edge.config import WorkerConfig


def data_name(
    owner: WorkerConfig, class_name: str, state_dir: Path | None, running: Container[str] = ()
) -> str:
    """What the ids and files of a class are derived from; `running` are the names in use.

    A renamed class goes on under its first name when it has data there, as it keeps ids and data on
    Cloudflare.
    """
    own = f"{owner.name}-{class_name}"
    first = f"{owner.name}-{owner.former_names.get(class_name, class_name)}"
    if first in running:
        return first
    folder = None if state_dir is None else state_dir / "v3" / "do"
    has_old_data = folder is not None and (folder / first).is_dir() and not (folder / own).is_dir()
    return first if has_old_data else own
