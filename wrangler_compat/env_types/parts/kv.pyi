from collections.abc import Mapping
from typing import Any, Literal, NotRequired, Protocol, TypeAlias, TypedDict, overload

KVKeys: TypeAlias = list[str]

class KVKey(TypedDict):
    """A key in a listing."""

    name: str
    expiration: NotRequired[int]
    metadata: NotRequired[Any]

class KVListing(TypedDict):
    """Up to 1,000 keys; when it is not complete, `cursor` leads on."""

    keys: list[KVKey]
    list_complete: bool
    cursor: NotRequired[str]

class KVValueAndMetadata(Protocol):
    """A value and what was stored beside it."""

    value: Any
    metadata: Any
    def __getitem__(self, key: str, /) -> Any: ...

class KVNamespace(Protocol):
    """A namespace of Workers KV."""

    @overload
    async def get(self, key: str, type: Literal["text"] = ..., /, *, cacheTtl: int = ...) -> str | None: ...
    @overload
    async def get(
        self, key: str, type: Literal["arrayBuffer"], /, *, cacheTtl: int = ...
    ) -> memoryview | None: ...
    @overload
    async def get(self, key: str, type: Literal["json", "stream"], /, *, cacheTtl: int = ...) -> Any: ...
    @overload
    async def get(
        self, keys: KVKeys, type: Literal["text", "json"] = ..., /, *, cacheTtl: int = ...
    ) -> dict[str, Any]: ...
    async def getWithMetadata(
        self, key: str, type: str = ..., /, *, cacheTtl: int = ...
    ) -> KVValueAndMetadata: ...
    async def put(
        self,
        key: str,
        value: Any,
        options: Mapping[str, Any] | None = ...,
        /,
        *,
        expirationTtl: int = ...,
        expiration: int = ...,
        metadata: Any = ...,
    ) -> None: ...
    async def list(self, *, prefix: str = ..., limit: int = ..., cursor: str | None = ...) -> KVListing: ...
    async def delete(self, key: str, /) -> None: ...
