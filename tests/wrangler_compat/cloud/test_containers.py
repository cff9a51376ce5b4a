"""Container applications through the API: made, changed, rolled out, removed, refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.loops import run
from tests.wrangler_compat.cloud.calls import Calls, calling
from tests.wrangler_compat.cloud.test_registry import docker
from tests.wrangler_compat.cloud.workers.uploads import upload_of

APPS = "/containers/applications"
MIGRATIONS = {"new_tag": "v1", "steps": [{"new_sqlite_classes": ["Box", "Plain"]}]}
BINDING = {"type": "durable_object_namespace", "name": "BOX", "class_name": "Box"}


async def box(calls: Calls) -> str:
    """A Worker with a class that has a container; the id of its namespace."""
    parts = upload_of(
        migrations=MIGRATIONS, bindings=[BINDING], containers=[{"name": "w-box", "class_name": "Box"}]
    )
    version = (await calls.ok("PUT", "/workers/scripts/w", files=parts))["deployment_id"]
    found = await calls.ok("GET", f"/workers/scripts/w/versions/{version}")
    [bound] = found["resources"]["bindings"]
    listed = await calls.ok("GET", "/workers/durable_objects/namespaces", params={"per_page": 1000})
    assert {one["class"]: one["id"] for one in listed}["Box"] == bound["namespace_id"]
    return str(bound["namespace_id"])


async def application(calls: Calls, namespace: str, **changes: Any) -> dict[str, Any]:
    await (await docker(calls)).push()
    asked = {
        "name": "w-box",
        "max_instances": 3,
        "configuration": {"image": image(calls), "instance_type": "basic"},
        "durable_objects": {"namespace_id": namespace},
        **changes,
    }
    return asked


def image(calls: Calls, reference: str = ":one") -> str:
    return f"cloud/{calls.account.id}/app{reference}"


def test_the_life_of_an_application() -> None:
    async def check() -> None:
        async with calling() as calls:
            asked = await application(calls, await box(calls))
            made = await calls.ok("POST", APPS, json=asked)
            basic = {"vcpu": 0.25, "memory_mib": 1024, "disk": {"size_mb": 4000}}
            assert made["configuration"] == {"image": image(calls), **basic}
            assert (made["version"], made["max_instances"]) == (1, 3)
            assert await calls.ok("GET", APPS) == [made]
            at = f"{APPS}/{made['id']}"
            change = {"max_instances": 4, "configuration": {"image": image(calls), "instance_type": "lite"}}
            changed = await calls.ok("PATCH", at, json=change)
            assert (changed["version"], changed["max_instances"]) == (2, 4)
            assert changed["configuration"]["memory_mib"] == 256
            rollout = {"target_configuration": change["configuration"], "step_percentage": 100}
            rolled = await calls.ok("POST", f"{at}/rollouts", json=rollout)
            assert (rolled["current_version"], rolled["target_version"]) == (1, 2)
            assert await calls.ok("GET", f"{at}/rollouts") == [rolled]
            [listed] = await calls.ok("GET", "/containers/dash/applications")
            assert (listed["image"], listed["version"]) == (image(calls), 2)
            await calls.ok("DELETE", at)
            assert (await calls.no("GET", at))[0] == 404

    run(check())


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"durable_objects": {"namespace_id": "0" * 32}}, "DURABLE_OBJECT_NOT_FOUND"),
        ({"durable_objects": {"namespace_id": "PLAIN"}}, "DURABLE_OBJECT_NOT_CONTAINER_ENABLED"),
        ({"configuration": {"image": "IMAGE:two"}}, "IMAGE_REGISTRY_DOESNT_CONTAIN_IMAGE"),
        ({"configuration": {"image": "cloud/elsewhere/app"}}, "VALIDATE_INPUT"),
        ({"configuration": {}}, "VALIDATE_INPUT"),
        ({"configuration": {"image": "IMAGE:one", "vcpu": 64}}, "SURPASSED_BASE_LIMITS"),
        ({"configuration": {"image": "IMAGE:one", "instance_type": "huge"}}, "VALIDATE_INPUT"),
        ({"name": ""}, "VALIDATE_INPUT"),
    ],
)
def test_what_no_application_can_be(changes: dict[str, Any], code: str) -> None:
    async def check() -> None:
        async with calling() as calls:
            asked = await application(calls, await box(calls), **changes)
            listed = await calls.ok("GET", "/workers/durable_objects/namespaces")
            plain = next(one["id"] for one in listed if one["class"] == "Plain")
            text = json.dumps(asked).replace("PLAIN", plain).replace("IMAGE", image(calls, ""))
            status, _, message = await calls.no("POST", APPS, content=text)
            assert (status, json.loads(message)["error"]) == (400, code)
            assert await calls.ok("GET", APPS) == []

    run(check())


def test_a_class_has_one_application() -> None:
    async def check() -> None:
        async with calling() as calls:
            asked = await application(calls, await box(calls))
            await calls.ok("POST", APPS, json=asked)
            _, _, message = await calls.no("POST", APPS, json={**asked, "name": "another"})
            assert json.loads(message)["error"] == "DURABLE_OBJECT_ALREADY_HAS_APPLICATION"

    run(check())


def test_what_an_account_may_have() -> None:
    async def check() -> None:
        async with calling() as calls:
            found = await calls.ok("GET", "/containers/me")
            assert found["external_account_id"] == calls.account.id
            assert found["limits"]["memory_mib_per_deployment"] == 12288

    run(check())
