"""The replica: each rule by example, all rules together as a property, and each rule broken on purpose.

The property replays a random history (writes at the centre, by this place and by others, reads with
various cacheTtl, answers that arrive late and out of order) and checks what a reader may rely on. For
each deliberate bug below it must find a history that shows it: a property that no bug can break tests
nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from edge.kv.logic.replica import REFRESH_AHEAD_FRACTION, Copy, Fetch, Hit, Replica

T0 = 1_000_000.0


def loaded(value: str | None, ttl_s: float = 60, expires_at_s: float | None = None) -> Replica[str, str]:
    replica: Replica[str, str] = Replica()
    fetch = replica.begin_fetch("k", ttl_s, T0)
    assert replica.end_fetch(fetch, value, expires_at_s)
    return replica


def test_knows_nothing_at_first() -> None:
    assert Replica[str, str]().read("k", 60, T0) is None


def test_answers_from_its_copy_until_the_ttl() -> None:
    replica = loaded("v")
    assert replica.read("k", 60, T0 + 1) == Hit("v", 1, False)
    assert replica.read("k", 60, T0 + 59.9) is not None
    assert replica.read("k", 60, T0 + 60) is None


def test_absence_is_a_copy_too() -> None:
    replica = loaded(None)
    assert replica.read("k", 60, T0 + 30) == Hit(None, 30, False)
    assert replica.read("k", 60, T0 + 60) is None


def test_ttl_counts_from_the_sending() -> None:
    replica: Replica[str, str] = Replica()
    fetch = replica.begin_fetch("k", 60, T0)
    replica.end_fetch(fetch, "v", None)  # whenever that was
    assert replica.read("k", 60, T0 + 59) == Hit("v", 59, True)


def test_lower_cache_ttl_shortens_for_everybody() -> None:
    replica = loaded("v", ttl_s=3600)
    assert replica.read("k", 30, T0 + 10) is not None
    assert replica.read("k", 3600, T0 + 30) is None


def test_lower_cache_ttl_may_end_the_copy_at_once() -> None:
    replica = loaded("v", ttl_s=3600)
    assert replica.read("k", 30, T0 + 31) is None
    assert len(replica) == 0


def test_higher_cache_ttl_lengthens_nothing() -> None:
    replica = loaded("v", ttl_s=30)
    assert replica.read("k", 3600, T0 + 1) is not None
    assert replica.read("k", 3600, T0 + 30) is None


def test_expiration_wins_over_the_ttl() -> None:
    replica = loaded("v", ttl_s=3600, expires_at_s=T0 + 100)
    assert replica.read("k", 3600, T0 + 99.9) is not None
    assert replica.read("k", 3600, T0 + 100) is None


def test_local_write_drops_the_copy() -> None:
    replica = loaded("v")
    replica.invalidate("k")
    assert replica.read("k", 60, T0 + 1) is None


def test_local_write_overtakes_fetches_under_way() -> None:
    replica: Replica[str, str] = Replica()
    early = replica.begin_fetch("k", 60, T0)
    other = replica.begin_fetch("other", 60, T0)
    replica.invalidate("k")
    late = replica.begin_fetch("k", 60, T0 + 1)
    assert not replica.end_fetch(early, "old", None)
    assert replica.end_fetch(late, "new", None)
    assert replica.end_fetch(other, "v", None)
    assert replica.read("k", 60, T0 + 2) == Hit("new", 1, False)


def test_later_question_wins_whatever_arrives_first() -> None:
    replica: Replica[str, str] = Replica()
    early = replica.begin_fetch("k", 60, T0)
    late = replica.begin_fetch("k", 60, T0 + 5)
    assert replica.end_fetch(late, "new", None)
    assert not replica.end_fetch(early, "old", None)
    assert replica.read("k", 60, T0 + 6) == Hit("new", 1, False)


def test_refresh_is_asked_for_once_in_the_last_quarter() -> None:
    replica = loaded("v")
    quarter_s = 60 * REFRESH_AHEAD_FRACTION
    assert replica.read("k", 60, T0 + 60 - quarter_s - 0.5) == Hit("v", 60 - quarter_s - 0.5, False)
    assert replica.read("k", 60, T0 + 60 - quarter_s) == Hit("v", 60 - quarter_s, True)
    replica.begin_fetch("k", 60, T0 + 60 - quarter_s)
    assert replica.read("k", 60, T0 + 60 - quarter_s) == Hit("v", 60 - quarter_s, False)


def test_refresh_makes_the_copy_young_again() -> None:
    replica = loaded("v")
    assert replica.read("k", 60, T0 + 50) == Hit("v", 50, True)
    replica.end_fetch(replica.begin_fetch("k", 60, T0 + 50), "w", None)
    assert replica.read("k", 60, T0 + 100) == Hit("w", 50, True)


def test_failed_refresh_is_tried_again() -> None:
    replica = loaded("v")
    assert replica.read("k", 60, T0 + 50) == Hit("v", 50, True)
    replica.fail_fetch(replica.begin_fetch("k", 60, T0 + 50))
    assert replica.read("k", 60, T0 + 51) == Hit("v", 51, True)


def test_failed_fetch_without_a_copy_leaves_nothing() -> None:
    replica: Replica[str, str] = Replica()
    replica.fail_fetch(replica.begin_fetch("k", 60, T0))
    assert replica.read("k", 60, T0) is None


def test_time_does_not_go_back() -> None:
    with pytest.raises(AssertionError):
        loaded("v").read("k", 60, T0 - 1)


# -- all rules together -------------------------------------------------------------------------------


@dataclass
class Version:
    """What the centre holds from `since_s` on; `value` None is absence."""

    value: int | None
    since_s: float
    expires_at_s: float | None = None


@dataclass
class UnderWay:
    """A fetch and the answer it will bring (fixed when the question reaches the centre)."""

    fetch: Fetch[str]
    answer: Version
    refresh: bool


@dataclass
class History:
    """The centre's versions of one key, and what one place made of them."""

    replica: Replica[str, int]
    now_s: float = T0
    versions: list[Version] = field(default_factory=lambda: [Version(None, T0 - 1000)])
    local_write: int = -1  # index of the last version this place wrote
    under_way: list[UnderWay] = field(default_factory=list)

    def write(self, local: bool, ttl_s: int | None, delete: bool) -> None:
        number = len(self.versions)
        expires_at_s = None if ttl_s is None or delete else self.now_s + ttl_s
        self.versions.append(Version(None if delete else number, self.now_s, expires_at_s))
        if local:
            self.local_write = number
            self.replica.invalidate("k")

    def read(self, cache_ttl_s: int) -> None:
        hit = self.replica.read("k", cache_ttl_s, self.now_s)
        if hit is None:
            self._send(cache_ttl_s, refresh=False)
            return
        self.check(hit.value, cache_ttl_s)
        if hit.refresh:
            assert not any(fetch.refresh for fetch in self.under_way if not fetch.fetch.overtaken), (
                "one refresh at a time"
            )
            self._send(cache_ttl_s, refresh=True)

    def arrive(self, index: int) -> None:
        if self.under_way:
            arrived = self.under_way.pop(index % len(self.under_way))
            self.replica.end_fetch(arrived.fetch, arrived.answer.value, arrived.answer.expires_at_s)

    def check(self, value: int | None, cache_ttl_s: int) -> None:
        """The answer was true less than `cache_ttl_s` ago, is not expired, and not from before our write."""
        if value is not None:
            expires_at_s = self.versions[value].expires_at_s
            assert expires_at_s is None or self.now_s < expires_at_s, "expired value answered"
        oldest_s = self.now_s - cache_ttl_s
        ends = [version.since_s for version in self.versions[1:]] + [float("inf")]
        recent = {index for index, end_s in enumerate(ends) if end_s > oldest_s and index >= self.local_write}
        assert any(self._shows(index, value) for index in recent), (value, recent, self.versions)

    def _shows(self, index: int, value: int | None) -> bool:
        """Whether version `index` looks like `value`, until now or once it expired."""
        version = self.versions[index]
        if value is None:
            return version.value is None or (
                version.expires_at_s is not None and version.expires_at_s <= self.now_s
            )
        return version.value == value

    def _send(self, cache_ttl_s: int, refresh: bool) -> None:
        version = self.versions[-1]
        if version.expires_at_s is not None and version.expires_at_s <= self.now_s:
            version = Version(None, version.expires_at_s)
        fetch = self.replica.begin_fetch("k", cache_ttl_s, self.now_s)
        self.under_way.append(UnderWay(fetch, version, refresh))


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.sampled_from([0.0, 1.0, 10.0, 20.0, 29.0, 31.0, 61.0])),
        st.tuples(st.just("read"), st.sampled_from([30, 60, 300])),
        st.tuples(st.just("write"), st.booleans(), st.sampled_from([None, 60, 90]), st.booleans()),
        st.tuples(st.just("arrive"), st.integers(0, 3)),
    ),
    max_size=25,
)


def replay(replica: Replica[str, int], steps: list[tuple[object, ...]]) -> None:
    history = History(replica)
    for name, *arguments in steps:
        if name == "wait":
            (duration_s,) = arguments
            assert isinstance(duration_s, float)
            history.now_s += duration_s
        else:
            getattr(history, str(name))(*arguments)


@settings(max_examples=400, deadline=None)
@given(STEPS)
def test_readers_get_what_was_promised(steps: list[tuple[object, ...]]) -> None:
    replay(Replica(), steps)


class NeverOld(Replica[str, int]):
    """Bug: the TTL is forgotten."""

    def _fresh_until(self, copy: Copy[int]) -> float:
        return float("inf") if copy.expires_at_s is None else copy.expires_at_s

    def _due_for_refresh(self, copy: Copy[int], now_s: float) -> bool:
        return False


class TtlBeatsExpiration(Replica[str, int]):
    """Bug: a copy outlives its value."""

    def _fresh_until(self, copy: Copy[int]) -> float:
        return copy.known_at_s + copy.ttl_s


class Unshortened(Replica[str, int]):
    """Bug: a reader's lower cacheTtl is ignored."""

    def _shorten(self, copy: Copy[int], cache_ttl_s: float) -> None:
        return


class WriteKeepsCopy(Replica[str, int]):
    """Bug: a place does not see its own write."""

    def invalidate(self, key: str) -> None:
        return


class WriteForgetsFetches(Replica[str, int]):
    """Bug: an answer from before the write comes back as a copy."""

    def invalidate(self, key: str) -> None:
        self._copies.pop(key, None)


class RefreshesForEver(Replica[str, int]):
    """Bug: every read of an old copy sends another refresh."""

    def _asked_since(self, key: str, copy: Copy[int]) -> bool:
        return False


SABOTAGED = [NeverOld, TtlBeatsExpiration, Unshortened, WriteKeepsCopy, WriteForgetsFetches, RefreshesForEver]


@pytest.mark.slow
@pytest.mark.parametrize("sabotaged", SABOTAGED, ids=lambda cls: cls.__name__)
def test_property_catches(sabotaged: type[Replica[str, int]]) -> None:
    @settings(
        max_examples=5000,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(STEPS)
    def broken(steps: list[tuple[object, ...]]) -> None:
        replay(sabotaged(), steps)

    with pytest.raises(AssertionError):
        broken()


class AnyOrder(Replica[str, int]):
    """Bug: the answer that arrives last wins, though it was asked for first."""

    def _newer(self, copy: Copy[int], present: Copy[int] | None) -> bool:
        return True


class ForgetsAbsence(Replica[str, int]):
    """Bug: absence is not cached, so a missing key is never late."""

    def _keeps(self, copy: Copy[int]) -> bool:
        return copy.value is not None


def test_order_and_absence_have_tests_of_their_own() -> None:
    """Neither breaks the promise to readers (the answers are merely older, or fresher, than need be)."""
    ordered: Replica[str, int] = AnyOrder()
    early, late = ordered.begin_fetch("k", 60, T0), ordered.begin_fetch("k", 60, T0 + 5)
    ordered.end_fetch(late, 2, None)
    assert ordered.end_fetch(early, 1, None), "the rule under test_later_question_wins is what stops this"
    forgetful: Replica[str, int] = ForgetsAbsence()
    assert not forgetful.end_fetch(forgetful.begin_fetch("k", 60, T0), None, None)
