"""Every key that wrangler knows, as data: where it may stand, whether environments inherit it, and what
this emulator does with it.

Source: spec wrangler.md section 3 (wrangler 4.164.0).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Scope(Enum):
    """Where a key may stand and what an environment takes from the top level."""

    TOP = "top level only"
    INHERITED = "inherited by environments"
    OWN = "not inherited"


class Support(Enum):
    """What becomes of a key."""

    EMULATED = "emulated"
    IGNORED = "ignored"  # means nothing on one's own machine
    UNSUPPORTED = "unsupported"  # would change behaviour: stops


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the configuration."""

    scope: Scope
    support: Support
    note: str = ""


def _keys(scope: Scope, support: Support, names: str, note: str = "") -> dict[str, Key]:
    return {name: Key(scope, support, note) for name in names.split()}


KEYS: dict[str, Key] = {
    **_keys(Scope.TOP, Support.EMULATED, "$schema env"),
    **_keys(Scope.TOP, Support.EMULATED, "dev", "ip, port and local_protocol"),
    **_keys(Scope.TOP, Support.IGNORED, "send_metrics dependencies_instrumentation keep_vars", "of deploys"),
    **_keys(Scope.TOP, Support.IGNORED, "alias addresses", "of JavaScript bundles and e-mail routing"),
    **_keys(Scope.TOP, Support.UNSUPPORTED, "site", "Workers Sites: use assets"),
    **_keys(Scope.TOP, Support.UNSUPPORTED, "wasm_modules text_blobs data_blobs", "of service workers"),
    **_keys(Scope.TOP, Support.UNSUPPORTED, "pages_build_output_dir", "Pages projects"),
    **_keys(Scope.INHERITED, Support.EMULATED, "name main compatibility_date compatibility_flags"),
    **_keys(Scope.INHERITED, Support.EMULATED, "migrations exports triggers assets"),
    **_keys(
        Scope.INHERITED, Support.IGNORED, "account_id workers_dev preview_urls route routes", "of deploys"
    ),
    **_keys(Scope.INHERITED, Support.IGNORED, "base_dir tsconfig jsx_factory jsx_fragment", "of bundles"),
    **_keys(Scope.INHERITED, Support.IGNORED, "find_additional_modules preserve_file_names", "of bundles"),
    **_keys(Scope.INHERITED, Support.IGNORED, "no_bundle minify keep_names rules", "of bundles"),
    **_keys(Scope.INHERITED, Support.IGNORED, "logfwdr logpush upload_source_maps placement", "of deploys"),
    **_keys(Scope.INHERITED, Support.IGNORED, "access cache compliance_region observability", "of deploys"),
    **_keys(Scope.INHERITED, Support.IGNORED, "first_party_worker previews", "of deploys"),
    **_keys(Scope.INHERITED, Support.IGNORED, "python_modules", "what a deploy leaves out"),
    **_keys(Scope.INHERITED, Support.EMULATED, "limits", "`subrequests`; `cpu_ms` has no effect"),
    **_keys(Scope.INHERITED, Support.UNSUPPORTED, "build", "custom builds"),
    **_keys(Scope.OWN, Support.EMULATED, "vars secrets durable_objects kv_namespaces services"),
    **_keys(Scope.OWN, Support.EMULATED, "d1_databases r2_buckets ratelimits analytics_engine_datasets"),
    **_keys(Scope.OWN, Support.IGNORED, "define tail_consumers streaming_tail_consumers", "of deploys"),
    **_keys(Scope.OWN, Support.EMULATED, "queues", "but for `visibility_timeout_ms`"),
    **_keys(Scope.OWN, Support.UNSUPPORTED, "workflows", "Workflows"),
    **_keys(Scope.OWN, Support.EMULATED, "vectorize", "exact search, data of its own"),
    **_keys(Scope.OWN, Support.UNSUPPORTED, "hyperdrive ai browser images media stream"),
    **_keys(Scope.OWN, Support.UNSUPPORTED, "send_email version_metadata analytics"),
    **_keys(Scope.OWN, Support.UNSUPPORTED, "mtls_certificates dispatch_namespaces pipelines k2"),
    **_keys(Scope.OWN, Support.UNSUPPORTED, "secrets_store_secrets worker_loaders vpc_services vpc_networks"),
    **_keys(Scope.OWN, Support.UNSUPPORTED, "ai_search ai_search_namespaces agent_memory artifacts flagship"),
    **_keys(
        Scope.OWN, Support.EMULATED, "containers", "what concerns rollouts and ssh only counts in deploys"
    ),
    **_keys(Scope.OWN, Support.UNSUPPORTED, "connect unsafe_hello_world unsafe cloudchamber"),
}

#: Fields of the parts that are emulated, for the warning about unexpected ones.
FIELDS: dict[str, frozenset[str]] = {
    "kv_namespaces": frozenset({"binding", "id", "preview_id", "remote"}),
    "d1_databases": frozenset(
        {
            *("binding", "database_id", "database_internal_env", "database_name", "migrations_dir"),
            *("migrations_pattern", "migrations_table", "preview_database_id", "remote"),
        }
    ),
    "r2_buckets": frozenset(
        {"binding", "bucket_name", "preview_bucket_name", "jurisdiction", "remote", "local_dev"}
    ),
    "containers": frozenset(
        {
            *("name", "class_name", "image", "image_build_context", "image_vars", "max_instances"),
            *("instance_type", "rollout_step_percentage", "rollout_kind", "rollout_active_grace_period"),
            *("scheduling_policy", "constraints", "ssh", "authorized_keys", "trusted_user_ca_keys"),
            *("instances", "durable_objects", "configuration", "wrangler_ssh", "affinities"),
            *("observability", "unsafe"),
        }
    ),
    "vectorize": frozenset({"binding", "index_name", "remote"}),
    "queues": frozenset({"producers", "consumers"}),
    "queues.producers": frozenset({"binding", "queue", "delivery_delay", "remote"}),
    "queues.consumers": frozenset(
        {
            *("queue", "type", "max_batch_size", "max_batch_timeout", "max_retries", "dead_letter_queue"),
            *("max_concurrency", "visibility_timeout_ms", "retry_delay"),
        }
    ),
    "ratelimits": frozenset({"name", "namespace_id", "simple"}),
    "ratelimits.simple": frozenset({"limit", "period"}),
    "analytics_engine_datasets": frozenset({"binding", "dataset"}),
    "durable_objects.bindings": frozenset({"name", "class_name", "script_name", "environment"}),
    "services": frozenset({"binding", "service", "entrypoint", "environment", "props", "remote"}),
    "assets": frozenset(
        {
            *("directory", "binding", "html_handling", "not_found_handling", "base_path"),
            "run_worker_first",
        }
    ),
    "durable_objects": frozenset({"bindings", "code_update_strategy"}),
    "triggers": frozenset({"crons", "events"}),
    "migrations": frozenset(
        {
            "tag",
            "new_classes",
            "new_sqlite_classes",
            "renamed_classes",
            "deleted_classes",
            "transferred_classes",
        }
    ),
    "secrets": frozenset({"required"}),
}

#: The members of `dev`, with their types.
DEV_KINDS = {
    **dict.fromkeys(("ip", "inspector_ip", "local_protocol", "upstream_protocol", "host"), "string"),
    **dict.fromkeys(("port", "inspector_port"), "number"),
    "enable_containers": "boolean",
    "container_engine": "string",
    "generate_types": "boolean",
}
FIELDS["dev"] = frozenset(DEV_KINDS)

HTML_HANDLING = ("auto-trailing-slash", "force-trailing-slash", "drop-trailing-slash", "none")
NOT_FOUND_HANDLING = ("single-page-application", "404-page", "none")


def scoped(scope: Scope) -> list[str]:
    """The keys of one scope, in the table's order."""
    return [name for name, key in KEYS.items() if key.scope is scope]
