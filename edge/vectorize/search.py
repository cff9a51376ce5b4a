"""Exact search: every vector is compared with the query.

Source: spec runtime.md section 14; Vectorize "Create indexes" (distance metrics).
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge.vectorize.logic.definition import Metric, Scalar
from edge.vectorize.logic.request import Options

Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What of an index a query looks at: one row a vector, in the order of their first insertion."""

    keys: Sequence[int]
    namespaces: Sequence[str | None]
    properties: Sequence[Mapping[str, Scalar]]
    matrix: Matrix

    @classmethod
    def of(
        cls, rows: Sequence[tuple[int, str | None, bytes, Mapping[str, Scalar]]], dimensions: int
    ) -> Snapshot:
        """From `(key, namespace, float32 values, what can be filtered)`."""
        data = np.frombuffer(b"".join(row[2] for row in rows), dtype=np.float32)
        matrix = data.reshape(len(rows), dimensions)
        return cls([row[0] for row in rows], [row[1] for row in rows], [row[3] for row in rows], matrix)

    def nearest(self, query: array[float], metric: Metric, options: Options) -> list[tuple[int, float]]:
        """The keys of the nearest vectors with their scores, nearest first; the older one of equals."""
        rows = self._passing(options)
        if len(rows) == 0:
            return []
        chosen = self.matrix if len(rows) == len(self.keys) else self.matrix[rows]
        scores = _scores(chosen, np.frombuffer(query, dtype=np.float32), metric)
        order = np.argsort(-scores if metric.nearest_is_largest else scores, kind="stable")[: options.top_k]
        return [(self.keys[rows[at]], float(scores[at])) for at in order]

    def _passing(self, options: Options) -> Sequence[int]:
        rows: Sequence[int] = range(len(self.keys))
        if options.namespace is not None:
            rows = [row for row in rows if self.namespaces[row] == options.namespace]
        if options.filter is not None:
            rows = [row for row in rows if options.filter(self.properties[row])]
        return rows


def _scores(matrix: Matrix, query: Matrix, metric: Metric) -> Matrix:
    if metric is Metric.EUCLIDEAN:
        distances: Matrix = np.linalg.norm(matrix - query, axis=1)
        return distances
    products: Matrix = matrix @ query
    if metric is Metric.DOT_PRODUCT:
        return -products
    lengths = np.linalg.norm(matrix, axis=1) * np.linalg.norm(query)
    # A vector of zeros has no direction: it is like nothing.
    cosines: Matrix = np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)
    return cosines
