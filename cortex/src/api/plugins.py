"""`/api/plugins`: bundles of agents, commands, rules and MCP servers."""

from urllib.parse import unquote

from envelope import ApiError, body_of, ok
from validation import mcp_server, name_of, text_of

from api import setting


async def handle(request, env, ctx, user_id, parts, query):
    match request.method, parts:
        case "GET", []:
            return ok(await setting.read(env, user_id, "plugins"))
        case "PUT", [name]:
            plugin = _plugin(name_of(unquote(name)), await body_of(request))
            return ok(await setting.put_item(env, user_id, "plugins", plugin["name"], plugin))
        case "DELETE", [name]:
            if not await setting.remove_item(env, user_id, "plugins", unquote(name)):
                raise ApiError(404, "no such plugin")
            return ok()
    raise ApiError(404, "no such route")


def _plugin(name, body):
    plugin = {"name": name, "enabled": body.get("enabled", True) is True}
    for part in ("agents", "commands", "rules"):
        texts = body.get(part) or {}
        if not isinstance(texts, dict):
            raise ApiError(400, f"{part} must be an object of texts")
        plugin[part] = {name_of(key): text_of(text, part) for key, text in texts.items()}
    servers = body.get("mcpServers") or []
    if not isinstance(servers, list) or not all(isinstance(server, dict) for server in servers):
        raise ApiError(400, "mcpServers must be a list of servers")
    return plugin | {"mcpServers": [mcp_server(server) for server in servers]}
