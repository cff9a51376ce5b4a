"""The copy of a namespace that one place keeps: what makes KV fast, and stale.

Workers KV has a few central stores and a cache in every place. A read is answered from the cache of
its own place when that holds a fresh copy, else it travels to the centre and leaves a copy behind. A
write goes to the centre and drops the copy of the *writing* place only: all other places go on
answering with theirs until it is too old. This file decides, for one place, what a read may be
answered with. It does not fetch, wait or look at a clock: times are arguments, in seconds of any one
clock that never goes back.

The rules, each of which is one small method so that a test can break it alone:

- *Freshness.* A copy is fresh for its TTL: the `cacheTtl` of the read that fetched it, 60 seconds
  unless given. It counts from when the fetch was *sent*: the value may change while the answer is
  under way, so counting from its arrival would allow answers older than the TTL. (`_fresh_until`)
- *Shortening.* A later read with a lower `cacheTtl` shortens the copy's life for everybody, at once;
  one with a higher `cacheTtl` does not lengthen it. (`_shorten`)
- *Absence is cached too.* A key that was not there is a copy like any other, with the same TTL: a
  place that asked too early does not see the key appear until its copy is too old. (`_keeps`)
- *Expiration wins.* A copy is never used from its value's expiration on, whatever its TTL.
  (`_fresh_until`)
- *Writes.* A local write drops the copy, and with it every fetch under way: an answer that left the
  centre before the write arrived there must not come back as a fresh copy. (`invalidate`)
- *Order.* Of two fetches the one sent later knows more, also when its answer comes first. (`_newer`)
- *Refresh ahead.* A read in the last quarter of a copy's life asks for a refresh in the background,
  once; the reader itself is still answered from the copy. A key that is read often is thus never
  slow; a key that is not, is. (`_due_for_refresh`)

What follows for a reader: an answer was true at the centre at some moment less than the reader's own
`cacheTtl` ago, and is never older than the last write from its own place. Nothing is promised about
two reads in two places, nor that versions are seen in order across places.

Source: spec kv.md section 6 (Cloudflare: how KV works; read key-value pairs). That the refresh starts
in the last quarter is this model's choice: Cloudflare says only "in the background, before expiry".
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")

REFRESH_AHEAD_FRACTION = 0.25

assert 0 < REFRESH_AHEAD_FRACTION < 1


@dataclass(slots=True)
class Copy(Generic[_Value]):
    """What the place remembers of a key; `value` None is remembered absence."""

    value: _Value | None
    known_at_s: float
    ttl_s: float
    expires_at_s: float | None


@dataclass(slots=True, eq=False)
class Fetch(Generic[_Key]):
    """A question on its way to the centre; `overtaken` once a local write made its answer useless."""

    key: _Key
    sent_at_s: float
    ttl_s: float
    overtaken: bool = False


@dataclass(frozen=True, slots=True)
class Hit(Generic[_Value]):
    """Answer with `value`, `age_s` old; with `refresh`, also fetch in the background."""

    value: _Value | None
    age_s: float
    refresh: bool


class Replica(Generic[_Key, _Value]):
    """The copies of one place. `read` first; on None `begin_fetch`, ask the centre, `end_fetch`."""

    def __init__(self) -> None:
        self._copies: dict[_Key, Copy[_Value]] = {}
        self._fetches: dict[_Key, list[Fetch[_Key]]] = {}

    def __len__(self) -> int:
        return len(self._copies)

    def read(self, key: _Key, cache_ttl_s: float, now_s: float) -> Hit[_Value] | None:
        """What to answer a read with at `now_s`; None when the centre must be asked."""
        assert cache_ttl_s > 0, cache_ttl_s
        copy = self._copies.get(key)
        if copy is None:
            return None
        assert now_s >= copy.known_at_s, "time went back"
        self._shorten(copy, cache_ttl_s)
        if now_s >= self._fresh_until(copy):
            del self._copies[key]
            return None
        refresh = self._due_for_refresh(copy, now_s) and not self._asked_since(key, copy)
        return Hit(copy.value, now_s - copy.known_at_s, refresh)

    def begin_fetch(self, key: _Key, cache_ttl_s: float, now_s: float) -> Fetch[_Key]:
        """Note that the centre is asked for `key` from `now_s` on. Ends with `end_fetch` or `fail_fetch`."""
        assert cache_ttl_s > 0, cache_ttl_s
        fetch = Fetch(key, now_s, cache_ttl_s)
        self._fetches.setdefault(key, []).append(fetch)
        return fetch

    def end_fetch(
        self,
        fetch: Fetch[_Key],
        value: _Value | None,
        expires_at_s: float | None,
        *,
        known_at_s: float | None = None,
    ) -> bool:
        """The answer is here. True when it was kept as the place's copy. `known_at_s` is when it was true,
        when it does not come from the centre but from another copy."""
        assert known_at_s is None or known_at_s <= fetch.sent_at_s, "an answer from the future"
        self._forget(fetch)
        self._drop_dead(fetch.sent_at_s)
        true_at_s = fetch.sent_at_s if known_at_s is None else known_at_s
        copy = Copy(value, true_at_s, fetch.ttl_s, expires_at_s)
        present = self._copies.get(fetch.key)
        if fetch.overtaken or not self._keeps(copy) or not self._newer(copy, present):
            return False
        self._copies[fetch.key] = copy
        return True

    def fail_fetch(self, fetch: Fetch[_Key]) -> None:
        """The centre did not answer: the next read of a copy that was to be refreshed tries again."""
        self._forget(fetch)

    def invalidate(self, key: _Key) -> None:
        """This place wrote `key`, and the centre has it: nothing from before may be answered any more."""
        self._copies.pop(key, None)
        for fetch in self._fetches.get(key, ()):
            fetch.overtaken = True

    def _fresh_until(self, copy: Copy[_Value]) -> float:
        fresh_until_s = copy.known_at_s + copy.ttl_s
        if copy.expires_at_s is not None:
            fresh_until_s = min(fresh_until_s, copy.expires_at_s)
        assert fresh_until_s <= copy.known_at_s + copy.ttl_s
        return fresh_until_s

    def _shorten(self, copy: Copy[_Value], cache_ttl_s: float) -> None:
        before_s = copy.ttl_s
        copy.ttl_s = min(copy.ttl_s, cache_ttl_s)
        assert copy.ttl_s <= before_s, "a read never lengthens a copy's life"

    def _keeps(self, copy: Copy[_Value]) -> bool:
        assert copy.ttl_s > 0
        return True  # present or absent alike

    def _newer(self, copy: Copy[_Value], present: Copy[_Value] | None) -> bool:
        # Sent at the same moment: either is as good, the later answer may know more.
        return present is None or copy.known_at_s >= present.known_at_s

    def _due_for_refresh(self, copy: Copy[_Value], now_s: float) -> bool:
        remaining_s = copy.known_at_s + copy.ttl_s - now_s
        assert remaining_s > 0, "only fresh copies are refreshed ahead"
        return remaining_s <= copy.ttl_s * REFRESH_AHEAD_FRACTION

    def _asked_since(self, key: _Key, copy: Copy[_Value]) -> bool:
        """Whether a fetch that can replace `copy` is under way: one refresh at a time is enough."""
        return any(
            fetch.sent_at_s > copy.known_at_s and not fetch.overtaken for fetch in self._fetches.get(key, ())
        )

    def _drop_dead(self, now_s: float) -> None:
        """Look at the two copies that were looked at longest ago: keys nobody reads again would stay."""
        for _ in range(min(2, len(self._copies))):
            key = next(iter(self._copies))
            copy = self._copies.pop(key)
            if now_s < self._fresh_until(copy):
                self._copies[key] = copy

    def _forget(self, fetch: Fetch[_Key]) -> None:
        under_way = self._fetches[fetch.key]
        under_way.remove(fetch)
        if not under_way:
            del self._fetches[fetch.key]
