from collections.abc import Mapping
from typing import Any, Protocol, TypeAlias

Vectors: TypeAlias = list[Mapping[str, Any]]
VectorIds: TypeAlias = list[str]

class VectorizeMatches(Protocol):
    """The nearest vectors, the best first."""

    count: int
    matches: list[Any]
    def __getitem__(self, key: str, /) -> Any: ...

class VectorizeMutation(Protocol):
    """A change that was taken; it is seen seconds later."""

    mutationId: str

class VectorizeIndex(Protocol):
    """An index of Vectorize."""

    async def query(
        self,
        vector: Any,
        /,
        *,
        topK: int = ...,
        namespace: str = ...,
        returnValues: bool = ...,
        returnMetadata: str | bool = ...,
        filter: Mapping[str, Any] = ...,
    ) -> VectorizeMatches: ...
    async def queryById(self, id: str, /, **options: Any) -> VectorizeMatches: ...
    async def insert(self, vectors: Vectors, /) -> VectorizeMutation: ...
    async def upsert(self, vectors: Vectors, /) -> VectorizeMutation: ...
    async def getByIds(self, ids: VectorIds, /) -> list[Any]: ...
    async def deleteByIds(self, ids: VectorIds, /) -> VectorizeMutation: ...
    async def describe(self) -> Any: ...
