"""Places: known, findable, and as far apart as they are."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from edge.network.errors import UnknownPlace
from edge.network.here import at_place, here
from edge.network.places import HINTS, distance_km, find_place, nearest, places


def test_there_are_places_in_every_region() -> None:
    assert len(places()) >= 60
    regions = {place.region for place in places().values()}
    assert regions == {region for covered in HINTS.values() for region in covered}


@pytest.mark.parametrize("code", sorted(places()))
def test_a_place_can_stand_in_request_cf(code: str) -> None:
    place = places()[code]
    ZoneInfo(place.timezone)
    assert -90 <= place.latitude <= 90
    assert -180 <= place.longitude <= 180
    assert place.continent in {"AF", "AS", "EU", "NA", "OC", "SA"}
    assert len(place.country) == 2
    assert all(place.cf()[key] for key in ("colo", "city", "region", "regionCode", "postalCode"))


def test_request_cf_of_a_place() -> None:
    assert find_place("fra").cf() == {
        "colo": "FRA",
        "city": "Frankfurt",
        "region": "Hesse",
        "regionCode": "HE",
        "postalCode": "60311",
        "country": "DE",
        "continent": "EU",
        "timezone": "Europe/Berlin",
        "latitude": "50.03000",
        "longitude": "8.54000",
        "isEUCountry": "1",
    }
    assert "isEUCountry" not in find_place("lhr").cf()


@pytest.mark.parametrize("name", ["SYD", "syd", " Syd ", "Sydney", "sydney"])
def test_a_place_is_found_by_code_and_city(name: str) -> None:
    assert find_place(name).code == "SYD"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("sdy", 'unknown place "sdy"; did you mean SYD? Known: AKL, AMM,'),
        ("Frankfrt", 'unknown place "Frankfrt"; did you mean Frankfurt (FRA)? Known: AKL, AMM,'),
        ("q?", 'unknown place "q?". Known: AKL, AMM,'),
    ],
)
def test_an_unknown_place_lists_near_and_known_ones(given: str, said: str) -> None:
    with pytest.raises(UnknownPlace) as caught:
        find_place(given)
    assert caught.value.message.startswith(said)
    assert caught.value.message.endswith("YYC, YYZ, ZRH")


@pytest.mark.parametrize(
    ("one", "other", "km"),
    [("LHR", "SYD", 17_020), ("IAD", "SJC", 3_850), ("NRT", "GRU", 18_500), ("FRA", "FRA", 0)],
)
def test_distance_is_along_the_great_circle(one: str, other: str, km: float) -> None:
    there = distance_km(places()[one], places()[other])
    assert there == pytest.approx(km, rel=0.01)
    assert there == distance_km(places()[other], places()[one])


def test_nearest() -> None:
    hosts = (places()["IAD"], places()["FRA"], places()["SIN"])
    assert nearest(places()["LHR"], hosts).code == "FRA"
    assert nearest(places()["GRU"], hosts).code == "IAD"


def test_code_runs_at_a_place_for_a_while() -> None:
    with at_place("tokyo"):
        assert here.get() == "NRT"
        with at_place("lhr"):
            assert here.get() == "LHR"
        assert here.get() == "NRT"
    assert here.get() is None
