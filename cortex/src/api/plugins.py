"""`/api/plugins`: bundles of agents, commands, rules and MCP servers."""

from urllib.parse import unquote

from envelope import ApiError, body_of, ok
from validation import flag_of, list_of, mcp_server, name_of, object_of, text_of

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
    plugin = {"name": name, "enabled": flag_of(body.get("enabled", True), "enabled")}
    for part in ("agents", "commands", "rules"):
        texts = object_of(body.get(part), part)
        plugin[part] = {name_of(key): text_of(text, f"text in {part}") for key, text in texts.items()}
    servers = list_of(body.get("mcpServers"), "mcpServers")
    return plugin | {"mcpServers": [mcp_server(server) for server in servers]}
