"""The markers around a command's output, however the pipe cuts them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sandbox.server.shell_script import OutputScanner

HALVES = ("aabb", "ccdd")
START = b"\x1eccddaabb\x1e"
END = b"\x1eaabbccdd 0 /tmp\naabbccdd\x1e"

noise = st.lists(
    st.sampled_from([b"\x1e", b"aabb", b"ccdd", b"x", START[:9], END[:8], b"\n"]), max_size=8
).map(b"".join)


@given(before=noise, output=noise, after=noise, cuts=st.lists(st.integers(1, 12), min_size=1, max_size=40))
def test_output_is_found_however_it_is_cut(
    before: bytes, output: bytes, after: bytes, cuts: list[int]
) -> None:
    if START in before or b"\x1eaabbccdd" in output or (before + START).index(START) != len(before):
        return
    text = before + START + output + END + after
    found = OutputScanner(HALVES)
    printed, report = b"", None
    position = 0
    while report is None and position < len(text):
        size = cuts[position % len(cuts)]
        part, report = found.feed(text[position : position + size])
        printed += part
        position += size
    assert printed == output
    assert report == b" 0 /tmp\n"


def test_output_is_handed_on_before_the_end() -> None:
    found = OutputScanner(HALVES)
    assert found.feed(START + b"one") == (b"one", None)
    assert found.feed(b"two\x1e") == (b"two", None)  # might be the end
    assert found.feed(b"no") == (b"\x1eno", None)
