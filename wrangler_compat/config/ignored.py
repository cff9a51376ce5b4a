"""Keys that mean nothing on one's own machine, checked as wrangler checks them: a deploy shall not fail on
what was never read here.

Source: spec wrangler.md sections 2 and 3; texts of wrangler 4.164.0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from wrangler_compat.config.diagnostics import MISSING, shown
from wrangler_compat.config.fields import Fields, is_type
from wrangler_compat.config.routes import check_route, check_routes

_STRINGS = ("$schema", "account_id", "jsx_factory", "jsx_fragment", "tsconfig", "base_dir")
_BOOLEANS = (
    *("workers_dev", "preview_urls", "find_additional_modules", "preserve_file_names", "no_bundle", "minify"),
    *("keep_names", "first_party_worker", "logpush", "upload_source_maps", "send_metrics", "keep_vars"),
)
_RULE_TYPES = ("ESModule", "CommonJS", "CompiledWasm", "Text", "Data")


def check_ignored(fields: Fields) -> None:
    """Check every ignored key that is there; what is wrong goes to the findings."""
    for key in _STRINGS:
        fields.string(key)
    for key in _BOOLEANS:
        fields.boolean(key)
    fields.expect_array(fields.raw("addresses"), "string", "addresses", ("addresses",))
    region = fields.raw("compliance_region")
    if region not in (MISSING, "public", "fedramp_high"):
        text = 'Expected "compliance_region" field to be one of ["public","fedramp_high"] but got '
        fields.error(f"{text}{shown(region)}.", "compliance_region")
    _warn_empty(fields)
    check_route(fields)
    check_routes(fields)
    for key, check in _CHECKS.items():
        value = fields.raw(key)
        if value is not MISSING:
            check(fields, key, value)


def _warn_empty(fields: Fields) -> None:
    for key in ("route", "account_id"):
        if fields.raw(key) == "":
            fields.warn(
                f'The "{key}" field in your configuration is an empty string and will be ignored.\n'
                f'Please remove the "{key}" field from your configuration.',
                key,
            )


def _limits(fields: Fields, key: str, value: Any) -> None:
    if isinstance(value, dict):
        _expect_members(fields, key, value, {"cpu_ms": "number", "subrequests": "number"})


def _observability(fields: Fields, key: str, value: Any) -> None:
    if not _is_object(fields, key, value):
        return
    parts = [("", value), *((part, value.get(part)) for part in ("logs", "traces", "issues"))]
    names = [f"{key}.{part}.enabled" if part else f"{key}.enabled" for part, _ in parts]
    switches = [found.get("enabled") if isinstance(found, dict) else None for _, found in parts]
    if all(switch is None for switch in switches):
        fields.error(" or ".join(f'"{name}"' for name in names) + " is required.", key)
    known = {"head_sampling_rate": "number", "redact_query_string": "boolean", "logs": "object"}
    _expect_members(fields, key, value, {**known, "traces": "object"})
    _warn_unknown(fields, key, value, ("enabled", "issues", *known, "traces"))
    for name, found in parts[:3]:
        rate = found.get("head_sampling_rate") if isinstance(found, dict) else None
        if is_type(rate, "number") and not 0 <= rate <= 1:  # type: ignore[operator]
            field = f"{name}.head_sampling_rate" if name else "head_sampling_rate"
            fields.error(f'"{key}.{field}" must be a value between 0 and 1.', key, name)


def _placement(fields: Fields, key: str, value: Any) -> None:
    if not isinstance(value, dict):
        fields.error(f'The field "{key}" should be an object but got {shown(value)}.', key)
        return
    targets = [name for name in ("region", "host", "hostname") if name in value]
    if targets and "hint" not in value:
        return
    if "mode" not in value:
        fields.error(f'"{key}.mode" is a required field.', key)
        return
    choices = ("off", "smart") if "hint" in value else ("off", "smart", "targeted")
    fields.expect(value["mode"], "string", f"{key}.mode", (key, "mode"), choices=choices)


def _rules(fields: Fields, key: str, value: Any) -> None:
    if not isinstance(value, list):
        fields.error(f'The field "{key}" should be an array but got {shown(value)}.', key)
        return
    for index, rule in enumerate(value):
        if not isinstance(rule, dict):
            fields.error(f'"{key}[{index}]" should be an object but got {shown(rule)}.', key, index)
            continue
        if rule.get("type") not in _RULE_TYPES:
            fields.error(
                'bindings should have a string "type" field, which contains one of "ESModule", "CommonJS", '
                '"CompiledWasm", "Text", or "Data".',
                *(key, index),
            )
        globs = rule.get("globs")
        fields.expect_array(globs, "string", f"{key}[{index}].globs", (key, index, "globs"))
        if not isinstance(rule.get("fallthrough", False), bool):
            fields.error('the field "fallthrough", when present, should be a boolean.', key, index)


def _define(fields: Fields, key: str, value: Any) -> None:
    for name, text in fields.table(key).items():
        if not isinstance(text, str):
            named = fields.named(key, name)
            fields.error(f'The field "{named}" should be a string but got {shown(text)}.', key, name)


def _alias(fields: Fields, key: str, value: Any) -> None:
    if not isinstance(value, dict):
        fields.error(f"Expected {key} to be an object, but got {_typeof(value)}", key)
        return
    for name, target in value.items():
        if not isinstance(target, str):
            fields.error(f'Expected {key}["{name}"] to be a string, but got {_typeof(target)}', key, name)


def _tails(fields: Fields, key: str, value: Any) -> None:
    if not isinstance(value, list):
        fields.error(f'Expected "{key}" to be an array but got {shown(value)}.', key)
        return
    for index, entry in enumerate(value):
        field = f"{key}[{index}]"
        if not isinstance(entry, dict):
            fields.error(f'"{field}" should be an object but got {shown(entry)}.', key, index)
        elif "service" not in entry:
            fields.error(f'"{field}.service" is a required field.', key, index)
        else:
            fields.expect(entry["service"], "string", f"{field}.service", (key, index, "service"))


def _cache(fields: Fields, key: str, value: Any) -> None:
    if not _is_object(fields, key, value):
        return
    if "enabled" not in value:
        fields.error(f'"{key}.enabled" is a required field.', key)
    known = {"enabled": "boolean", "cross_version_cache": "boolean"}
    _expect_members(fields, key, value, known)
    _warn_unknown(fields, key, value, tuple(known))


def _python_modules(fields: Fields, key: str, value: Any) -> None:
    if not _is_object(fields, key, value):
        return
    exclude = value.get("exclude", [])
    if not isinstance(exclude, list) or not all(isinstance(glob, str) for glob in exclude):
        text = f'Expected "{key}.exclude" to be of type string array but got {shown(exclude)}.'
        fields.error(text, key, "exclude")


def _dependencies(fields: Fields, key: str, value: Any) -> None:
    if fields.expect(value, "object", key, (key,)) and isinstance(value, dict):
        _expect_members(fields, key, value, {"enabled": "boolean"})
        packages = value.get("exclude_packages", MISSING)
        fields.expect_array(packages, "string", f"{key}.exclude_packages", (key, "exclude_packages"))
        _warn_unknown(fields, key, value, ("enabled", "exclude_packages"))


def _access(fields: Fields, key: str, value: Any) -> None:
    if _is_object(fields, key, value):
        _warn_unknown(fields, key, value, ("dev",))


_CHECKS: dict[str, Callable[[Fields, str, Any], None]] = {
    "limits": _limits,
    "observability": _observability,
    "placement": _placement,
    "rules": _rules,
    "define": _define,
    "alias": _alias,
    "tail_consumers": _tails,
    "streaming_tail_consumers": _tails,
    "cache": _cache,
    "python_modules": _python_modules,
    "dependencies_instrumentation": _dependencies,
    "access": _access,
}


def _is_object(fields: Fields, key: str, value: Any) -> bool:
    if isinstance(value, dict):
        return True
    fields.error(f'"{key}" should be an object but got {shown(value)}.', key)
    return False


def _expect_members(fields: Fields, key: str, value: Mapping[str, Any], kinds: Mapping[str, str]) -> None:
    for name, kind in kinds.items():
        fields.expect(value.get(name, MISSING), kind, f"{key}.{name}", (key, name))


def _warn_unknown(fields: Fields, key: str, value: Mapping[str, Any], known: tuple[str, ...]) -> None:
    fields.warn_unexpected(value, frozenset(known), key)


def _typeof(value: Any) -> str:
    return next((kind for kind in ("string", "number", "boolean") if is_type(value, kind)), "object")
