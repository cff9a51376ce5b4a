"""The class over a scripted runtime, in virtual time (spec sandbox-and-containers.md section 3)."""

from __future__ import annotations

from tests.sandbox.container.double import Rig


def test_a_request_starts_the_container_and_reaches_its_default_port(rig: Rig) -> None:
    assert rig.status == "stopped"
    reply = rig.get("/path?x=1")
    assert (reply.status, reply.text) == (200, "GET http://localhost:8787/path?x=1")
    assert rig.plan.starts == [{"enableInternet": True}]
    assert rig.status == "healthy"
    assert rig.heard() == ["start"]
