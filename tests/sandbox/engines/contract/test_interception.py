"""A Worker that answers what the programs of a container send out, on every engine that can."""

from __future__ import annotations

import pytest

from edge.containers.egress import Egress
from edge.containers.engine import Instance
from tests.sandbox.engines.answering import Answering
from tests.sandbox.engines.contract.houses import House
from tests.sandbox.engines.contract.programs import run

pytestmark = pytest.mark.capability("outbound rules")

CA_FILE = "/etc/cloudflare/certs/cloudflare-containers-ca.crt"
ASKS = """
import os, sys, urllib.request
print(urllib.request.urlopen("http://api.test/x").read().decode())
print(urllib.request.urlopen("https://api.test/y", cafile=sys.argv[1]).read().decode())
for elsewhere in sys.argv[2:]:
    try:
        urllib.request.urlopen(elsewhere)
    except OSError as failure:
        print(failure.code)
"""


def rules() -> Egress:
    found = Egress()
    for scheme in ("http", "https"):
        found.intercept("api.test", Answering(), scheme)
    return found


def told(house: House, instance: Instance, *elsewhere: str) -> list[str]:
    """What its programs hear, line by line."""
    ran = house.run(run(instance, "python3", "-W", "ignore", "-c", ASKS, CA_FILE, *elsewhere))
    assert ran.code == 0, ran
    return ran.stdout.decode().splitlines()


def test_a_container_without_internet_reaches_what_a_worker_answers(house: House) -> None:
    instance = house.start(labels={"sandbox-server": "1"}, egress=rules())
    lines = told(house, instance, "http://example.test/")
    assert [line.rsplit(" ", 2)[0] for line in lines[:2]] == [
        "GET http://api.test/x",
        "GET https://api.test/y",
    ]
    assert lines[2:] == ["403"]


def test_its_entrypoint_does_from_the_start_on(house: House) -> None:
    script = ASKS + "open('/told', 'w').write('done')\nimport time\ntime.sleep(600)\n"
    entrypoint = ("python3", "-W", "ignore", "-c", script, CA_FILE)
    instance = house.start(entrypoint=entrypoint, egress=rules())
    waits = "import os, time\nwhile not os.path.exists('/told'): time.sleep(0.05)"
    assert house.run(run(instance, "python3", "-c", waits)).code == 0
    assert told(house, instance)[0].startswith("GET http://api.test/x")


def test_each_has_its_own_rules(house: House) -> None:
    house.start(labels={"sandbox-server": "1"}, egress=rules())
    other = Egress()
    other.intercept("other.test", Answering())
    instance = house.start(labels={"sandbox-server": "1"}, egress=other)
    code = "import urllib.request as r\nr.urlopen('http://api.test/')"
    assert b"HTTP Error 403" in house.run(run(instance, "python3", "-c", code)).stderr
