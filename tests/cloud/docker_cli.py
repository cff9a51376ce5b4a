"""The command `docker` as wrangler calls it, on the daemon of the tests."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.sandbox.engines.docker import daemon

#: Leaves out what only BuildKit's builder knows, which Debian's docker.io is without, and lets `docker
#: manifest` speak plain HTTP to a registry on loopback, as the other commands do by themselves.
_SHIM = """\
#!/bin/sh
before=
for argument do
  shift
  case "$argument" in
  --load | --provenance=false) ;;
  *) set -- "$@" "$argument" ;;
  esac
  [ "$before $argument" != "manifest inspect" ] || set -- "$@" --insecure
  before=$argument
done
exec {docker} "$@"
"""


def docker_environment(folder: Path) -> dict[str, str]:
    """The variables by which wrangler finds `docker` and `docker` the daemon of the tests. Its passwords go
    to `folder`. Skips the test where there is no `docker`."""
    found = shutil.which("docker")
    if found is None:
        pytest.skip("the command docker is not installed")
    shim = folder / "docker"
    shim.write_text(_SHIM.format(docker=found))
    shim.chmod(0o755)
    return {
        "WRANGLER_DOCKER_BIN": str(shim),
        "DOCKER_HOST": str(daemon.address()),
        "DOCKER_CONFIG": str(folder / "docker-config"),
        "DOCKER_BUILDKIT": "0",
    }
