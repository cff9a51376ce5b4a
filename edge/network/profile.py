"""Latency profiles: what distance, storage and containers cost, as data.

A profile is a TOML file; `docs/latency-model.md` describes the keys and gives each number of the built-in
ones its source and date. A key that is left out costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Final

from edge.network.errors import UnknownProfile, unknown
from edge.network.spread import NOTHING, Spread

#: What can be waited for in a container, in the order in which it happens (used by sandboxes).
CONTAINER_PHASES: Final = (
    "image_pull",
    "boot",
    "shell_ready",
    "wake_check",
    "exec",
    "file_write",
    "npm_install",
    "npm_reinstall",
    "package_unpack",
    "server_start",
    "connect",
    "agent_spawn",
    "first_token",
    "token_gap",
)
NO_NETWORK: Final = "none"
_YOUR_OWN: Final = (
    ". For one of your own give the path of its file: `edge profile show edge > mine.toml`, change it, "
    "`--profile mine.toml` (docs/latency-model.md)."
)


@dataclass(frozen=True, slots=True)
class Links:
    """The way between two places; all times are for one direction."""

    base_ms: float = 0.0
    fibre_us_per_km: float = 0.0
    #: How much longer the way is than the great circle, drawn once for each pair; at least 1.
    detour: Spread = Spread(1.0, 1.0)
    #: Added to each message.
    jitter: Spread = NOTHING
    #: A lost message is sent again after so long, doubled each time.
    retransmit_ms: float = 200.0


@dataclass(frozen=True, slots=True)
class Client:
    """The way between a client and its nearest place, one direction."""

    last_mile: Spread = NOTHING  # drawn once for each connection
    jitter: Spread = NOTHING


@dataclass(frozen=True, slots=True)
class Kv:
    """What KV takes beside the way; the parts of a cold read stand in `docs/latency-model.md`."""

    hot: Spread = NOTHING
    regional: Spread = NOTHING
    cold: Spread = NOTHING
    write: Spread = NOTHING
    #: Places of the central stores; the nearest one answers. Empty: no way to go.
    centres: tuple[str, ...] = ()
    #: Whether the places of a region share a second cache.
    regional_tier: bool = False


@dataclass(frozen=True, slots=True)
class Durable:
    """Where Durable Objects live, and what waking one and making its writes durable takes."""

    hosts: tuple[str, ...] = ()  # empty: everywhere
    cold_start: Spread = NOTHING
    #: Round trips that the first touch of a new object costs beside the call itself.
    create_round_trips: float = 0.0
    commit: Spread = NOTHING


@dataclass(frozen=True, slots=True)
class R2:
    """Where buckets are, and what R2 takes there beside the way."""

    #: Codes of places; empty: the profile's default place.
    location: str = ""
    #: Of buckets that are elsewhere, by name.
    locations: Mapping[str, str] = field(default_factory=dict)
    head: Spread = NOTHING
    #: Until the first byte.
    read: Spread = NOTHING
    #: Until it is acknowledged, without the way of the bytes.
    write: Spread = NOTHING
    delete: Spread = NOTHING
    list: Spread = NOTHING
    #: How fast bytes come and go (0: at once).
    mb_per_s: float = 0.0
    #: How many of them can be on the way at a time (0: any number).
    window_kb: float = 0.0


@dataclass(frozen=True, slots=True)
class D1:
    """Where the primaries of databases are, and what D1 takes there beside the way."""

    #: Codes of places; empty: the profile's default place.
    location: str = ""
    #: Of databases that are elsewhere, by id or binding.
    locations: Mapping[str, str] = field(default_factory=dict)
    #: Of a database that nobody asked for `idle_s`.
    cold_start: Spread = NOTHING
    idle_s: float = 60.0
    #: For each query or batch, beside its statements.
    request: Spread = NOTHING
    #: For each statement; a database runs one at a time.
    query: Spread = NOTHING
    #: Until what was written is acknowledged; others have their turn meanwhile.
    commit: Spread = NOTHING


@dataclass(frozen=True, slots=True)
class CacheApi:
    """What the caches of a place take there."""

    #: Of `match` and `delete`.
    lookup: Spread = NOTHING
    store: Spread = NOTHING


@dataclass(frozen=True, slots=True)
class StaticAssets:
    """What serving a static asset takes, in a place that has it and in one that has to fetch it first."""

    hot: Spread = NOTHING
    cold: Spread = NOTHING


@dataclass(frozen=True, slots=True)
class Outbound:
    """The way to hosts outside of Cloudflare, where their answers are made up."""

    #: There and back, drawn once for each place and host.
    round_trip: Spread = NOTHING
    #: Codes of places of hosts that are there, by name.
    locations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Vectorize:
    """What a query of an index takes, and after how long a mutation shows."""

    query: Spread = NOTHING
    visible: Spread = NOTHING


@dataclass(frozen=True, slots=True)
class Queues:
    """What it takes until a queue has taken a message."""

    send: Spread = NOTHING


@dataclass(frozen=True, slots=True)
class WorkerStart:
    """Starting a Worker in a place where it does not run; it stays for `idle_s` after its last request."""

    cold_start: Spread = NOTHING
    idle_s: float = 600.0


@dataclass(frozen=True, slots=True)
class Profile:
    """One model of the network."""

    name: str
    default_place: str = "DFW"
    links: Links = Links()
    client: Client = Client()
    kv: Kv = Kv()
    r2: R2 = R2()
    d1: D1 = D1()
    cache: CacheApi = CacheApi()
    assets: StaticAssets = StaticAssets()
    outbound: Outbound = Outbound()
    durable: Durable = Durable()
    worker: WorkerStart = WorkerStart()
    vectorize: Vectorize = Vectorize()
    queues: Queues = Queues()
    container: Mapping[str, Spread] = field(default_factory=dict)


#: The sections of a profile's file, in their order.
SECTIONS: Final[Mapping[str, type]] = {
    entry.name: type(entry.default) for entry in fields(Profile) if is_dataclass(entry.default)
}


def builtin_profiles() -> list[str]:
    """The names of the profiles that come with the package, `none` among them."""
    from importlib.resources import files

    names = [entry.name for entry in (files("edge.network") / "profiles").iterdir()]
    return sorted([NO_NETWORK, *(name.removesuffix(".toml") for name in names if name.endswith(".toml"))])


def load_profile(name: str | Path) -> Profile | None:
    """A built-in profile by name, or a file by its path; None for `none`.

    Raises UnknownProfile, which lists the known ones, and ProfileError, which names the key.
    """
    from edge.network.profile_file import read_profile

    if isinstance(name, str):
        if name == NO_NETWORK:
            return None
        if name in builtin_profiles():
            from importlib.resources import files

            source = files("edge.network") / "profiles" / f"{name}.toml"
            return read_profile(source.read_text("utf-8"), None, name)
    path = Path(name)
    if not path.is_file():
        raise UnknownProfile(unknown("profile", str(name), builtin_profiles()) + _YOUR_OWN)
    return read_profile(path.read_text("utf-8"), path, path.stem)
