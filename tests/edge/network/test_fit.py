"""Fitting a profile to what a network did: it finds the figures that made the record."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.kernel.clock import VirtualClock
from edge.kernel.random import RandomStreams
from edge.network.fit import SAMPLES_MIN, Sample, fit_profile, quantiles
from edge.network.network import CLIENT, Network
from edge.network.profile import Profile, load_profile
from edge.network.profile_text import profile_text
from edge.network.spread import Spread


def profile(name: str) -> Profile:
    loaded = load_profile(name)
    assert loaded is not None
    return loaded


@pytest.mark.parametrize("name", ["edge", "streaming-seed"])
def test_a_profile_is_written_as_it_is_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / "again.toml"
    path.write_text(profile_text(profile(name)))
    assert load_profile(path) == profile(name)


def test_a_profile_without_figures_is_two_lines() -> None:
    assert profile_text(Profile('so "called"')) == 'name = "so \\"called\\""\ndefault_place = "DFW"\n'


def test_the_figures_behind_a_record_are_found_again() -> None:
    made = profile("edge")
    network = Network(made, RandomStreams(1), VirtualClock())
    places = ("SYD", "LHR", "IAD", "NRT", "GRU", "FRA", "SIN", "JNB", "SEA", "DEL", "EZE", "MEX")
    samples = [
        Sample("network.hop", network.depart(source, target)[0] * 1000, source, target)
        for source in places
        for target in places
        for _ in range(40)
    ]
    samples += [
        Sample("kv.storage", network.draw_s("a", made.kv.cold) * 1000, what="read") for _ in range(500)
    ]
    samples += [Sample("container.boot", network.phase_s("boot") * 1000) for _ in range(500)]
    fitted = fit_profile(samples, Profile("blank", links=made.links), "found")
    found = fitted.profile
    assert found.name == "found"
    assert found.links.detour.low == pytest.approx(made.links.detour.low, rel=0.15)
    assert found.links.detour.high == pytest.approx(made.links.detour.high, rel=0.25)
    assert found.links.jitter.high == pytest.approx(made.links.jitter.high, rel=0.25)
    assert found.kv.cold.low == pytest.approx(made.kv.cold.low, rel=0.1)
    assert found.container["boot"].low == pytest.approx(2000, rel=0.1)
    assert fitted.samples["kv.cold"] == 500
    assert found.kv.hot == Profile("blank").kv.hot, "nothing is known of it"


@pytest.mark.parametrize(
    ("span", "what", "section", "key"),
    [
        ("kv.storage", "cache", "kv", "hot"),
        ("r2.storage", "read", "r2", "read"),
        ("d1.storage", "wake", "d1", "cold_start"),
        ("d1.storage", "query", "d1", "query"),
        ("cache.storage", "lookup", "cache", "lookup"),
        ("assets.storage", "cold", "assets", "cold"),
    ],
)
def test_the_shares_of_storage(span: str, what: str, section: str, key: str) -> None:
    samples = [Sample(span, 10.0 + number, what=what) for number in range(20)]
    fitted = fit_profile(samples, Profile("blank"), "x")
    assert getattr(getattr(fitted.profile, section), key) == Spread(20.0, 29.0)
    assert fitted.samples == {f"{section}.{key}": 20}


def test_what_a_fault_made_slow_is_no_share_of_storage() -> None:
    samples = [Sample("r2.storage", 3000.0, what="slow")] * 20
    assert fit_profile(samples, Profile("blank"), "x").samples == {}


def test_clients_are_their_own_kind() -> None:
    samples = [Sample("network.hop", 10.0 + number, CLIENT, "SYD") for number in range(20)]
    fitted = fit_profile(samples, profile("edge"), "x")
    assert fitted.profile.client.last_mile == Spread(20.0, 29.0)
    assert fitted.samples == {"client.last_mile": 20}
    assert fitted.profile.links == profile("edge").links


def test_too_few_samples_change_nothing() -> None:
    samples = [Sample("durable.commit", 500.0)] * (SAMPLES_MIN - 1)
    fitted = fit_profile(samples, profile("edge"), "edge")
    assert (fitted.profile, fitted.samples) == (profile("edge"), {})


def test_what_is_no_wait_of_the_model_is_passed_over() -> None:
    samples = [Sample("worker.fetch", 5.0), Sample("network.hop", 5.0, "here", "there")] * 10
    assert fit_profile(samples, profile("edge"), "edge").samples == {}


def test_quantiles() -> None:
    assert quantiles([float(number) for number in range(1, 101)]) == Spread(51.0, 96.0)
    assert quantiles([0.0] * 9 + [5.0]) == Spread(0.0, 0.0)
    assert quantiles([7.0]) == Spread(7.0, 7.0)
