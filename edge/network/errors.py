"""What the network says when it is asked for something it does not have."""

from __future__ import annotations

from collections.abc import Collection

from edge.errors import UserError


class UnknownPlace(UserError):
    """No point of presence has this code or city."""


class UnknownProfile(UserError):
    """There is no latency profile of this name, and no file either."""


class ProfileError(UserError):
    """A latency profile cannot be used; the message names the key."""


class FaultError(UserError):
    """A fault script cannot be used; the message names the fault and the key."""


def unknown(kind: str, given: str, known: Collection[str]) -> str:
    """`unknown place "SDY"; did you mean SYD? Known: …`"""
    from difflib import get_close_matches  # only mistakes pay for it

    names = {name.lower(): name for name in known}
    near = [names[match] for match in get_close_matches(given.lower(), names, n=3)]
    hint = f"; did you mean {', '.join(near)}?" if near else "."
    return f'unknown {kind} "{given}"{hint} Known: {", ".join(sorted(known))}'
