"""`npm install -g`: takes the modelled time, and remembers what is installed.

A package that was never installed in this container costs the phase `npm_install`; one that is there already
costs `npm_reinstall`, as the real one looks everything up again. `--prefix=DIR` installs elsewhere. Each
package has one program, which has its name without the scope.
"""

from __future__ import annotations

import json
import re

from sandbox.engines.fake.process import FakeProcess

PREFIX = "/usr/local"
_VERSION = re.compile(r"(?<=.)@[^/]*$")


async def npm(process: FakeProcess) -> int:
    words = [word for word in process.argv[1:] if not word.startswith("-")]
    if not words or words[0] not in ("install", "i"):
        await process.complain(
            f"npm: the fake engine's npm only knows install, not {' '.join(words[:1])!r}\n"
        )
        return 1
    prefix = next((word[9:] for word in process.argv if word.startswith("--prefix=")), PREFIX)
    modules = f"{prefix}/lib/node_modules"
    names = {_VERSION.sub("", word): word for word in words[1:]}
    fresh = [name for name in names if not process.files.exists(f"{modules}/{name}")]
    await process.instance.phase("npm_install" if fresh else "npm_reinstall")
    for name in fresh:
        _install(process, prefix, name, names[name][len(name) + 1 :] or "1.0.0")
    await process.say(f"\nadded {len(fresh)} packages\n" if fresh else "\nup to date\n")
    return 0


def _install(process: FakeProcess, prefix: str, name: str, version: str) -> None:
    tree, now_s = process.files, process.clock.now()
    folder, program = f"{prefix}/lib/node_modules/{name}", name.rpartition("/")[2]
    tree.mkdir(folder, now_s, parents=True)
    tree.write(f"{folder}/cli.js", b"#!/usr/bin/env node\n", now_s, mode=0o755)
    tree.mkdir(f"{prefix}/bin", now_s, parents=True)
    if not tree.exists(f"{prefix}/bin/{program}"):
        tree.symlink(f"../lib/node_modules/{name}/cli.js", f"{prefix}/bin/{program}", now_s)
    manifest = {"name": name, "version": version, "bin": {program: "cli.js"}}
    tree.write(f"{folder}/package.json", json.dumps(manifest).encode(), now_s)
