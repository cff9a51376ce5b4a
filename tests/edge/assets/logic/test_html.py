"""The table of spec runtime.md section 9, row by row."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.assets.logic.html import Answer, Move, Serve, locate, not_found

FILES = frozenset(
    {"/index.html", "/file.html", "/bin", "/folder/index.html", "/both.html", "/both/index.html", "/x.txt"}
)
AUTO, FORCE, DROP, NONE = "auto-trailing-slash", "force-trailing-slash", "drop-trailing-slash", "none"


@pytest.mark.parametrize(
    ("path", "auto", "force", "drop", "none"),
    [
        ("/", Serve("/index.html"), Serve("/index.html"), Serve("/index.html"), None),
        ("/index", Move("/"), Move("/"), Move("/"), None),
        ("/index.html", Move("/"), Move("/"), Move("/"), Serve("/index.html")),
        ("/file", Serve("/file.html"), Move("/file/"), Serve("/file.html"), None),
        ("/file.html", Move("/file"), Move("/file/"), Move("/file"), Serve("/file.html")),
        ("/file/", Move("/file"), Serve("/file.html"), Move("/file"), None),
        ("/file/index", Move("/file"), Move("/file/"), Move("/file"), None),
        ("/file/index.html", Move("/file"), Move("/file/"), Move("/file"), None),
        ("/folder", Move("/folder/"), Move("/folder/"), Serve("/folder/index.html"), None),
        ("/folder/", Serve("/folder/index.html"), Serve("/folder/index.html"), Move("/folder"), None),
        ("/folder.html", Move("/folder/"), Move("/folder/"), Move("/folder"), None),
        ("/folder/index", Move("/folder/"), Move("/folder/"), Move("/folder"), None),
        (
            "/folder/index.html",
            Move("/folder/"),
            Move("/folder/"),
            Move("/folder"),
            Serve("/folder/index.html"),
        ),
        ("/both", Serve("/both.html"), Move("/both/"), Serve("/both.html"), None),
        ("/both/", Serve("/both/index.html"), Serve("/both/index.html"), Move("/both"), None),
        ("/bin", Serve("/bin"), Serve("/bin"), Serve("/bin"), Serve("/bin")),
        ("/x.txt", Serve("/x.txt"), Serve("/x.txt"), Serve("/x.txt"), Serve("/x.txt")),
        ("/x.txt/", None, None, None, None),
        ("/nope", None, None, None, None),
        ("/nope/", None, None, None, None),
        ("/nope.html", None, None, None, None),
    ],
)
def test_table(path: str, auto: Answer, force: Answer, drop: Answer, none: Answer) -> None:
    assert locate(path, FILES, AUTO) == auto
    assert locate(path, FILES, FORCE) == force
    assert locate(path, FILES, DROP) == drop
    assert locate(path, FILES, NONE) == none


SEGMENT = st.sampled_from(["a", "b", "index", "index.html", "a.html", "b.html", ".html"])
PATH = st.lists(SEGMENT, min_size=1, max_size=3).map(lambda parts: "/" + "/".join(parts))


@given(
    files=st.frozensets(PATH, max_size=6),
    path=PATH,
    slash=st.booleans(),
    mode=st.sampled_from([AUTO, FORCE, DROP]),
)
def test_redirects_end_at_a_file(files: frozenset[str], path: str, slash: bool, mode: str) -> None:
    answer = locate(path + "/" * slash, files, mode)
    hops = 0
    while isinstance(answer, Move):
        answer = locate(answer.to, files, mode)
        hops += 1
        assert answer is not None
        assert hops <= 2
    if answer is not None:
        assert answer.path in files


@pytest.mark.parametrize(
    ("path", "handling", "expected"),
    [
        ("/a/b/c", "none", None),
        ("/a/b/c", "404-page", Serve("/a/404.html", 404)),
        ("/a/x", "404-page", Serve("/a/404.html", 404)),
        ("/z/x", "404-page", Serve("/404.html", 404)),
        ("/z/x", "single-page-application", Serve("/index.html")),
    ],
)
def test_not_found(path: str, handling: str, expected: Serve | None) -> None:
    assert not_found(path, {"/404.html", "/a/404.html", "/index.html"}, handling) == expected


def test_not_found_without_the_page() -> None:
    assert not_found("/a", set(), "404-page") is None
    assert not_found("/a", set(), "single-page-application") is None
