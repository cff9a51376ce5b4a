"""What is believed of a container, as a pure value: only what one run at a time wrote."""

from __future__ import annotations

import importlib.util
from typing import Any

from tests.cortex.worlds import PROJECT

_spec = importlib.util.spec_from_file_location("container_state", PROJECT / "src" / "container_state.py")
assert _spec is not None
assert _spec.loader is not None
container_state: Any = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(container_state)
ContainerState = container_state.ContainerState

FILES, MCP = "credentialFiles", "mcpConfigHash"


def woken() -> Any:
    state = ContainerState()
    state.woke("", "boot1")
    return state


def writes(state: Any, ticket: str, *paths: str, until_ms: float = 1000.0) -> Any:
    return state.writes(ticket, [MCP, FILES], paths, until_ms)


def test_what_one_run_wrote_is_known_afterwards_and_not_meanwhile() -> None:
    state = woken()
    writes(state, "t1", "/root/a")
    assert state.known == {}
    state.wrote("t1", {MCP: "m", FILES: {"/root/a": "h"}})
    assert state.known == {MCP: "m", FILES: {"/root/a": "h"}}
    assert writes(state, "t2", "/root/b")["known"] == {MCP: "m", FILES: {"/root/a": "h"}}
    assert state.known == {}
    assert state.as_stored()["paths"] == ["/root/a", "/root/b"], "either may be there by now"
    state.wrote("t2", {FILES: {"/root/b": "h"}})
    assert state.as_stored()["paths"] == ["/root/b"]


def test_one_at_a_time_for_a_limited_time() -> None:
    state = woken()
    assert state.busy_ms(0.0) == 0.0
    writes(state, "t1", until_ms=1000.0)
    assert state.busy_ms(400.0) == 600.0
    state.wrote("t1", {})
    assert state.busy_ms(400.0) == 0.0


def test_a_run_that_failed_leaves_its_files_possible() -> None:
    state = woken()
    writes(state, "t1", "/root/a")
    state.wrote("t1", {})
    assert (state.known, state.as_stored()["paths"]) == ({}, ["/root/a"])


def test_a_run_that_took_too_long_may_have_written_after_the_next_one() -> None:
    state = woken()
    writes(state, "t1", "/root/a")
    writes(state, "t2", "/root/b", until_ms=2000.0)
    state.wrote("t2", {FILES: {"/root/b": "h"}})
    assert state.known == {}
    writes(state, "t3", "/root/c", until_ms=3000.0)
    state.wrote("t1", {FILES: {"/root/a": "h"}})
    state.wrote("t3", {FILES: {"/root/c": "h"}})
    assert state.known == {}
    assert state.as_stored()["paths"] == ["/root/a", "/root/b", "/root/c"]
    writes(state, "t4", "/root/d", until_ms=4000.0)
    state.wrote("t4", {FILES: {"/root/d": "h"}})
    assert (state.known, state.as_stored()["paths"]) == ({FILES: {"/root/d": "h"}}, ["/root/d"])


def test_what_began_before_the_object_was_restarted_is_not_believed() -> None:
    before = woken()
    writes(before, "old", "/root/a")
    state = ContainerState(before.as_stored())
    writes(state, "new", "/root/b")
    state.wrote("old", {FILES: {"/root/a": "h"}})
    state.wrote("new", {FILES: {"/root/b": "h"}})
    assert state.known == {}
    late = ContainerState({"boot": "boot1", "known": {FILES: {"/root/b": "h"}, "prepared": "p"}, "paths": []})
    late.wrote("old", {FILES: {"/root/a": "h"}})
    assert late.known == {}, "it may have written after the others"


def test_a_new_container_has_nothing_and_is_noticed_once() -> None:
    state = woken()
    writes(state, "t1", "/root/a")
    state.learned("boot1", {"wsServerPid": 7})
    state.woke("boot1", "boot2")
    state.woke("boot1", "boot3")  # another run noticed the same
    assert (state.boot, state.known) == ("boot2", {})
    state.wrote("t1", {FILES: {"/root/a": "h"}})
    state.learned("boot1", {"wsServerPid": 7})
    assert state.known == {}


def test_packages_add_up_and_a_doubt_forgets_all_but_the_paths() -> None:
    state = woken()
    writes(state, "t1", "/root/a")
    state.wrote("t1", {FILES: {"/root/a": "h"}, "prepared": "p"})
    for names in (["b"], ["a"]):
        state.learned("boot1", {"npmPackagesInstalled": names})
    assert state.known["npmPackagesInstalled"] == ["a", "b"]
    writes(state, "t2", "/root/a")
    assert "prepared" not in state.known, "it is another name for the files"
    state.doubted("boot0")
    assert state.known != {}
    state.doubted("boot1")
    assert (state.boot, state.known, state.as_stored()["paths"]) == ("boot1", {}, ["/root/a"])
