from __future__ import annotations

from pathlib import Path

import pytest

from edge.errors import UserError
from sandbox.engines.process.dockerfile import expand, pairs, parse


def lines(tmp_path: Path, text: str) -> list[tuple[int, str, str]]:
    file = tmp_path / "Dockerfile"
    file.write_text(text)
    return [(one.line, one.keyword, one.rest) for one in parse(file)]


def test_comments_blank_lines_and_continued_lines(tmp_path: Path) -> None:
    text = "# first\nfrom debian\n\nRUN a \\\n  # between\n  && b\n   CMD x\n"
    assert lines(tmp_path, text) == [(2, "FROM", "debian"), (4, "RUN", "a   && b"), (7, "CMD", "x")]


def test_escape_directive(tmp_path: Path) -> None:
    assert lines(tmp_path, "# escape=`\nFROM a\nENV P=C:\\x `\n Q=1\n")[1] == (3, "ENV", "P=C:\\x  Q=1")


def test_flags_and_heredocs(tmp_path: Path) -> None:
    file = tmp_path / "Dockerfile"
    file.write_text('FROM a\nCOPY --chmod=755 --from=b <<"EOF" <<-Z /x/\n$a\nEOF\n\tb\n\tZ\nCMD c\n')
    copy, cmd = parse(file)[1:]
    assert copy.flags == {"chmod": "755", "from": "b"}
    assert [(one.name, one.content, one.expands) for one in copy.heredocs] == [
        ("EOF", "$a\n", False),
        ("Z", "b\n", True),
    ]
    assert (cmd.line, cmd.rest) == (7, "c")


def test_what_is_no_instruction_names_its_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"Dockerfile:2: unknown instruction: 1"):
        lines(tmp_path, "FROM a\n1 + 1\n")
    with pytest.raises(UserError, match="unterminated heredoc EOF"):
        lines(tmp_path, "FROM a\nCOPY <<EOF /x\nabc\n")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$A/${A}", "1/1"),
        ("${B:-x$A}", "x1"),
        ("${A:-x}", "1"),
        ("${A:+y}${B:+z}", "y"),
        (r"\$A", "$A"),
        ("$B.", "."),
    ],
)
def test_expand(text: str, value: str) -> None:
    assert expand(text, {"A": "1"}) == value


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A=1 B=two", {"A": "1", "B": "two"}),
        ("""A="a b" B='c "d"' C=e\\ f""", {"A": "a b", "B": 'c "d"', "C": "e f"}),
        ("A one two", {"A": "one two"}),
        ("A=", {"A": ""}),
    ],
)
def test_pairs(text: str, found: dict[str, str]) -> None:
    assert pairs(text) == found
