"""`/api/mcp`: MCP servers (the design's `api/mcp.ts`)."""

from urllib.parse import unquote

from envelope import ApiError, body_of, ok
from validation import mcp_server

from api import setting


async def handle(request, env, ctx, user_id, parts, query):
    match request.method, parts:
        case "GET", []:
            return ok(await setting.read(env, user_id, "mcp"))
        case "POST", []:
            server = mcp_server(await body_of(request))
            return ok(await setting.put_item(env, user_id, "mcp", server["name"], server), status=201)
        case "PUT", [name]:
            server = mcp_server({**await body_of(request), "name": unquote(name)})
            return ok(await setting.put_item(env, user_id, "mcp", server["name"], server))
        case "DELETE", [name]:
            if not await setting.remove_item(env, user_id, "mcp", unquote(name)):
                raise ApiError(404, "no such server")
            return ok()
    raise ApiError(404, "no such route")
