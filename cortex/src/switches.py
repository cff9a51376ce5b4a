"""The switches: the design's five optimisations, and what goes beyond them. Any combination runs."""

from envelope import ApiError

FIVE = ("config_cache", "skip_redundant", "parallel", "no_delays", "cold_start")
BEYOND = ("one_round_trip", "warm_agent", "wake_early", "resumable", "knowledge", "package_cache")
ALL = (*FIVE, *BEYOND)


def parse(text, default=ALL):
    """The switches that are on, from a comma-separated list; `default` when there is none. Names that are
    no switches are left out."""
    if text is None:
        return frozenset(default)
    return frozenset(name for name in text.split(",") if name in ALL)


def checked(text):
    """The same for what a user wrote. Raises ApiError 400 for a name that is no switch."""
    for name in filter(None, text.split(",")):
        if name not in ALL:
            raise ApiError(400, f"there is no switch {name[:40]!r}; there are {', '.join(ALL)}")
    return parse(text)


def in_order(on):
    return [name for name in ALL if name in on]
