"""Latency profiles: those that come with the package, a user's own, and every mistake by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.network.errors import ProfileError, UnknownProfile
from edge.network.profile import CONTAINER_PHASES, Profile, builtin_profiles, load_profile
from edge.network.profile_text import profile_text
from edge.network.spread import Spread


def own(tmp_path: Path, text: str) -> Profile:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    profile = load_profile(path)
    assert profile is not None
    return profile


def test_built_in_profiles() -> None:
    assert builtin_profiles() == ["edge", "none", "streaming-seed"]
    assert load_profile("none") is None


@pytest.mark.parametrize("name", ["edge", "streaming-seed"])
def test_a_built_in_profile_says_what_everything_takes(name: str) -> None:
    profile = load_profile(name)
    assert profile is not None
    assert profile.name == name
    assert profile.links.fibre_us_per_km == 5.0
    assert profile.kv.hot.median < profile.kv.cold.median
    assert profile.durable.hosts
    assert set(profile.container) <= set(CONTAINER_PHASES)


def test_the_seed_design_in_numbers() -> None:
    profile = load_profile("streaming-seed")
    assert profile is not None
    assert profile.kv.cold == Spread(200.0, 500.0, uniform=True)
    assert profile.kv.write == Spread(50.0, 50.0)
    assert profile.container["boot"] == Spread(2000.0, 5000.0, uniform=True)
    assert 0 <= profile.container["npm_install"].low <= profile.container["npm_install"].high <= 60_000
    spawn, token = profile.container["agent_spawn"], profile.container["first_token"]
    assert 1000 <= spawn.low + token.low <= spawn.high + token.high <= 3000


def test_the_seed_design_adds_up_to_its_totals() -> None:
    """Steps 1 to 11 one after the other: 8 to 10 s warm, about 45 s cold (docs/latency-model.md)."""
    profile = load_profile("streaming-seed")
    assert profile is not None
    phases = profile.container
    fixed_ms = 150.0 + 500.0  # step 10, and the sleep of step 7

    def total(end: str) -> tuple[float, float]:
        def ms(name: str) -> float:
            return float(getattr(phases[name], end))

        each = ms("file_write") * 3 + ms("connect") + ms("agent_spawn") + ms("first_token")
        common = getattr(profile.kv.cold, end) + getattr(profile.kv.write, end) + each + 150.0
        warm = common + ms("npm_reinstall") + ms("exec")
        cold = common + ms("boot") + ms("npm_install") + ms("exec") * 4 + fixed_ms - 150.0
        return warm, cold

    assert 8000 <= total("low")[0] <= total("high")[0] <= 10_000
    assert 43_000 <= total("low")[1] <= total("high")[1] <= 47_500


def test_what_a_profile_leaves_out_costs_nothing(tmp_path: Path) -> None:
    assert own(tmp_path, "") == Profile("mine")


def test_a_profile_of_ones_own(tmp_path: Path) -> None:
    profile = own(
        tmp_path,
        """
        name = "lab"
        default_place = "frankfurt"
        [links]
        base_ms = 1
        detour = 1.5
        jitter = { p50_ms = 1, p95_ms = 2 }
        [kv]
        centres = ["fra", "Ashburn", "FRA"]
        regional_tier = true
        [r2]
        location = "weur"
        locations = { media = "sydney", logs = "apac" }
        read = 20
        mb_per_s = 10
        [container]
        boot = { min_ms = 100, max_ms = 200 }
        """,
    )
    assert profile.name == "lab"
    assert profile.default_place == "FRA"
    assert profile.links.detour == Spread(1.5, 1.5)
    assert profile.links.jitter == Spread(1.0, 2.0)
    assert profile.kv.centres == ("FRA", "IAD")
    assert profile.kv.regional_tier is True
    assert profile.container == {"boot": Spread(100.0, 200.0, uniform=True)}
    assert (profile.r2.location, profile.r2.locations) == ("AMS", {"media": "SYD", "logs": "SIN"})
    assert (profile.r2.read, profile.r2.mb_per_s) == (Spread(20.0, 20.0), 10.0)
    (tmp_path / "again.toml").write_text(profile_text(profile))
    assert load_profile(tmp_path / "again.toml") == profile


def test_an_unknown_profile_lists_the_known_ones() -> None:
    with pytest.raises(UnknownProfile) as caught:
        load_profile("egde")
    assert str(caught.value) == (
        'unknown profile "egde"; did you mean edge? '
        "Known: edge, none, streaming-seed. For one of your own give the path of its file: "
        "`edge profile show edge > mine.toml`, change it, `--profile mine.toml` (docs/latency-model.md)."
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("links", "not TOML: Expected '=' after a key in a key/value pair (at end of document)"),
        ("colour = 1", 'unknown key "colour". Known: assets, cache, client, container, d1'),
        ("links = 3", "links: write a table, [links], not 3"),
        ("[links]\nbase = 3", 'unknown key in [links] "base"; did you mean base_ms? Known: base_ms'),
        ("[links]\nbase_ms = -1", "links.base_ms: must be 0 or more and finite, not -1"),
        ("[links]\nbase_ms = inf", "links.base_ms: must be 0 or more and finite, not inf"),
        ('[links]\nbase_ms = "3"', "links.base_ms: write a number, not '3'"),
        ("[links]\nbase_ms = true", "links.base_ms: write a number, not True"),
        ("[links]\ndetour = 0.5", "links.detour: no way is shorter than the great circle"),
        ("[links]\njitter = {p50_ms = 3}", "links.jitter: write a number of ms, {p50_ms = …"),
        ("[links]\njitter = {p50_ms = 3, p95_ms = 2}", "links.jitter: 2 is below 3"),
        ("[links]\njitter = {p50_ms = 0, p95_ms = 2}", "links.jitter: a spread around 0 is none"),
        ('[kv]\ncentres = "IAD"', """kv.centres: write a list of places such as ["IAD", "FRA"], not 'IAD'"""),
        ('[r2]\nlocation = "sdy"', 'r2.location: unknown place "sdy"; did you mean SYD? Known: AKL'),
        ('[r2]\nlocation = 1', "r2.location: write a text, not 1"),
        ('[r2]\nlocations = "weur"', "r2.locations: write a table, [r2.locations], not 'weur'"),
        ('[r2]\nlocations = { a = "sdy" }', 'r2.locations.a: unknown place "sdy"; did you mean SYD?'),
        ("[kv]\nregional_tier = 1", "kv.regional_tier: write true or false, not 1"),
        ("[container]\nboots = 1", 'unknown key in [container] "boots"; did you mean boot?'),
        ("name = 1", "name: write a text, not 1"),
        ('default_place = "sdy"', 'default_place: unknown place "sdy"; did you mean SYD? Known: AKL'),
    ],
)  # fmt: skip
def test_a_mistake_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ProfileError) as caught:
        own(tmp_path, text)
    assert caught.value.message.startswith(said)
    assert caught.value.file == tmp_path / "mine.toml"
