"""What a world is made of, as plain data. `wrangler_compat.config` reads it from wrangler's files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from edge.errors import ConfigError

#: Subrequests of an invocation on a paid plan, unless configured (spec runtime.md section 6).
SUBREQUESTS_MAX = 10_000


#: `calls`: what the SDK does not convert behaves as Pyodide's proxies do. `bindings`: and the SDK converts no
#: bindings.
StrictFfi = Literal["calls", "bindings"]


@dataclass(frozen=True, slots=True)
class KvBinding:
    """`env.<name>` is the KV namespace `id`."""

    name: str
    id: str


@dataclass(frozen=True, slots=True)
class DurableBinding:
    """`env.<name>` is the namespace of a Durable Object class, of this Worker or of `script`."""

    name: str
    class_name: str
    script: str | None = None


@dataclass(frozen=True, slots=True)
class ServiceBinding:
    """`env.<name>` calls another Worker, or one of its named entrypoints."""

    name: str
    service: str
    entrypoint: str | None = None
    props: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class D1Binding:
    """`env.<name>` is the D1 database `id`."""

    name: str
    id: str


@dataclass(frozen=True, slots=True)
class R2Binding:
    """`env.<name>` is the R2 bucket `bucket`."""

    name: str
    bucket: str


@dataclass(frozen=True, slots=True)
class VectorizeBinding:
    """`env.<name>` is the Vectorize index `index`."""

    name: str
    index: str


@dataclass(frozen=True, slots=True)
class QueueBinding:
    """`env.<name>` sends to the queue `queue`; messages without a delay of their own get this one."""

    name: str
    queue: str
    delivery_delay_s: int = 0


@dataclass(frozen=True, slots=True)
class QueueConsumer:
    """The Worker takes messages from `queue`. The defaults are Cloudflare's (Queues "Configure Queues"), but
    for `max_concurrency`: there the platform decides."""

    queue: str
    max_batch_size: int = 10
    max_batch_timeout_s: float = 5.0
    max_retries: int = 3
    dead_letter_queue: str | None = None
    retry_delay_s: int = 0
    max_concurrency: int = 1


@dataclass(frozen=True, slots=True)
class RateLimitBinding:
    """`env.<name>` lets through `limit` calls a key in `period_s` seconds; bindings with one namespace
    count together."""

    name: str
    namespace_id: str
    limit: float
    period_s: int


@dataclass(frozen=True, slots=True)
class AssetsConfig:
    """Static files served before, after or by the Worker (spec runtime.md section 9)."""

    directory: Path
    binding: str | None = None
    html_handling: str = "auto-trailing-slash"
    not_found_handling: str = "none"
    run_worker_first: bool | tuple[str, ...] = False


@dataclass(frozen=True, slots=True)
class ContainerConfig:
    """The containers of a Durable Object class: what they start from, how many there may be, what each may
    use (spec sandbox-and-containers.md section 1). Either `dockerfile` or `image` is set."""

    class_name: str
    image: str | None = None
    dockerfile: Path | None = None
    build_context: Path | None = None
    build_args: Mapping[str, str] = field(default_factory=dict)
    max_instances: int = 20
    instance_type: str = "lite"
    vcpu: float = 1 / 16
    memory_mib: int = 256
    disk_mb: int = 2000


@dataclass(frozen=True, slots=True)
class WorkerConfig:
    """One Worker: its code, its dates and flags, its bindings."""

    name: str
    root: Path
    main: Path | None
    compatibility_date: str
    compatibility_flags: tuple[str, ...] = ()
    vars: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    kv: tuple[KvBinding, ...] = ()
    durable: tuple[DurableBinding, ...] = ()
    services: tuple[ServiceBinding, ...] = ()
    assets: AssetsConfig | None = None
    crons: tuple[str, ...] = ()
    #: Durable Object classes that exist, each with whether its storage is SQLite (migrations, in order).
    durable_classes: Mapping[str, bool] = field(default_factory=dict)
    #: For each class that migrations renamed, its first name: where its local data lies.
    former_names: Mapping[str, str] = field(default_factory=dict)
    d1: tuple[D1Binding, ...] = ()
    r2: tuple[R2Binding, ...] = ()
    vectorize: tuple[VectorizeBinding, ...] = ()
    queues: tuple[QueueBinding, ...] = ()
    queue_consumers: tuple[QueueConsumer, ...] = ()
    rate_limits: tuple[RateLimitBinding, ...] = ()
    #: Names of Analytics Engine bindings.
    analytics: tuple[str, ...] = ()
    containers: tuple[ContainerConfig, ...] = ()
    #: How many subrequests one invocation may make.
    subrequests_max: int = SUBREQUESTS_MAX
    #: How strictly values cross to JavaScript; a choice of who runs it, not of the project.
    strict_ffi: StrictFfi | None = None

    def has_flag(self, flag: str, default_from: str | None = None) -> bool:
        """Whether compatibility flag `flag` is on: named, or on by default from a date (YYYY-MM-DD)
        and not switched off by its `no_`/`disable_` twin."""
        if flag in self.compatibility_flags:
            return True
        if f"no_{flag}" in self.compatibility_flags or f"disable_{flag}" in self.compatibility_flags:
            return False
        return default_from is not None and self.compatibility_date >= default_from


@dataclass(frozen=True, slots=True)
class WorldConfig:
    """All Workers of a world; the first one answers requests from outside."""

    workers: tuple[WorkerConfig, ...]

    @property
    def primary(self) -> WorkerConfig:
        return self.workers[0]


def member_of(workers: Mapping[str, WorkerConfig], name: str, who: str) -> WorkerConfig:
    """The Worker `name`, which `who` names. Raises ConfigError when it is not part of the world."""
    if name not in workers:
        text = "which is not part of this world; pass its configuration with another -c"
        raise ConfigError(f'{who} the Worker "{name}", {text}')
    return workers[name]
