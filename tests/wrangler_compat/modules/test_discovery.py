"""Spec python-workers.md section 2.1."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from wrangler_compat.modules.discovery import find_exports
from wrangler_compat.modules.sdk import entrypoints, legacy
from wrangler_compat.modules.sdk.request import Request


def module(**names: Any) -> ModuleType:
    main = ModuleType("entry")
    main.__dict__.update(names)
    return main


class Default(entrypoints.WorkerEntrypoint):
    pass


class Named(entrypoints.WorkerEntrypoint):
    pass


class Counter(entrypoints.DurableObject):
    pass


class Flow(entrypoints.WorkflowEntrypoint):
    pass


def test_classes_count_by_the_name_the_module_gives_them() -> None:
    main = module(Default=Default, Other=Named, Counter=Counter, Flow=Flow, helper=len, int=int)
    exports = find_exports(main, global_handlers=False)
    assert exports.default is Default
    assert exports.entrypoints == {"Other": Named}
    assert exports.durable == {"Counter": Counter}
    assert exports.workflows == {"Flow": Flow}
    assert exports.legacy == {}


def test_the_base_classes_do_not_count() -> None:
    split = legacy.classes(legacy.CommaSplittingRequest)
    main = module(
        WorkerEntrypoint=entrypoints.WorkerEntrypoint,
        D=legacy.DurableObject,
        S=split.WorkerEntrypoint,
        R=Request,
    )
    exports = find_exports(main, global_handlers=False)
    assert (exports.default, exports.entrypoints, exports.durable) == (None, {}, {})


def test_underscores_hide_and_all_decides() -> None:
    assert find_exports(module(_Hidden=Named), global_handlers=False).entrypoints == {}
    main = module(Default=Default, Named=Named, _Hidden=Named, __all__=["_Hidden"])
    exports = find_exports(main, global_handlers=False)
    assert exports.entrypoints == {"_Hidden": Named}
    assert exports.default is None


def test_handlers_of_the_old_style() -> None:
    main = module(on_fetch=len, on_scheduled=len, on_alarm=5, on_other=len)
    assert find_exports(main, global_handlers=True).legacy == {"fetch": len, "scheduled": len}
    assert find_exports(main, global_handlers=False).legacy == {}


def test_two_defaults() -> None:
    with pytest.raises(TypeError, match=r"^Cannot define multiple default entrypoints$"):
        find_exports(module(Default=Default, on_fetch=len), global_handlers=True)
    assert find_exports(module(Default=Default, on_fetch=len), global_handlers=False).default is Default
