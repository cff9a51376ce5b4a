"""`/api/ai-providers`: which agent answers, with which token, and how fast the scripted one talks."""

from envelope import ApiError, body_of, ok
from validation import list_of, mcp_server, object_of, text_of

from api import setting

_PACE = {"firstTokenMs": 60_000, "tokensPerS": 1000, "tokens": 5000}


async def handle(request, env, ctx, user_id, parts, query):
    match request.method, parts:
        case "GET", []:
            return ok(_shown(await setting.read(env, user_id, "ai-providers")))
        case "PUT", []:
            provider = _provider(await body_of(request))
            return ok(_shown(await setting.put(env, user_id, "ai-providers", provider)))
    raise ApiError(404, "no such route")


def _provider(body):
    agent = body.get("agent", "scripted")
    if agent not in ("scripted", "claude"):
        raise ApiError(400, "the agent must be scripted or claude")
    pace = object_of(body.get("scripted"), "scripted")
    for name, value in pace.items():
        if name not in _PACE or isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ApiError(400, f"scripted takes {', '.join(_PACE)} as numbers")
        if not 0 <= value <= _PACE[name]:
            raise ApiError(400, f"{name} must be between 0 and {_PACE[name]}")
    servers = [mcp_server(server) for server in list_of(body.get("mcpServers"), "mcpServers")]
    token = body.get("token")
    if token is not None and not text_of(token, "token", 1000).startswith("sk-ant-"):
        raise ApiError(400, "that is no token of this provider")
    return {"agent": agent, "scripted": pace, "mcpServers": servers, **({"token": token} if token else {})}


def _shown(provider):
    """Without the token itself."""
    return {
        **{key: value for key, value in provider.items() if key != "token"},
        "hasToken": "token" in provider,
    }
