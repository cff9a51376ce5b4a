"""Where a Worker answers, and what is remembered of it beside its versions."""

from __future__ import annotations

from tests.loops import run
from tests.wrangler_compat.cloud.calls import calling
from tests.wrangler_compat.cloud.workers.uploads import upload_of

AT = "/workers/scripts/hello"


def test_triggers() -> None:
    async def check() -> None:
        async with calling() as calls:
            assert (await calls.no("GET", f"{AT}/subdomain"))[1] == 10007
            await calls.ok("PUT", AT, files=upload_of())
            assert not (await calls.ok("GET", f"{AT}/subdomain"))["enabled"]
            where = await calls.ok("POST", f"{AT}/subdomain", json={"enabled": True})
            assert where == {"enabled": True, "previews_enabled": True, "url": "http://hello.localhost"}
            assert (await calls.ok("GET", "/workers/workers/hello"))["subdomain"] == where
            crons = [{"cron": "0 * * * *"}, {"cron": "*/5 * * * *"}]
            await calls.ok("PUT", f"{AT}/schedules", json=crons)
            found = (await calls.ok("GET", f"{AT}/schedules"))["schedules"]
            assert [{"cron": entry["cron"]} for entry in found] == crons
            patterns = [{"pattern": "example.com/*", "zone_name": "example.com"}]
            await calls.ok("PUT", f"{AT}/routes", json=patterns)
            assert await calls.ok("GET", f"{AT}/routes") == patterns
            for path in ("schedules", "routes"):
                assert (await calls.no("PUT", f"{AT}/{path}", json=["text"]))[1] == 10021

    run(check())


def test_settings_beside_the_versions() -> None:
    async def check() -> None:
        async with calling() as calls:
            await calls.ok("PUT", AT, files=upload_of(logpush=True, tail_consumers=[{"service": "logs"}]))
            changes = {"tags": ["a"], "observability": {"enabled": True}, "unknown": 1}
            changed = await calls.ok("PATCH", f"{AT}/script-settings", json=changes)
            assert changed == {
                "logpush": True,
                "tail_consumers": [{"service": "logs"}],
                "tags": ["a"],
                "observability": {"enabled": True},
            }
            assert await calls.ok("GET", f"{AT}/script-settings") == changed
            producers = await calls.ok("GET", "/workers/tails/by-consumer/logs")
            assert [entry["producer"]["service"] for entry in producers] == ["hello"]
            service = await calls.ok("GET", "/workers/services/hello")
            assert service["default_environment"]["script"]["tags"] == ["a"]

    run(check())
