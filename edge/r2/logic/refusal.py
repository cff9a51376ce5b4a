"""What R2 says no with: a code and Cloudflare's own text; bindings show `<action>: <text> (<code>)`.

Source: spec runtime.md section 12, recording `r2_basic`.
"""

from __future__ import annotations


class R2Refused(Exception):
    """The storage side's answer to a bad request."""

    def __init__(self, code: int, text: str) -> None:
        assert code >= 10000, code
        assert text, "a refusal says why"
        self.code = code
        self.text = text
        super().__init__(f"{text} ({code})")


class PreconditionFailed(Exception):
    """`onlyIf` does not hold: no error to the Worker, but an answer without a body, or null."""


def internal_error() -> R2Refused:
    return R2Refused(10001, "We encountered an internal error. Please try again.")


def too_small() -> R2Refused:
    return R2Refused(10011, "Your proposed upload is smaller than the minimum allowed object size.")


def metadata_too_large() -> R2Refused:
    return R2Refused(10012, "Your metadata headers exceed the maximum allowed metadata size.")


def invalid_name() -> R2Refused:
    return R2Refused(10020, "The specified object name is not valid.")


def invalid_limit() -> R2Refused:
    return R2Refused(10022, "MaxKeys params must be positive integer <= 1000.")


def no_such_upload() -> R2Refused:
    return R2Refused(10024, "The specified multipart upload does not exist.")


def invalid_part() -> R2Refused:
    return R2Refused(10025, "One or more of the specified parts could not be found.")


def bad_digest(algorithm: str, given: str, actual: str) -> R2Refused:
    return R2Refused(
        10037,
        f"The {algorithm} checksum you specified did not match what we received.\n"
        f"You provided a {algorithm} checksum with value: {given}\n"
        f"Actual {algorithm} was: {actual}",
    )


def invalid_range() -> R2Refused:
    return R2Refused(10039, "The requested range is not satisfiable")


def bad_upload() -> R2Refused:
    return R2Refused(10048, "There was a problem with the multipart upload.")


def too_large() -> R2Refused:
    return R2Refused(100100, "Your proposed upload exceeds the maximum allowed object size.")
