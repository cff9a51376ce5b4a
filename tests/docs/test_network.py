"""The pages on latency and faults say what the data and the code say."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from edge.kernel.clock import VirtualClock
from edge.kernel.random import RandomStreams
from edge.network.faults.faults import Faults
from edge.network.faults.kinds import KINDS
from edge.network.places import places
from edge.network.profile import SECTIONS, Profile, builtin_profiles, load_profile
from edge.network.profile_text import value_text

DOCS = Path(__file__).parents[2] / "docs"
LATENCY = (DOCS / "latency-model.md").read_text()


def figures(profile: Profile) -> dict[str, str]:
    """Every figure of a profile, as its file would have it."""
    found: dict[str, Any] = {f"container.{phase}": spread for phase, spread in profile.container.items()}
    for section in SECTIONS:
        part = getattr(profile, section)
        found |= {f"{section}.{entry.name}": getattr(part, entry.name) for entry in fields(part)}
    return {key: value_text(key.partition(".")[2], value) for key, value in found.items()}


def table(heading: str) -> dict[str, str]:
    """The first two columns of the table under a heading."""
    section = LATENCY.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return dict(re.findall(r"^\| `([a-z0-9_.]+)` \| (.*?) \|", section, re.MULTILINE))


def edge() -> Profile:
    profile = load_profile("edge")
    assert profile is not None
    return profile


def test_each_figure_of_edge_stands_there_with_its_source() -> None:
    assert table("The profile `edge`") == figures(edge())
    section = LATENCY.split("\n## The profile `edge`\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `[a-z0-9_.]+` \| .* \| (\w+) \| (.+) \|$", section, re.MULTILINE)
    assert len(rows) == len(figures(edge()))
    assert {kind for kind, _ in rows} == {"measured", "documented", "assumption"}


def test_the_seed_profile_is_as_described() -> None:
    seed = load_profile("streaming-seed")
    assert seed is not None
    told, real = table("The profile `streaming-seed`"), figures(seed)
    assert {key: real[key] for key in told} == told
    assert {key for key in real if key.startswith("container.")} <= set(told)
    others = {key: value for key, value in figures(edge()).items() if key in real and key not in told}
    differing = {key for key, value in others.items() if real[key] != value}
    assert differing == {"kv.centres", "kv.regional", "kv.regional_tier", "worker.cold_start"}


def test_the_example_of_where_things_are_is_a_profile(tmp_path: Path) -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", LATENCY, re.DOTALL)
    (tmp_path / "mine.toml").write_text(text)
    profile = load_profile(tmp_path / "mine.toml")
    assert profile is not None
    assert (profile.r2.location, profile.r2.locations) == ("AMS", {"media": "SYD"})
    assert (profile.d1.location, profile.d1.locations) == ("FRA", {"ORDERS": "IAD"})
    assert profile.outbound.locations == {"api.example.com": "FRA"}


def test_every_built_in_profile_is_described() -> None:
    for name in builtin_profiles():
        assert f"| `{name}` |" in LATENCY


def test_the_number_of_places() -> None:
    assert f"has {len(places())} points of presence" in LATENCY


@pytest.mark.parametrize(
    ("number", "kinds"),
    [
        (0, ["crash", "partition", "place_down"]),
        (1, ["d1_slow", "r2_error"]),
        (2, ["container_crash", "container_start_fails"]),
    ],
)
def test_the_examples_of_fault_scripts_run(tmp_path: Path, number: int, kinds: list[str]) -> None:
    text = re.findall(r"```toml\n(.*?)```", (DOCS / "faults.md").read_text(), re.DOTALL)[number]
    path = tmp_path / "faults.toml"
    path.write_text(text)
    faults = Faults(RandomStreams(1), VirtualClock(), path)
    assert sorted(fault.kind for kind in KINDS for fault in faults.of_kind(kind)) == kinds


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_each_fault_is_described(kind: str) -> None:
    meaning, needs, may = KINDS[kind]
    keys = [", ".join(f"`{key}`" for key in group) for group in (needs, may)]
    row = f"| `{kind}` | {meaning} |" + "".join(f" {group} |" if group else " |" for group in keys)
    assert row in (DOCS / "faults.md").read_text().splitlines()
