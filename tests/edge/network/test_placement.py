"""Placement: near the first caller, or near its hint, and then for good."""

from __future__ import annotations

import pytest

from edge.network.errors import UnknownPlace
from edge.network.placement import Placement, home_of
from edge.network.places import HINTS, places
from edge.network.profile import load_profile


def edge_placement() -> Placement:
    profile = load_profile("edge")
    assert profile is not None
    return Placement(profile.durable.hosts)


@pytest.mark.parametrize(
    ("caller", "home"),
    [("SYD", "SYD"), ("BOS", "EWR"), ("SJC", "SJC"), ("DUB", "LHR"), ("PER", "MEL"), ("GRU", "MIA")],
)
def test_an_object_lives_near_its_first_caller(caller: str, home: str) -> None:
    assert edge_placement().settle("a", caller) == home


def test_it_stays_there_whoever_calls_and_hints_later() -> None:
    placement = edge_placement()
    assert placement.home("a") is None
    assert placement.settle("a", "SYD") == "SYD"
    assert placement.settle("a", "LHR") == "SYD"
    assert placement.settle("a", "LHR", "weur") == "SYD"
    assert placement.home("a") == "SYD"
    assert placement.settle("b", "LHR") == "LHR"


@pytest.mark.parametrize("hint", sorted(set(HINTS) - {"sam", "me", "afr"}))
def test_a_hint_puts_it_into_its_region(hint: str) -> None:
    for caller in ("SYD", "GRU", "LHR", "SEA"):
        home = edge_placement().settle("a", caller, hint)
        assert places()[home].region in HINTS[hint]


@pytest.mark.parametrize(("hint", "instead"), [("sam", "enam"), ("me", "eeur"), ("afr", "weur")])
def test_regions_without_hosts_are_served_from_others(hint: str, instead: str) -> None:
    for caller in ("SYD", "GRU", "DXB", "JNB"):
        assert places()[edge_placement().settle("a", caller, hint)].region == instead


def test_an_unknown_hint_is_ignored() -> None:
    assert edge_placement().settle("a", "SYD", "moon") == "SYD"


def test_a_hint_without_any_host_leads_to_the_nearest_one() -> None:
    assert Placement(("IAD", "SJC")).settle("a", "SEA", "oc") == "SJC"


def test_without_a_list_every_place_hosts() -> None:
    assert Placement(()).settle("a", "HNL") == "HNL"


@pytest.mark.parametrize("hint", ["wnam", "enam", "weur", "eeur", "apac", "oc"])
def test_storage_with_a_hint_is_in_its_region(hint: str) -> None:
    assert places()[home_of(hint)].region in HINTS[hint]


def test_storage_may_be_in_a_place() -> None:
    assert (home_of("fra"), home_of("Sydney")) == ("FRA", "SYD")
    with pytest.raises(UnknownPlace):
        home_of("moon")
