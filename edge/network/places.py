"""Points of presence, the regions they are in, and how far apart they are.

Sources: spec durable-objects.md section 1 (location hints); `places.toml` for the places.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from edge.network.errors import UnknownPlace, unknown

#: Location hints, each with what it covers.
HINTS: Final[Mapping[str, tuple[str, ...]]] = {
    "wnam": ("wnam",),
    "enam": ("enam",),
    "sam": ("sam",),
    "weur": ("weur",),
    "eeur": ("eeur",),
    "apac": ("apac-ne", "apac-se"),
    "apac-ne": ("apac-ne",),
    "apac-se": ("apac-se",),
    "oc": ("oc",),
    "afr": ("afr",),
    "me": ("me",),
}
EARTH_RADIUS_KM: Final = 6371.0
_EU_COUNTRIES: Final = frozenset(
    (
        "AT",
        "BE",
        "BG",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "FR",
        "GR",
        "HR",
        "HU",
        "IE",
        "IT",
        "LT",
        "LU",
        "LV",
        "MT",
        "NL",
        "PL",
        "PT",
        "RO",
        "SE",
        "SI",
        "SK",
    )
)


@dataclass(frozen=True, slots=True)
class Place:
    """A point of presence; `code` is its airport's IATA code, `region` the hint that covers it."""

    code: str
    city: str
    country: str
    continent: str
    region: str
    latitude: float
    longitude: float
    timezone: str
    subdivision: str
    subdivision_code: str
    postal_code: str

    def cf(self) -> dict[str, Any]:
        """The members of `request.cf` that say where a client is."""
        fields: dict[str, Any] = {
            "colo": self.code,
            "city": self.city,
            "region": self.subdivision,
            "regionCode": self.subdivision_code,
            "postalCode": self.postal_code,
            "country": self.country,
            "continent": self.continent,
            "timezone": self.timezone,
            "latitude": f"{self.latitude:.5f}",
            "longitude": f"{self.longitude:.5f}",
        }
        if self.country in _EU_COUNTRIES:
            fields["isEUCountry"] = "1"
        return fields


@cache
def places() -> Mapping[str, Place]:
    """All places by code."""
    import tomllib
    from importlib.resources import files

    text = (files("edge.network") / "places.toml").read_text("utf-8")
    return {code: Place(code, *fields) for code, fields in tomllib.loads(text).items()}


@cache
def _names() -> Mapping[str, Place]:
    by_name = {place.city.lower(): place for place in places().values()}
    return by_name | {code.lower(): place for code, place in places().items()}


def find_place(name: str) -> Place:
    """The place with this code or city, in any case. Raises UnknownPlace, which lists near ones."""
    found = _names().get(name.strip().lower())
    if found is None:
        raise UnknownPlace(_unknown_place(name))
    return found


def _unknown_place(name: str) -> str:
    codes = unknown("place", name, places())
    if "did you mean" in codes:
        return codes
    cities = unknown("place", name, [f"{place.city} ({code})" for code, place in places().items()])
    return cities.partition(" Known:")[0] + codes[codes.index(" Known:") :]


def distance_km(one: Place, other: Place) -> float:
    """Along the great circle."""
    latitude_1, latitude_2 = math.radians(one.latitude), math.radians(other.latitude)
    half_latitude = (latitude_2 - latitude_1) / 2
    half_longitude = math.radians(other.longitude - one.longitude) / 2
    chord = (
        math.sin(half_latitude) ** 2
        + math.cos(latitude_1) * math.cos(latitude_2) * math.sin(half_longitude) ** 2
    )
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, chord)))


def nearest(to: Place, among: tuple[Place, ...]) -> Place:
    """The closest of `among`, which is not empty; of two equally close ones the first by code."""
    assert among, "nothing to choose from"
    return min(among, key=lambda place: (distance_km(to, place), place.code))
