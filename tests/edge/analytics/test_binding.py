"""Analytics Engine, as in local development."""

from __future__ import annotations

from edge.analytics.binding import LocalAnalyticsEngineDataset


def test_data_points_are_accepted_unchecked() -> None:
    dataset = LocalAnalyticsEngineDataset()
    assert dataset.writeDataPoint(blobs=["a"] * 30, indexes=["b", "c"]) is None
    assert dataset.writeDataPoint() is None
    assert dataset.constructor.name == "LocalAnalyticsEngineDataset"
