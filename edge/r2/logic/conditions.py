"""`onlyIf`: whether an object is as the caller expects it.

Source: spec runtime.md section 12; RFC 7232 section 6, which the platform follows but for two things: an
object that is not there fails only `etagMatches` and `uploadedAfter`, and dates are strict.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Etag:
    """One etag of a condition; `value` None stands for any."""

    value: str | None
    weak: bool = False

    def matches(self, etag: str, *, weakly: bool) -> bool:
        if self.value is None:
            return True
        return self.value == etag and (weakly or not self.weak)


@dataclass(frozen=True, slots=True)
class Condition:
    """Everything that is given must hold. Times in ms; whole seconds are compared if so wished."""

    etag_matches: tuple[Etag, ...] | None = None
    etag_does_not_match: tuple[Etag, ...] | None = None
    uploaded_before_ms: float | None = None
    uploaded_after_ms: float | None = None
    in_seconds: bool = False

    def holds(self, found: tuple[str, int] | None) -> bool:
        """Whether it holds for the etag and the upload time of an object, or for none."""
        if found is None:
            return self.etag_matches is None and self.uploaded_after_ms is None
        etag, uploaded_ms = found
        matches = self.etag_matches is None or _any(self.etag_matches, etag, weakly=False)
        differs = self.etag_does_not_match is None or not _any(self.etag_does_not_match, etag, weakly=True)
        uploaded = self._time(uploaded_ms)
        # An etag that decides makes the date beside it irrelevant.
        after = (
            self.uploaded_after_ms is None
            or self._time(self.uploaded_after_ms) < uploaded
            or (self.etag_does_not_match is not None and differs)
        )
        before = (
            self.uploaded_before_ms is None
            or uploaded < self._time(self.uploaded_before_ms)
            or (self.etag_matches is not None and matches)
        )
        return matches and differs and after and before

    def _time(self, time_ms: float) -> float:
        return time_ms // 1000 if self.in_seconds else time_ms


def _any(etags: tuple[Etag, ...], etag: str, *, weakly: bool) -> bool:
    return any(candidate.matches(etag, weakly=weakly) for candidate in etags)


class BadEtagHeader(Exception):
    """An If-Match or If-None-Match header that cannot be read; the text is the platform's."""


_COMMA = "Comma was expected to separate etags. "


def parse_etags(header: str) -> tuple[Etag, ...]:
    """The etags of an If-Match or If-None-Match header. Raises `BadEtagHeader`."""
    found: list[Etag] = []
    rest = header
    comma_wanted = False
    while rest := rest.lstrip(" \t"):
        if rest[0] == ",":
            rest, comma_wanted = rest[1:], False
            continue
        if rest[0] not in '*W"':
            break
        if comma_wanted:
            raise BadEtagHeader(_COMMA + _ENCOUNTERED[rest[0]])
        if rest[0] == "*":
            return (Etag(None),)
        weak = rest[0] == "W"
        if weak and not (rest.startswith('W/"') and len(rest) > 2):
            raise BadEtagHeader("Weak etags must start with W/ and their value must be quoted")
        value, quote, rest = rest[3 if weak else 1 :].partition('"')
        if not quote:
            raise BadEtagHeader("Unclosed double quote for Etag")
        found.append(Etag(value, weak))
        comma_wanted = True
    return tuple(found)


_ENCOUNTERED = {
    "*": "Encountered a wildcard character '*' instead.",
    "W": (
        "Encountered a weak quotation character 'W' instead. "
        "This would otherwise indicate the start of a new weak etag."
    ),
    '"': (
        "Encountered a double quote character '\"' instead. "
        "This would otherwise indicate the start of a new strong etag."
    ),
}
