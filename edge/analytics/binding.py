"""`env.<name>.writeDataPoint(...)`: accepted and forgotten, unchecked, as in local development.

Source: spec runtime.md section 17.
"""

from __future__ import annotations

from typing import Any

from edge.js.functions import js_method
from edge.js.proxy import JsProxy


class LocalAnalyticsEngineDataset(JsProxy, js_name="LocalAnalyticsEngineDataset"):
    """The binding of one dataset."""

    __slots__ = ()

    @js_method
    def writeDataPoint(self, *_: Any) -> None:
        """Nothing happens."""
