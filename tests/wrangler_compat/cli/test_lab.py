"""`edge lab`: what it measures and how it tells."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cortex.worlds import PROJECT
from tests.wrangler_compat.cli.running import done, refused
from wrangler_compat.lab.scenario import READY
from wrangler_compat.lab.variants import ALL, FIVE, TYPING_S, about_packages, variants

VIRTUAL = ("lab", str(PROJECT), "--world", "virtual", "--seeds", "2")


def test_an_optimisation_is_measured_beside_before_and_the_design(tmp_path: Path) -> None:
    page = tmp_path / "lab.html"
    told = done(*VIRTUAL, "--only", "4", "--path", "warm", "--json", "--html", str(page))
    (rows,) = json.loads(told).values()
    assert [(row["path"], row["variant"], row["messages"]) for row in rows] == [
        ("warm", "before", 2),
        ("warm", "4 no fixed delays", 2),
    ]
    before, after = (row["p50_ms"] for row in rows)
    assert 8000 <= before <= 10000
    assert 100 <= before - after <= 200, "the file is looked for every 10 ms rather than after 150"
    assert all(row["p50_ms"] < row["at_client_p50_ms"] for row in rows)
    text = page.read_text()
    assert text.count("<svg") == 2
    assert "warm, 4 no fixed delays" in text


def test_the_same_seeds_give_the_same_figures() -> None:
    once, again = (done(*VIRTUAL, "--only", "1,2", "--path", "changed", "--json") for _ in range(2))
    assert once == again


def test_the_table_ends_with_what_the_design_expects() -> None:
    told = done(*VIRTUAL, "--only", "1", "--path", "cold")
    assert "design: before" in told
    assert "45.00 s" in told


def test_who_wakes_a_sandbox_by_typing_waits_for_less_of_it() -> None:
    told = done(*VIRTUAL, "--only", "1,2,3,4,5,wake_early", "--path", "cold", "--json")
    without = done(*VIRTUAL, "--only", "1,2,3,4,5", "--path", "cold", "--json")
    (_, early), (_, five) = (
        [row for row in next(iter(json.loads(text).values())) if row["path"] == "cold"]
        for text in (told, without)
    )
    assert early["variant"].endswith(f"wake early, typed for {TYPING_S:g} s")
    assert five["p50_ms"] - early["p50_ms"] > 2000


def test_the_package_cache_brings_packages_sooner_than_npm() -> None:
    told = done(*VIRTUAL, "--only", "1,2,3,4,5,package_cache", "--path", "cold", "--json")
    rows = {(row["path"], row["variant"]): row["p50_ms"] for row in next(iter(json.loads(told).values()))}
    assert len(rows) == 4
    before, cached = (ms for (path, _), ms in rows.items() if path == READY)
    assert before > 38_000
    assert cached < 15_000


def test_packages_are_measured_for_real_with_the_cache_and_without() -> None:
    assert [one.name for one in about_packages(variants(None))] == [
        "before",
        "the five",
        "package cache",
        "the five + package cache",
        "all",
    ]
    assert about_packages(variants("1,2")) == []


def test_all_variants_are_before_each_alone_the_five_each_beyond_and_all() -> None:
    found = variants(None)
    assert [one.switches for one in found[:7]] == [(), *((name,) for name in FIVE), FIVE]
    assert found[-1].switches == ALL
    beyond = [set(one.switches) - set(FIVE) for one in found[7:-1]]
    assert {name for names in beyond for name in names} == set(ALL) - set(FIVE)


def test_an_optimisation_that_there_is_not() -> None:
    assert "there is no optimisation 'all'" in refused(*VIRTUAL, "--only", "all")


@pytest.mark.parametrize("flag", ["--seeds", "--rounds", "--crowd"])
def test_numbers_are_at_least_one(flag: str) -> None:
    assert "not in the range x>=1" in refused("lab", str(PROJECT), flag, "0")
