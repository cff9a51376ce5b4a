"""Texts as vectors: offline by default, replaceable by a model."""

import math
import re
import zlib

DIMENSIONS = 384
_WORD = re.compile(r"[^\W_]+")
_MODEL = "@cf/baai/bge-small-en-v1.5"  # 384 dimensions, too


class HashedWords:
    """Words and their parts of three letters, each counted in the place that its hash names. It needs no
    model and no network, finds texts that share words or their stems, and knows nothing of meaning."""

    async def embed(self, texts):
        """One vector of length 1 for each text (of zeros for a text without words)."""
        return [_vector(text) for text in texts]


class WorkersAi:
    """A model of Workers AI, behind the binding `AI`."""

    def __init__(self, ai):
        self._ai = ai

    async def embed(self, texts):
        answer = await self._ai.run(_MODEL, {"text": list(texts)})
        return [list(row) for row in answer["data"]]


def embedder(env):
    """The model when the Worker has one, else the hashes."""
    ai = getattr(env, "AI", None)
    return HashedWords() if ai is None else WorkersAi(ai)


def _vector(text):
    counts = [0.0] * DIMENSIONS
    for feature, weight in _features(text):
        code = zlib.crc32(feature.encode())
        # One bit of the hash is the sign, so that features which meet in a place tend to cancel.
        counts[(code >> 1) % DIMENSIONS] += weight if code & 1 else -weight
    length = math.sqrt(sum(count * count for count in counts))
    return [count / length for count in counts] if length else counts


def _features(text):
    for word in _WORD.findall(text.lower()):
        yield word, min(len(word), 8) / 8  # short words say little
        padded = f"^{word}$"
        for at in range(len(padded) - 2):
            yield padded[at : at + 3], 0.1
