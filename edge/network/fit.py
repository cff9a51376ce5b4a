"""Fitting a profile to what was recorded: medians and 95th percentiles, kind by kind.

What the record says too little about (`SAMPLES_MIN`) stays as the base profile has it. The ways between
places give the detour of each pair (its fastest message) and the jitter (what the others took longer).

Source: `docs/latency-model.md`, "Fitting".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from edge.network.network import CLIENT
from edge.network.places import distance_km, places
from edge.network.profile import CONTAINER_PHASES, Links, Profile
from edge.network.spread import Spread

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

    links = _fit_links(groups, base.links, counts)
    kv, durable, worker = base.kv, base.durable, base.worker
    container = {
        phase: spread(f"container.{phase}", base.container.get(phase, Spread(0.0, 0.0)))
        for phase in CONTAINER_PHASES
        if phase in base.container or len(groups.get(f"container.{phase}", [])) >= SAMPLES_MIN
    }
    profile = replace(
        base,
        name=name,
        links=links,
        client=replace(base.client, last_mile=spread("client.last_mile", base.client.last_mile)),
        kv=replace(
            kv,
            hot=spread("kv.hot", kv.hot),
            regional=spread("kv.regional", kv.regional),
            cold=spread("kv.cold", kv.cold),
            write=spread("kv.write", kv.write),
        ),
        durable=replace(durable, commit=spread("durable.commit", durable.commit)),
        worker=replace(worker, cold_start=spread("worker.cold_start", worker.cold_start)),
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


_KV = {"cache": "kv.hot", "region": "kv.regional", "read": "kv.cold", "write": "kv.write"}


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
    if sample.name == "kv.storage":
        return _KV.get(sample.what)
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
