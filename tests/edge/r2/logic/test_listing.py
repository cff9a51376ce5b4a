"""Pages of a listing, against a plain model."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge.r2.logic.entry import Entry
from edge.r2.logic.listing import ListOptions, cursor_key, key_cursor, page

KEYS = st.lists(st.text("ab/é", max_size=5), unique=True, max_size=12).map(sorted)


def entry(key: str) -> Entry:
    return Entry(key, "b", "v", 1, "e", 0)


def walk(keys: list[str], prefix: str, delimiter: str | None, limit: int) -> tuple[list[str], list[str], int]:
    """All pages together: keys, prefixes, and how many pages."""
    objects: list[str] = []
    prefixes: list[str] = []
    after, pages = None, 0
    while True:
        left = [entry(key) for key in keys if key.startswith(prefix) and (after is None or key > after)]
        found = page(left, prefix, delimiter, limit)
        pages += 1
        assert len(found.objects) + len(found.prefixes) <= limit
        objects += [item.key for item in found.objects]
        prefixes += found.prefixes
        if found.cursor is None:
            return objects, prefixes, pages
        after = cursor_key(found.cursor)


@given(KEYS, st.sampled_from(["", "a", "a/"]), st.sampled_from([None, "/", "b/"]), st.integers(1, 4))
def test_all_pages_are_the_whole(keys: list[str], prefix: str, delimiter: str | None, limit: int) -> None:
    wanted = [key for key in keys if key.startswith(prefix)]
    groups = {key: _group(key, prefix, delimiter) for key in wanted}
    objects, prefixes, pages = walk(keys, prefix, delimiter, limit)
    assert objects == [key for key in wanted if groups[key] is None]
    assert prefixes == sorted({group for group in groups.values() if group is not None})
    assert pages == max(1, -(-(len(objects) + len(prefixes)) // limit))


def _group(key: str, prefix: str, delimiter: str | None) -> str | None:
    if delimiter is None or delimiter not in key[len(prefix) :]:
        return None
    return prefix + key[len(prefix) :].split(delimiter)[0] + delimiter


@given(st.text().filter(lambda text: text.isprintable()))
def test_cursors_carry_keys(key: str) -> None:
    assert cursor_key(key_cursor(key)) == key


def test_where_a_page_begins() -> None:
    assert ListOptions().after is None
    assert ListOptions(start_after="b").after == "b"
    assert ListOptions(cursor=key_cursor("c"), start_after="b").after == "c"
    assert ListOptions(cursor=key_cursor("a"), start_after="b").after == "b"
    assert ListOptions(cursor="a", start_after="b").after == "b"  # no cursor of ours
