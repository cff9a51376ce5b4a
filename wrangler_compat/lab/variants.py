"""Which optimisations are on: before, each alone, the five, each of what goes beyond, all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edge.errors import UserError

FIVE = ("config_cache", "skip_redundant", "parallel", "no_delays", "cold_start")
BEYOND = ("one_round_trip", "warm_agent", "wake_early", "resumable", "knowledge", "package_cache")
ALL = (*FIVE, *BEYOND)
_WORDS = {
    "config_cache": "1 configuration cache",
    "skip_redundant": "2 skip redundant work",
    "parallel": "3 parallel groups",
    "no_delays": "4 no fixed delays",
    "cold_start": "5 cold start",
    "one_round_trip": "one round trip",
    "warm_agent": "warm agent",
    "wake_early": "wake early",
    "resumable": "resumable stream",
    "knowledge": "knowledge",
    "package_cache": "package cache",
}


class LabError(UserError):
    """The experiment cannot be run as asked; the message says what there is."""


#: How long somebody types a message, who makes a sandbox wake by beginning to.
TYPING_S = 3.0
_TYPED = f", typed for {TYPING_S:g} s"


@dataclass(frozen=True, slots=True)
class Variant:
    """A name for people, the switches that are on, and how long a message is typed on an open connection."""

    name: str
    switches: tuple[str, ...]
    typing_s: float = 0.0

    @property
    def query(self) -> str:
        return ",".join(self.switches)


def variants(only: str | None) -> list[Variant]:
    """All variants, or before, the chosen ones by number or name, and all. Raises LabError."""
    before, five, every = Variant("before", ()), Variant("the five", FIVE), Variant("all", ALL)
    if only is None:
        alone = [Variant(_WORDS[name], (name,)) for name in FIVE]
        beyond = [Variant(_WORDS["package_cache"], ("package_cache",))]
        beyond += [
            Variant(f"the five + {_WORDS[name]}", (*FIVE, name))
            for name in ("package_cache", "one_round_trip", "resumable", "knowledge")
        ]
        beyond.append(Variant("the five + wake early" + _TYPED, (*FIVE, "wake_early"), TYPING_S))
        beyond.append(Variant("the five + warm agent", (*FIVE, "one_round_trip", "warm_agent", "resumable")))
        return [before, *alone, five, *beyond, every]
    chosen = tuple(_named(word.strip()) for word in only.split(","))
    name = " + ".join(_WORDS[name] for name in chosen)
    if "wake_early" in chosen:
        return [before, Variant(name + _TYPED, chosen, TYPING_S)]
    return [before, Variant(name, chosen)]


def about_packages(choices: Sequence[Variant]) -> list[Variant]:
    """Those that tell what the cache of packages brings: with it, and the same without."""
    cached = [choice for choice in choices if "package_cache" in choice.switches]
    without = [{*choice.switches} - {"package_cache"} for choice in cached]
    return [choice for choice in choices if choice in cached or {*choice.switches} in without]


def _named(word: str) -> str:
    if word.isdigit() and 1 <= int(word) <= len(FIVE):
        return FIVE[int(word) - 1]
    if word in ALL:
        return word
    raise LabError(f"there is no optimisation {word!r}; there are 1 to 5, {', '.join(ALL)}")
