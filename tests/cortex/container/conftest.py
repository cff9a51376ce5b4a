"""The container's programs are no package: they run from the folder they lie in."""

from __future__ import annotations

import sys
from pathlib import Path

FOLDER = Path(__file__).parents[3] / "cortex" / "container"
if str(FOLDER) not in sys.path:
    sys.path.append(str(FOLDER))
