"""The package behind `import workers`, from the Python environment of this command.

From compatibility date 2026-04-21 on a Worker brings it along, as a vendored package. Where it is installed
beside edge, a deploy takes it from there; pywrangler downloads it.

Source: spec python-workers.md sections 1 and 9.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

PACKAGE = "workers-runtime-sdk"


def installed_sdk() -> Iterator[tuple[str, Path]]:
    """Its files, each with its name within the vendor folder; nothing when it is not installed."""
    try:
        found = metadata.distribution(PACKAGE)
    except metadata.PackageNotFoundError:
        return
    for file in found.files or ():
        # Commands lie elsewhere, and what is compiled is made by the runtime.
        if ".." not in file.parts and file.suffix != ".pyc":
            yield file.as_posix(), Path(str(found.locate_file(file)))
