"""One write a second to a key."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge.kv.logic.write_rate import WriteRate


def test_second_write_within_the_second_is_refused() -> None:
    rate = WriteRate()
    assert rate.allow("k", 10.0)
    assert not rate.allow("k", 10.0)
    assert not rate.allow("k", 10.999)
    assert rate.allow("k", 11.0)


def test_keys_do_not_share_their_limit() -> None:
    rate = WriteRate()
    assert rate.allow("a", 10.0)
    assert rate.allow("b", 10.0)


def test_refused_writes_do_not_count() -> None:
    rate = WriteRate()
    assert rate.allow("k", 10.0)
    assert not rate.allow("k", 10.9)
    assert rate.allow("k", 11.0)


def test_forgets_what_no_longer_matters() -> None:
    rate = WriteRate()
    for index in range(100):
        assert rate.allow(f"k{index}", 10.0 + index)
    assert len(rate) == 1


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([0.0, 0.25, 0.5, 1.0, 3.0])), max_size=40))
def test_accepted_writes_of_a_key_lie_a_second_apart(attempts: list[tuple[str, float]]) -> None:
    rate = WriteRate()
    now_s = 0.0
    accepted: dict[str, float] = {}
    for key, pause_s in attempts:
        now_s += pause_s
        allowed = rate.allow(key, now_s)
        assert allowed == (key not in accepted or now_s - accepted[key] >= 1.0)
        if allowed:
            accepted[key] = now_s
