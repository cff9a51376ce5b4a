"""`route` and `routes`: of deploys only, checked as wrangler checks them.

Source: spec wrangler.md section 2; texts of wrangler 4.164.0.
"""

from __future__ import annotations

import json
from typing import Any

from wrangler_compat.config.diagnostics import MISSING, shown
from wrangler_compat.config.fields import Fields

_SHAPE = "{ pattern, custom_domain, zone_id | zone_name, enabled, previews_enabled }"
_KINDS = {
    "zone_id": str,
    "zone_name": str,
    "custom_domain": bool,
    "enabled": bool,
    "previews_enabled": bool,
}


def check_route(fields: Fields) -> None:
    """`route`: one pattern, or an object with one."""
    route = fields.raw("route")
    if route not in (MISSING, "") and not _is_route(route):
        fields.error(
            f'Expected "route" to be either a string, or an object with shape {_SHAPE}, but got '
            f"{shown(route)}.",
            "route",
        )


def check_routes(fields: Fields) -> None:
    """`routes`: a list of those; not beside `route`."""
    routes = fields.raw("routes")
    if routes is MISSING:
        return
    if not isinstance(routes, list):
        fields.error(f'Expected "routes" to be an array but got {shown(routes)}.', "routes")
        return
    wrong = [route for route in routes if not _is_route(route)]
    if wrong:
        listed = json.dumps(wrong, indent=2, ensure_ascii=False, default=str)
        fields.error(
            f'Expected "routes" to be an array of either strings or objects with the shape {_SHAPE}, '
            "but these "
            f"weren't valid: {listed}.",
            "routes",
        )
    if fields.raw("route") not in (MISSING, ""):
        fields.error('Expected exactly one of the following fields ["routes","route"].', "routes")


def _is_route(route: Any) -> bool:
    if isinstance(route, str):
        return bool(route)
    if not isinstance(route, dict) or not isinstance(route.get("pattern"), str):
        return False
    others = set(route) - {"pattern"}
    if not others or any(not isinstance(route[name], _KINDS.get(name, ())) for name in others):
        return False
    if {"zone_id", "zone_name"} <= others:
        return False
    return "custom_domain" in others or not others & {"enabled", "previews_enabled"}
