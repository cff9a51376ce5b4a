"""The same configurations read by the real wrangler and by this emulator, to be compared."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from edge.errors import ConfigError
from tests.peers.npm import environment, peers
from wrangler_compat.config.diagnostics import Diagnostics
from wrangler_compat.config.load import LoadOptions, load, read_worker
from wrangler_compat.config.schema import FIELDS, KEYS
from wrangler_compat.config.source import read

CORPUS = Path(__file__).parent / "configs"
READER = Path(__file__).parent / "read_configs.js"
#: An environment that no file has. It is asked for in files with environments, and in two without.
NOWHERE = "nowhere"
LONELY = ("minimal.jsonc", "whole.toml")
#: Set in the process that reads, and in no file.
PROCESS = {"MISSING": "from the process"}

#: What wrangler fills in; a file without the key reads as if it had this value.
DEFAULTS: dict[str, Any] = {
    "build": {"watch_dir": "./src"},
    "compatibility_flags": [],
    "dev": {
        **{"ip": "localhost", "local_protocol": "http", "upstream_protocol": "http"},
        **{"enable_containers": True, "generate_types": False},
    },
    "durable_objects": {"bindings": []},
    "exports": {},
    "jsx_factory": "React.createElement",
    "jsx_fragment": "React.Fragment",
    "logfwdr": {"bindings": []},
    "migrations": [],
    "no_bundle": True,
    "python_modules": {"exclude": ["**/*.pyc"]},
    "queues": {"producers": [], "consumers": []},
    "rules": [],
    "site": {"include": [], "exclude": []},
    "triggers": {},
    **{name: {} for name in ("vars", "define", "cloudchamber", "unsafe")},
}
#: Sections that wrangler completes member by member.
COMPLETED = ("dev", "durable_objects", "site", "build")
ENVIRONMENT = "environment configuration"  # the heading of a group
#: It adds this rule to every Python Worker.
PYTHON_RULE = {"type": "PythonModule", "globs": ["**/*.py"]}
PATHS = ("main", "base_dir", "tsconfig", "pages_build_output_dir")


@dataclass(frozen=True)
class Case:
    """One file in one environment."""

    file: Path
    environment: str | None

    @property
    def id(self) -> str:
        name = str(self.file.relative_to(CORPUS)) if self.file.is_relative_to(CORPUS) else str(self.file)
        return name if self.environment is None else f"{name}@{self.environment}"


@dataclass(frozen=True)
class Reading:
    """What somebody makes of a case."""

    values: dict[str, Any] = field(default_factory=dict)
    local: dict[str, Any] = field(default_factory=dict)
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    #: Line and column of a syntax error.
    position: tuple[int, int] | None = None

    def differences(self, other: Reading) -> list[str]:
        """Names of the parts in which the two differ."""
        if self.position is not None or other.position is not None:
            return [] if self.position == other.position else ["position"]
        found = [part for part in ("errors", "warnings") if getattr(self, part) != getattr(other, part)]
        if self.errors or other.errors:
            return [part for part in found if part == "errors"]
        found += _different("values", self.values, other.values)
        return found + _different("local", self.local, other.local)


def _different(name: str, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    keys = [key for key in {**ours, **theirs} if ours.get(key) != theirs.get(key)]
    return [f"{name}.{key}" for key in sorted(keys)]


def cases(folder: Path, names: str = "*") -> Iterator[Case]:
    """Every configuration below `folder`: the top level, each environment, and one that is not there."""
    for path in sorted(folder.rglob(names)):
        if path.suffix not in (".json", ".jsonc", ".toml"):
            continue
        yield Case(path, None)
        environments = _environments(path)
        for name in environments:
            yield Case(path, name)
        if environments or path.name in LONELY:
            yield Case(path, NOWHERE)


def _environments(path: Path) -> list[str]:
    try:
        found = read(path).data.get("env")
    except ConfigError:
        return []
    return list(found) if isinstance(found, dict) else []


@cache
def theirs(asked: tuple[Case, ...]) -> dict[Case, Reading]:
    """What the real wrangler makes of `asked`, all in one process."""
    modules = peers() / "node_modules"
    done = subprocess.run(
        [str(modules / ".bin" / "node"), str(READER)],
        input=json.dumps([[str(case.file), case.environment] for case in asked]).encode(),
        cwd=CORPUS,
        env=environment({"NODE_PATH": str(modules), **PROCESS}),
        capture_output=True,
        timeout=110,
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    found = json.loads(done.stdout)
    return {case: _their_reading(case, result) for case, result in zip(asked, found, strict=True)}


def _their_reading(case: Case, result: Mapping[str, Any]) -> Reading:
    location = result.get("location")
    if location is not None:
        return Reading(position=(location["line"], location["column"] + 1))
    if "error" in result:
        return Reading(errors=items(_plain(result["error"])))
    if "error" in result["local"]:
        return Reading(errors=items(result["local"]["error"]))
    warnings = items("\n".join(_plain(text) for text in result["warnings"]))
    folder = case.file.parent
    return Reading(_values(result["config"], folder), _their_local(result["local"]), warnings=warnings)


def _plain(text: str) -> str:
    """Without colours and the frame of the logger."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    return text.replace("▲ [WARNING] ", "")


def ours(case: Case) -> Reading:
    """What this emulator makes of `case`."""
    try:
        source = read(case.file)
    except ConfigError as error:
        return Reading(position=(error.line or 0, error.column or 0))
    diagnostics = Diagnostics(f"Processing {case.file.name} configuration:")
    declared = read_worker(source, case.environment, diagnostics)
    if diagnostics.has_errors:
        return Reading(errors=items(_renamed(diagnostics.render_errors(), case.file)))
    report = _renamed(diagnostics.render_warnings(), case.file)
    warnings = items(report) if diagnostics.has_warnings else ()
    settings = declared.fields.environment.settings
    return Reading(_values(settings, case.file.parent), _our_local(case), warnings=warnings)


def _renamed(text: str, file: Path) -> str:
    """wrangler calls every file "wrangler", whatever its name is."""
    return text.replace(f"{file.name} file", f"wrangler{file.suffix} file")


def items(text: str) -> tuple[str, ...]:
    """The messages of a rendered report, in order of the alphabet: the order in it says nothing."""
    found: list[str] = []
    for line in text.split("\n"):
        if not line.strip() or line.startswith("Processing ") or line.endswith(ENVIRONMENT):
            continue
        if line.lstrip().startswith("- ") or not found:
            found.append(line.strip().removeprefix("- "))
        else:
            found[-1] += "\n" + line.strip()
    return tuple(sorted(found))


def _values(config: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Every key that the schema knows, with what wrangler fills in; absent ones are left out."""
    found: dict[str, Any] = {}
    for key in KEYS:
        value = config.get(key)
        if key == "rules" and isinstance(value, list):
            value = [rule for rule in value if rule != PYTHON_RULE]
        if key in COMPLETED and isinstance(value, dict):
            known = FIELDS.get(key, value)
            value = {**DEFAULTS[key], **{name: member for name, member in value.items() if name in known}}
        if value is None:
            value = DEFAULTS.get(key)
        if key in ("account_id", "route"):
            value = value or None  # "will be ignored", say both
        if key in PATHS and isinstance(value, str):
            value = str((folder / value).resolve())
        if value not in (None, [], {}) and key not in ("$schema", "env"):
            found[key] = value
    return found


_SIMPLE = {
    **{"compatibilityDate": "date", "compatibilityFlags": "flags", "cronTriggers": "crons"},
    **{"bindings": "variables", "assets": "assets"},
}


def _their_local(options: Mapping[str, Any]) -> dict[str, Any]:
    """What wrangler gives to its local runtime, as far as this emulator has it."""
    found: dict[str, Any] = {name: options.get(key) or None for key, name in _SIMPLE.items()}
    found["kv"] = {name: entry["id"] for name, entry in options["kvNamespaces"].items()}
    found["r2"] = {name: entry["id"] for name, entry in options["r2Buckets"].items()}
    found["d1"] = {name: entry["id"] for name, entry in options["d1Databases"].items()}
    found["durable"] = {
        name: [entry["className"], entry.get("scriptName"), bool(entry.get("useSQLite"))]
        for name, entry in options["durableObjects"].items()
    }
    found["services"] = {
        name: [entry["name"], entry.get("entrypoint"), entry.get("props") or {}]
        for name, entry in options["serviceBindings"].items()
    }
    found["rate limits"] = {
        name: [entry["namespace_id"], entry["simple"]["limit"], entry["simple"]["period"]]
        for name, entry in options["ratelimits"].items()
    }
    found["queues"] = {
        name: [entry["queueName"], entry.get("deliveryDelay") or 0]
        for name, entry in options["queueProducers"].items()
    }
    # Where the file says nothing, the defaults differ (docs/limitations.md).
    found["queue consumers"] = {
        name: [
            entry.get("maxBatchSize", 10),
            entry.get("maxBatchTimeout", 5),
            entry.get("maxRetries", 3),
            entry.get("deadLetterQueue"),
            entry.get("retryDelay", 0),
        ]
        for name, entry in options["queueConsumers"].items()
    }
    found["analytics"] = sorted(options["analyticsEngineDatasets"])
    assets = found["assets"]
    if assets is not None:
        routing = assets["routerConfig"]
        found["assets"] = [
            str(Path(assets["directory"]).resolve()),
            assets.get("binding"),
            assets["assetConfig"].get("html_handling", "auto-trailing-slash"),
            assets["assetConfig"].get("not_found_handling", "none"),
            assets.get("run_worker_first", routing.get("invoke_user_worker_ahead_of_assets", False)) or False,
        ]
    return {name: value for name, value in found.items() if value}


def _our_local(case: Case) -> dict[str, Any]:
    """What this emulator's worlds are built from."""
    options = LoadOptions(environment=case.environment, allow_unsupported=True, process=PROCESS)
    try:
        worker = load([case.file], options).world.primary
    except ConfigError as error:
        return {"error": "\n".join(items(error.message))}
    found: dict[str, Any] = {
        "date": worker.compatibility_date,
        "flags": list(worker.compatibility_flags),
        "crons": list(worker.crons),
        "variables": {**worker.vars, **worker.secrets},
        "kv": {binding.name: binding.id for binding in worker.kv},
        "r2": {binding.name: binding.bucket for binding in worker.r2},
        "d1": {binding.name: binding.id for binding in worker.d1},
        "durable": {
            binding.name: [
                binding.class_name,
                binding.script,
                worker.durable_classes.get(binding.class_name, False),
            ]
            for binding in worker.durable
        },
        "services": {
            binding.name: [binding.service, binding.entrypoint, dict(binding.props)]
            for binding in worker.services
        },
        "rate limits": {
            binding.name: [binding.namespace_id, binding.limit, binding.period_s]
            for binding in worker.rate_limits
        },
        "queues": {one.name: [one.queue, one.delivery_delay_s] for one in worker.queues},
        "queue consumers": {
            one.queue: [
                one.max_batch_size,
                one.max_batch_timeout_s,
                one.max_retries,
                one.dead_letter_queue,
                one.retry_delay_s,
            ]
            for one in worker.queue_consumers
        },
        "analytics": sorted(worker.analytics),
    }
    if worker.assets is not None:
        first = worker.assets.run_worker_first
        found["assets"] = [
            str(worker.assets.directory),
            worker.assets.binding,
            worker.assets.html_handling,
            worker.assets.not_found_handling,
            list(first) if isinstance(first, Sequence) else first,
        ]
    return {name: value for name, value in found.items() if value}
