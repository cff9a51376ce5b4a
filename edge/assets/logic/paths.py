"""Paths and patterns: decoding, the canonical encoding, and what `*` and `:name` match.

Source: spec runtime.md section 9; Cloudflare docs, "Static Assets: headers, redirects, routing".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes, urlsplit

_SLASHES = re.compile(r"/+")
_PART = re.compile(r"\*|:[A-Za-z]\w*")
_PLACEHOLDER = re.compile(r":[A-Za-z]\w*")
_UNRESERVED = "-_.!~*'()"  # with letters and digits, what encodeURIComponent leaves alone


def decode(path: str) -> str:
    """The path with each segment percent-decoded, and runs of slashes joined."""
    if "%" in path:
        path = "/".join(_decode_segment(segment) for segment in path.split("/"))
    return _SLASHES.sub("/", path) if "//" in path else path


def encode(path: str) -> str:
    """The canonical encoding, segment by segment."""
    return "/".join(quote(segment, safe=_UNRESERVED) for segment in path.split("/"))


def _decode_segment(segment: str) -> str:
    try:
        return unquote_to_bytes(segment).decode("utf-8")
    except UnicodeDecodeError:
        return segment  # like JavaScript code that catches decodeURIComponent's URIError


@dataclass(frozen=True, slots=True)
class Pattern:
    """A rule's left side: a path, or an absolute URL, with at most one `*` and any number of `:name`."""

    path: re.Pattern[str]
    host: str | None = None
    is_static: bool = True

    @classmethod
    def parse(cls, text: str) -> Pattern:
        """Raises ValueError when `text` is neither a path nor an https URL."""
        if text.startswith("/"):
            return cls(_compile(text), None, _PART.search(text) is None)
        parts = urlsplit(text)
        if parts.scheme != "https" or not parts.hostname:
            raise ValueError(f'"{text}" is neither a path nor an absolute https URL')
        return cls(_compile(parts.path or "/"), parts.netloc.lower(), _PART.search(parts.path) is None)

    def match(self, host: str, path: str) -> dict[str, str] | None:
        """The placeholders' values (`splat` for `*`), or None when the rule does not apply."""
        if self.host is not None and self.host != host:
            return None
        found = self.path.fullmatch(path)
        return None if found is None else found.groupdict()


def _compile(path: str) -> re.Pattern[str]:
    expression, end, seen_splat = "", 0, False
    names: set[str] = set()
    for part in _PART.finditer(path):
        expression += re.escape(path[end : part.start()])
        end = part.end()
        name = part.group()[1:]
        if not name:
            expression += ".*" if seen_splat else "(?P<splat>.*)"
            seen_splat = True
        elif name in names or name == "splat":
            raise ValueError(f'":{name}" stands twice in "{path}"')
        else:
            names.add(name)
            expression += f"(?P<{name}>[^/]+)"
    return re.compile(expression + re.escape(path[end:]), re.DOTALL)


def fill(template: str, values: Mapping[str, str]) -> str:
    """Put the placeholders' values into a rule's right side; unknown names stay as they are."""
    return _PLACEHOLDER.sub(lambda found: values.get(found.group()[1:], found.group()), template)


@dataclass(frozen=True, slots=True)
class WorkerFirst:
    """`run_worker_first` as a list: paths that the Worker gets, `!` paths that it never gets."""

    worker: tuple[re.Pattern[str], ...]
    assets: tuple[re.Pattern[str], ...]

    @classmethod
    def parse(cls, patterns: Sequence[str]) -> WorkerFirst:
        """Raises ValueError for a pattern that starts with neither `/` nor `!/`."""
        for pattern in patterns:
            if not pattern.removeprefix("!").startswith("/"):
                raise ValueError(f'the pattern "{pattern}" has to start with "/" or "!/"')
        return cls(
            tuple(_wildcard(pattern) for pattern in patterns if not pattern.startswith("!")),
            tuple(_wildcard(pattern[1:]) for pattern in patterns if pattern.startswith("!")),
        )

    def choose(self, path: str) -> bool | None:
        """True: the Worker; False: assets; None: no pattern says. The negative ones go first."""
        if any(pattern.fullmatch(path) for pattern in self.assets):
            return False
        return True if any(pattern.fullmatch(path) for pattern in self.worker) else None


def _wildcard(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in pattern.split("*")), re.DOTALL)
