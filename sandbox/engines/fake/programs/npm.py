"""`npm install -g`: takes the modelled time, and remembers what is installed.

A package that was never installed in this container costs the phase `npm_install`; one that is there already
costs `npm_reinstall`, as the real one looks everything up again.
"""

from __future__ import annotations

import json
import re

from sandbox.engines.fake.process import FakeProcess

MODULES = "/usr/local/lib/node_modules"
_VERSION = re.compile(r"(?<=.)@[^/]*$")


async def npm(process: FakeProcess) -> int:
    words = [word for word in process.argv[1:] if not word.startswith("-")]
    if not words or words[0] not in ("install", "i"):
        await process.complain(
            f"npm: the fake engine's npm only knows install, not {' '.join(words[:1])!r}\n"
        )
        return 1
    names = [_VERSION.sub("", word) for word in words[1:]]
    fresh = [name for name in names if not process.files.exists(f"{MODULES}/{name}")]
    await process.instance.phase("npm_install" if fresh else "npm_reinstall")
    for name in fresh:
        folder = f"{MODULES}/{name}"
        process.files.mkdir(folder, process.clock.now(), parents=True)
        manifest = json.dumps({"name": name, "version": "1.0.0"})
        process.files.write(f"{folder}/package.json", manifest.encode(), process.clock.now())
    await process.say(f"\nadded {len(fresh)} packages\n" if fresh else "\nup to date\n")
    return 0
