"""Fitting a profile to what was recorded: medians and 95th percentiles, kind by kind.

What the record says too little about (`SAMPLES_MIN`) stays as the base profile has it. The ways between
places give the detour of each pair (its fastest message) and the jitter (what the others took longer).

Source: `docs/latency-model.md`, "Fitting".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple, TypeVar

from edge.network.network import CLIENT
from edge.network.places import distance_km, places
from edge.network.profile import CONTAINER_PHASES, Links, Profile
from edge.network.spread import Spread

_Part = TypeVar("_Part", bound=Any)  # a section of a profile

SAMPLES_MIN: Final = 5
#: A way must be this long for its detour to show above the base.
_FAR_KM: Final = 300.0


class Sample(NamedTuple):
    """Something that took time: a span's name, its tags that matter, and its duration."""

    name: str
    duration_ms: float
    source: str = ""
    target: str = ""
    what: str = ""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A profile, and from how many samples each key comes."""

    profile: Profile
    samples: dict[str, int] = field(default_factory=dict)


def fit_profile(samples: Iterable[Sample], base: Profile, name: str) -> Fitted:
    """The profile that `samples` suggest; the rest is `base`'s."""
    groups = _grouped(samples)
    counts: dict[str, int] = {}

    def spread(key: str, otherwise: Spread) -> Spread:
        durations = groups.get(key, [])
        if len(durations) < SAMPLES_MIN:
            return otherwise
        counts[key] = len(durations)
        return quantiles(durations)

    def fitted(section: str, part: _Part, *keys: str) -> _Part:
        return replace(part, **{key: spread(f"{section}.{key}", getattr(part, key)) for key in keys})

    links = _fit_links(groups, base.links, counts)
    container = {
        phase: spread(f"container.{phase}", base.container.get(phase, Spread(0.0, 0.0)))
        for phase in CONTAINER_PHASES
        if phase in base.container or len(groups.get(f"container.{phase}", [])) >= SAMPLES_MIN
    }
    profile = replace(
        base,
        name=name,
        links=links,
        client=fitted("client", base.client, "last_mile"),
        kv=fitted("kv", base.kv, *_SHARES["kv"].values()),
        r2=fitted("r2", base.r2, *_SHARES["r2"].values()),
        d1=fitted("d1", base.d1, *_SHARES["d1"].values()),
        cache=fitted("cache", base.cache, *_SHARES["cache"].values()),
        assets=fitted("assets", base.assets, *_SHARES["assets"].values()),
        durable=fitted("durable", base.durable, "commit"),
        worker=fitted("worker", base.worker, "cold_start"),
        container=container,
    )
    return Fitted(profile, counts)


def quantiles(durations_ms: Sequence[float]) -> Spread:
    """Their median and 95th percentile, in whole microseconds."""
    ordered = sorted(durations_ms)
    median, p95 = (
        round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 3) for share in (0.5, 0.95)
    )
    # A spread needs a positive median: what mostly takes no time takes none.
    return Spread(median, max(median, p95)) if median > 0 else Spread(0.0, 0.0)


#: By product, what its storage says that it does, and the key of the profile.
_SHARES = {
    "kv": {"cache": "hot", "region": "regional", "read": "cold", "write": "write"},
    "r2": {key: key for key in ("head", "read", "write", "delete", "list")},
    "cache": {"lookup": "lookup", "store": "store"},
    "assets": {"hot": "hot", "cold": "cold"},
    "d1": {"wake": "cold_start", "request": "request", "query": "query", "commit": "commit"},
}


def _grouped(samples: Iterable[Sample]) -> dict[str, list[float]]:
    """Durations by the profile's key; ways between places by `way SYD LHR`."""
    groups: dict[str, list[float]] = defaultdict(list)
    for sample in samples:
        key = _key(sample)
        if key is not None:
            groups[key].append(sample.duration_ms)
    return groups


def _key(sample: Sample) -> str | None:
    if sample.name == "network.hop":
        if CLIENT in (sample.source, sample.target):
            return "client.last_mile"
        known = places()
        if sample.source in known and sample.target in known:
            return "way {} {}".format(*sorted((sample.source, sample.target)))
        return None
    product, _, part = sample.name.partition(".")
    if part == "storage":
        key = _SHARES[product].get(sample.what)
        return None if key is None else f"{product}.{key}"
    if sample.name in ("durable.commit", "worker.cold_start") or sample.name.startswith("container."):
        return sample.name
    return None


def _fit_links(groups: dict[str, list[float]], base: Links, counts: dict[str, int]) -> Links:
    known = places()
    detours: list[float] = []
    late_ms: list[float] = []
    for key, durations in sorted(groups.items()):
        if not key.startswith("way ") or len(durations) < SAMPLES_MIN:
            continue
        _, one, other = key.split()
        fastest_ms = min(durations)
        late_ms += [duration - fastest_ms for duration in durations]
        straight_ms = distance_km(known[one], known[other]) * base.fibre_us_per_km / 1000
        if distance_km(known[one], known[other]) >= _FAR_KM and straight_ms:
            detours.append(max(1.0, (fastest_ms - base.base_ms) / straight_ms))
    links = base
    if len(late_ms) >= SAMPLES_MIN:
        counts["links.jitter"] = len(late_ms)
        links = replace(links, jitter=quantiles(late_ms))
    if detours:
        counts["links.detour"] = len(detours)
        links = replace(links, detour=quantiles(detours))
    return links
