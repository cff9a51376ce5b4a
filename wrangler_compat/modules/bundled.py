"""Packages that a Worker can import without vendoring them: the Sandbox SDK and the Container class.

On Cloudflare they are vendored (`python_modules/sandbox`), and a vendored copy comes first here, too.
"""

from __future__ import annotations

from pathlib import Path

import sandbox
from edge.worker.modules import Bundled

#: By package name. The host's half of `sandbox` (engines, server) is not for Workers.
BUNDLED = {"sandbox": Bundled(Path(sandbox.__file__).parent.parent, sandbox.FOR_WORKERS)}
