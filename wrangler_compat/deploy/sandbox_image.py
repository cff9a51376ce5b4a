"""The image of a sandbox on Cloudflare: the project's own, with the server that the SDK talks to.

Here that server runs beside the container, so any image does; there it is a program in the image.

Sources: Cloudflare docs, "Dockerfile reference"; sandbox-sdk docs/STANDALONE_BINARY.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: Of the SDK whose behaviour is emulated, for images that do not name a version.
SDK_VERSION = "0.12.10"
_FROM = re.compile(r"^\s*FROM\s+(?:--\S+\s+)*(\S+)", re.IGNORECASE | re.MULTILINE)
_ENTRYPOINT = re.compile(r"^\s*ENTRYPOINT\b", re.IGNORECASE | re.MULTILINE)
_OFFICIAL = re.compile(r"(?:docker\.io/)?cloudflare/sandbox(?::(\d+(?:\.\d+)*))?")
_SERVER = """\

# Added by edge deploy: the server that the Sandbox SDK talks to, and the program `file`, which it needs.
RUN {install}
COPY --from=docker.io/cloudflare/sandbox:{tag} /container-server/sandbox /sandbox
ENTRYPOINT ["/sandbox"]
"""
_DEBIAN = (
    "command -v file >/dev/null || (apt-get update && apt-get install -y --no-install-recommends file "
    "&& rm -rf /var/lib/apt/lists/*)"
)
_ALPINE = "apk add --no-cache bash file git libstdc++ libgcc"


@dataclass(frozen=True, slots=True)
class SandboxImage:
    """A Dockerfile, the folder it is built in (None: its own), and the SDK that goes with it (for npm)."""

    dockerfile: str
    context: Path | None
    sdk_version: str
    warnings: tuple[str, ...] = ()


def sandbox_image(entry: Mapping[str, Any], folder: Path) -> SandboxImage:
    """The image of a container of the configuration in `folder`; `entry` names a Dockerfile or an image."""
    path = folder / entry["image"]
    if not path.is_file():
        return _with_server(f"FROM {entry['image']}\n", None, ())
    text = path.read_text(encoding="utf-8")
    named = entry.get("image_build_context")
    context = (folder / named if named else path.parent).resolve()
    warnings: tuple[str, ...] = ()
    if _ENTRYPOINT.search(text) and not _OFFICIAL.match(_base(text)):
        warnings = (
            f"The ENTRYPOINT of {entry['image']} is replaced by the SDK's server, which starts its CMD.",
        )
    return _with_server(text, context, warnings)


def _with_server(text: str, context: Path | None, warnings: tuple[str, ...]) -> SandboxImage:
    base = _base(text)
    official = _OFFICIAL.match(base)
    if official:
        return SandboxImage(text, context, _npm_range(official[1] or SDK_VERSION), warnings)
    alpine = "alpine" in base
    server = _SERVER.format(
        install=_ALPINE if alpine else _DEBIAN, tag=f"{SDK_VERSION}-musl" if alpine else SDK_VERSION
    )
    return SandboxImage(text.rstrip("\n") + "\n" + server, context, SDK_VERSION, warnings)


def _base(text: str) -> str:
    """The image of the last stage."""
    found = _FROM.findall(text)
    return str(found[-1]) if found else ""


def _npm_range(tag: str) -> str:
    """An image's tag may leave parts of the version open; SDK and image have to be of one version."""
    return tag if tag.count(".") == 2 else f"~{tag}"
