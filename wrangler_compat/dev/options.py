"""What `edge dev` was asked to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from edge.config import StrictFfi
from edge.errors import UserError

Durability = Literal["full", "relaxed"]


@dataclass(frozen=True, slots=True)
class DevOptions:
    """The command line of `edge dev`; None means: as configured."""

    configs: tuple[Path, ...]
    environment: str | None = None
    port: int | None = None
    host: str | None = None
    persist_to: Path | None = None
    server: str = "uvicorn"
    https: bool = False
    cert: Path | None = None
    key: Path | None = None
    durability: Durability = "full"
    variables: Mapping[str, str] = field(default_factory=dict)
    env_files: tuple[Path, ...] = ()
    allow_unsupported: bool = False
    reload: bool = True
    log_level: str = "log"
    place: str | None = None
    profile: str | None = None
    faults: Path | None = None
    trace: Path | None = None
    inspector: bool | None = None  # None: on loopback
    engine: str | None = None
    package_cache: bool = True
    subrequests: int | None = None  # 0: any number
    strict_ffi: StrictFfi | None = None

    @classmethod
    def of(
        cls,
        *,
        paths: tuple[Path, ...],
        port: int | None,
        variables: Mapping[str, str],
        rest: Mapping[str, Any],
    ) -> DevOptions:
        """From click's values; raises UserError for combinations that make no sense."""
        given = dict(rest)
        env_files = tuple(Path(name) for name in given.pop("env_files"))
        for name in ("persist_to", "cert", "key", "faults", "trace"):
            given[name] = None if given.get(name) is None else Path(given[name])
        options = cls(configs=paths, port=port, variables=variables, env_files=env_files, **given)
        if (options.cert is None) != (options.key is None):
            raise UserError("--cert and --key belong together")
        if options.cert is not None and not options.https:
            raise UserError("--cert and --key need --https")
        if options.https and options.server != "hypercorn":
            raise UserError("--https needs --server hypercorn")
        return options
