"""What programs of a sandbox send out: handlers of its class answer, and hosts are denied."""

from __future__ import annotations

import pytest

from tests.sandbox.sdk.house import SdkHouse

pytestmark = [pytest.mark.capability("outbound rules"), pytest.mark.capability("real programs")]

_ASK = """
import sys, urllib.error, urllib.request
for url in sys.argv[1:]:
    try:
        print(urllib.request.urlopen(url, data=b"hi").read().decode())
    except urllib.error.HTTPError as refused:
        print(refused.code, refused.read().decode())
"""


def test_a_handler_of_the_class_answers(sdk: SdkHouse) -> None:
    async def main() -> None:
        box = sdk.box()
        await box.set_outbound_by_host("api.test", "told")
        await box.set_denied_hosts(["bad.test"])
        await box.write_file("/workspace/ask.py", _ASK)
        ran = await box.exec("python3 /workspace/ask.py http://api.test/x http://bad.test/")
        assert ran.stdout.splitlines() == [
            "POST http://api.test/x hi for Sandbox",
            "520 Origin is disallowed",
        ], ran
        await box.set_outbound_by_host("late.test", "told")  # rules that come later hold at once
        ran = await box.exec("python3 /workspace/ask.py http://late.test/y")
        assert ran.stdout == "POST http://late.test/y hi for Sandbox\n", ran

    sdk.run(main)
