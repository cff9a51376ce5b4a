"""The Promise constructor and its combinators.

Source: ECMA-262 Promise objects; recorded: compat_new `js_exceptions`.
"""

from __future__ import annotations

import asyncio
from typing import Any

from edge.js.arrays import JsArray
from edge.js.builtins.objects import iterate, members
from edge.js.errors import JsException, JsThrown, thrown_value, type_error
from edge.js.functions import JsConstructor, JsFunction
from edge.js.objects import JsObject
from edge.js.promise import JsPromise, settle


def as_promise(value: Any) -> JsPromise:
    """`Promise.resolve(value)`: the promise itself, one that follows an awaitable, or a settled one."""
    if isinstance(value, JsPromise):
        return value
    if hasattr(value, "__await__"):
        return JsPromise.start(settle(value), name="promise.resolve")
    return JsPromise.resolved(value)


def rejection(reason: Any) -> BaseException:
    """A reason as the exception that awaiting raises; other values than errors are wrapped."""
    return reason if isinstance(reason, BaseException) else JsThrown(reason)


class Deferred:
    """A promise with the two functions that settle it; only the first call counts."""

    __slots__ = ("_future", "_settled", "promise")

    def __init__(self) -> None:
        self._future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._settled = False
        self.promise = JsPromise.of(self._future)

    def resolve(self, value: Any = None) -> None:
        if self._settled:
            return
        self._settled = True
        if hasattr(value, "__await__"):
            JsPromise.start(self._follow(value), name="promise.resolve")
        elif not self._future.done():
            self._future.set_result(value)

    def reject(self, reason: Any = None) -> None:
        if not self._settled and not self._future.done():
            self._future.set_exception(rejection(reason))
        self._settled = True

    async def _follow(self, value: Any) -> None:
        try:
            result = await settle(value)
        except Exception as reason:
            if not self._future.done():
                self._future.set_exception(reason)
        else:
            if not self._future.done():
                self._future.set_result(result)


def _new_promise(executor: Any = None, *_: Any) -> JsPromise:
    if not callable(executor):
        raise type_error(
            f"Promise resolver {executor if executor is not None else 'undefined'} is not a function"
        )
    deferred = Deferred()
    try:
        executor(JsFunction(deferred.resolve), JsFunction(deferred.reject))
    except Exception as reason:
        deferred.reject(reason)
    return deferred.promise


async def _all(promises: list[JsPromise]) -> JsArray:
    return JsArray(list(await asyncio.gather(*map(settle, promises))))


async def _all_settled(promises: list[JsPromise]) -> JsArray:
    return JsArray([await _outcome(promise) for promise in promises])


async def _outcome(promise: JsPromise) -> JsObject:
    try:
        return JsObject({"status": "fulfilled", "value": await settle(promise)})
    except Exception as reason:
        return JsObject({"status": "rejected", "reason": thrown_value(reason)})


def _race(promises: list[JsPromise]) -> JsPromise:
    deferred = Deferred()
    for promise in promises:
        promise.then(JsFunction(deferred.resolve), JsFunction(deferred.reject))
    return deferred.promise


def _any(promises: list[JsPromise]) -> JsPromise:
    deferred = Deferred()
    errors: list[Any] = [None] * len(promises)
    left = len(promises)

    def failed(index: int, reason: Any) -> None:
        nonlocal left
        errors[index] = reason
        left -= 1
        if left == 0:
            deferred.reject(all_failed())

    def all_failed() -> JsException:
        return JsException("AggregateError", "All promises were rejected", errors=JsArray(errors))

    if not promises:
        deferred.reject(all_failed())
    for index, promise in enumerate(promises):
        promise.then(JsFunction(deferred.resolve), lambda reason, index=index: failed(index, reason))
    return deferred.promise


def _with_resolvers() -> JsObject:
    deferred = Deferred()
    return JsObject(
        {
            "promise": deferred.promise,
            "resolve": JsFunction(deferred.resolve),
            "reject": JsFunction(deferred.reject),
        }
    )


def _promises(values: Any) -> list[JsPromise]:
    return [as_promise(value) for value in iterate(values)]


def promise_constructor() -> JsConstructor:
    """`Promise`."""
    statics = members(
        resolve=lambda value=None: as_promise(value),
        reject=lambda reason=None: JsPromise.rejected(rejection(reason)),
        all=lambda values: JsPromise.start(_all(_promises(values)), name="Promise.all"),
        allSettled=lambda values: JsPromise.start(_all_settled(_promises(values)), name="Promise.allSettled"),
        race=lambda values: _race(_promises(values)),
        any=lambda values: _any(_promises(values)),
        withResolvers=_with_resolvers,
    )
    return JsConstructor(
        "Promise",
        _new_promise,
        refusal="Promise constructor cannot be invoked without 'new'",
        members=statics,
    )
