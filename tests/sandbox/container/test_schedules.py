"""Tasks for later (spec sandbox-and-containers.md section 3.3, `schedule`)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from edge.js.errors import JsException
from tests.sandbox.container.double import Rig

SOURCE = """
class Box(Noting):
    def tick(self, payload, task):
        self.heard.append(f"tick {payload} {task.task_id == task['taskId']} {task.type}")

    async def tock(self):
        self.heard.append("tock")

    def boom(self, payload):
        raise ValueError("boom")

    async def at(self, delay_s, payload):
        return await self.schedule(datetime.now() + timedelta(seconds=delay_s), "tick", payload)
"""


@pytest.fixture
def rig(make_rig: Callable[..., Rig]) -> Rig:
    return make_rig(SOURCE)


def test_after_a_number_of_seconds(rig: Rig) -> None:
    task = rig.call("schedule", 90, "tick", {"a": [1]})
    assert (task["callback"], task["payload"], task["type"]) == ("tick", {"a": [1]}, "delayed")
    assert task["delayInSeconds"] == 90
    assert task["time"] == int(rig.clock.now() + 90)
    assert len(task["taskId"]) == 9
    rig.pass_("88s")
    assert rig.heard() == []
    rig.pass_("3s")
    assert rig.heard() == ["tick {'a': [1]} True delayed"]
    assert not rig.plan.containers or not rig.plan.only.running


def test_at_a_time(rig: Rig) -> None:
    task = rig.call("at", 3600, None)
    assert task["type"] == "scheduled"
    assert "delayInSeconds" not in task
    rig.pass_("61m")
    assert rig.heard() == ["tick None True scheduled"]


def test_while_a_container_runs(rig: Rig) -> None:
    rig.get()
    rig.heard()
    rig.call("schedule", 30, "tock")
    rig.pass_("32s")
    assert rig.heard() == ["tock"]
    assert rig.plan.only.running


def test_one_that_fails_does_not_stop_the_others(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.call("schedule", 5, "boom")
    rig.call("schedule", 5, "tock")
    rig.pass_("7s")
    assert rig.heard() == ["tock"]
    assert "Error executing scheduled callback \"boom\": ValueError('boom')" in caplog.text
    rig.pass_("1h")
    assert rig.heard() == [], "each runs once"


def test_listing_and_deleting(rig: Rig) -> None:
    first = rig.call("schedule", 50, "tick", "one")
    rig.call("schedule", 60, "tick", "two")
    other = rig.call("schedule", 70, "tock")
    assert [task["payload"] for task in rig.call("listSchedules", "tick")] == ["one"], "one at most"
    assert rig.call("getSchedule", first["taskId"]) == first
    assert rig.call("get_schedule", "nowhere") is None
    rig.call("deleteSchedules", "tick")
    assert rig.call("list_schedules", "tick") == []
    assert rig.call("getSchedule", other["taskId"])["callback"] == "tock"
    rig.pass_("90s")
    assert rig.heard() == ["tock"]


@pytest.mark.parametrize(
    ("args", "text"),
    [
        ((1, 5), "Callback must be a string \\(method name\\)"),
        ((1, "nothing"), "this.nothing is not a function"),
        (("soon", "tick"), "Invalid schedule type. 'when' must be a Date or number of seconds"),
        ((True, "tick"), "Invalid schedule type"),
    ],
)
def test_what_cannot_be_scheduled(rig: Rig, args: tuple[object, ...], text: str) -> None:
    with pytest.raises(JsException, match=text):
        rig.call("schedule", *args)


def test_the_table_is_that_of_the_javascript_class(rig: Rig) -> None:
    rig.call("schedule", 50, "tick", {"a": "ä"})
    rows = rig.world.durable("BOX").storage("cf-singleton-container").sql("SELECT * FROM container_schedules")
    (row,) = rows
    assert list(row) == ["id", "callback", "payload", "type", "time", "delayInSeconds", "created_at"]
    assert (row["payload"], row["type"]) == ('{"a":"ä"}', "delayed")


def test_a_method_that_is_gone(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.call("schedule", 5, "tock")
    database = rig.world.durable_hosts["worker", "Box"]
    (object_id,) = database.ids()
    slot = database.slot(database.namespace().idFromString(object_id))
    slot.database.connection.execute("UPDATE container_schedules SET callback = 'gone'")
    rig.pass_("10s")
    assert "Callback gone not found or is not a function" in caplog.text
    rig.pass_("1h")
    assert caplog.text.count("Callback gone") == 1
