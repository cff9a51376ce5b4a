from typing import Protocol

class AnalyticsEngineDataset(Protocol):
    """Takes data points."""

    def writeDataPoint(
        self, *, indexes: list[str] = ..., blobs: list[str | None] = ..., doubles: list[float] = ...
    ) -> None: ...
