"""Which sandbox, with which options (spec section 4)."""

from __future__ import annotations

import pytest

from tests.sandbox.sdk.house import SdkHouse


@pytest.mark.parametrize(
    ("sandbox_id", "message", "code"),
    [
        ("", "Sandbox ID must be 1-63 characters long.", "INVALID_SANDBOX_ID_LENGTH"),
        ("x" * 64, "Sandbox ID must be 1-63 characters long.", "INVALID_SANDBOX_ID_LENGTH"),
        (
            "-x",
            "Sandbox ID cannot start or end with hyphens (DNS requirement).",
            "INVALID_SANDBOX_ID_HYPHENS",
        ),
        (
            "x-",
            "Sandbox ID cannot start or end with hyphens (DNS requirement).",
            "INVALID_SANDBOX_ID_HYPHENS",
        ),
        ("Admin", "Reserved sandbox ID 'Admin' is not allowed.", "RESERVED_SANDBOX_ID"),
    ],
)
def test_ids_that_are_not_allowed(sdk: SdkHouse, sandbox_id: str, message: str, code: str) -> None:
    async def body() -> None:
        with pytest.raises(sdk.sandbox.errors.SandboxSecurityError) as refused:
            sdk.box(sandbox_id)
        assert (str(refused.value), refused.value.code) == (message, code)

    sdk.run(body)


def test_nothing_starts_until_it_is_used(sdk: SdkHouse) -> None:
    async def body() -> None:
        box = sdk.box(keep_alive=True)
        assert await box.get_container_placement_id() is None
        assert sdk.engine.specs == []
        await box.exec("true")
        (start,) = sdk.engine.specs
        assert start.labels == {"sandbox-server": "1"}

    sdk.run(body)


def test_normalized_ids_are_one_sandbox(sdk: SdkHouse) -> None:
    async def body() -> None:
        await sdk.box("BOX", normalizeId=True).write_file("/tmp/x", "1")
        assert (await sdk.box("box").exists("/tmp/x")).exists

    sdk.run(body)


def test_options_are_kept(sdk: SdkHouse) -> None:
    async def body() -> None:
        box = sdk.box(
            sleep_after="2h",
            labels={"team": "red"},
            container_timeouts={"instanceGetTimeoutMS": 6000, "port_ready_timeout_ms": 11_000},
        )
        await box.exec("true")
        assert sdk.engine.specs[0].labels == {"team": "red", "sandbox-server": "1"}
        storage = await sdk.storage()
        assert storage["sleepAfter"] == "2h"
        assert storage["sandboxName"] == "box"
        assert storage["containerTimeouts"] == {
            "instanceGetTimeoutMS": 6000,
            "portReadyTimeoutMS": 11_000,
            "waitIntervalMS": 300,
        }

    sdk.run(body)


def test_a_timeout_outside_its_limits(sdk: SdkHouse) -> None:
    async def body() -> None:
        stub = sdk.env.Sandbox.getByName("box")
        with pytest.raises(Exception, match=r"waitIntervalMS must be between 100-5000ms, got 1ms"):
            await stub.setContainerTimeouts({"waitIntervalMS": 1})

    sdk.run(body)


def test_methods_of_a_subclass_are_called_as_they_are_named(sdk: SdkHouse) -> None:
    async def body() -> None:
        assert await sdk.box("box").add_numbers(2, 3) == 5

    sdk.run(body)
