"""A plan as a folder that workerd serves.

workerd.capnp                the configuration
src/, python_modules/        the Worker's modules
assets/                      its static files
storage/                     what edge adds to store data (R2)
data/                        the data; kept when the folder is written again
"""

from __future__ import annotations

from pathlib import Path

from wrangler_compat.deploy.plan import Plan
from wrangler_compat.deploy.workerd.bindings import service_name
from wrangler_compat.deploy.workerd.capnp import constant
from wrangler_compat.deploy.workerd.services import STORAGE, configuration, data_folders
from wrangler_compat.deploy.write import write_file, write_modules

CONFIG = "workerd.capnp"
_HEAD = """\
# Made by edge deploy: {name} for one's own hosts. In this folder:
#   workerd serve --experimental {config}
# Elsewhere than on {address}: --socket-addr http=*:80

"""
_R2 = ("r2.js", "r2_protocol.js")


def write_workerd(plan: Plan, folder: Path, address: str, *, allow_unsupported: bool) -> list[str]:
    """Write `plan` to `folder` for workerd, listening on `address`; gives warnings. Raises UserError for a
    folder with other files, UnsupportedError for bindings that workerd does not have."""
    config, warnings = configuration(plan, address, allow_unsupported=allow_unsupported)
    write_modules(plan, folder)
    if any(service["name"] == service_name("r2") for service in config["services"]):
        for name in _R2:
            write_file(folder / STORAGE / name, Path(__file__).with_name(name).read_bytes())
    for name in data_folders(config):
        (folder / name).mkdir(parents=True, exist_ok=True)
    head = _HEAD.format(name=plan.name, config=CONFIG, address=address)
    write_file(folder / CONFIG, (head + constant("config", "Config", config)).encode())
    return warnings
