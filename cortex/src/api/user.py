"""`/api/user`: instructions (CLAUDE.md), preferences, and rules, commands and agents by name."""

from urllib.parse import unquote

from envelope import ApiError, body_of, ok
from validation import name_of, text_of

from api import setting

_NAMED = ("rules", "commands", "agents")


async def handle(request, env, ctx, user_id, parts, query):
    match request.method, parts:
        case "GET", [("claude-md" | "preferences" | "rules" | "commands" | "agents") as kind]:
            return ok(await setting.read(env, user_id, kind))
        case "PUT", ["claude-md"]:
            content = text_of((await body_of(request)).get("content"), "content")
            return ok(await setting.put(env, user_id, "claude-md", {"content": content}))
        case "PUT", ["preferences"]:
            return ok(await setting.put(env, user_id, "preferences", await body_of(request)))
        case "PUT", [kind, name] if kind in _NAMED:
            content = text_of((await body_of(request)).get("content"), "content")
            return ok(await setting.put_item(env, user_id, kind, name_of(unquote(name)), content))
        case "DELETE", [kind, name] if kind in _NAMED:
            if not await setting.remove_item(env, user_id, kind, unquote(name)):
                raise ApiError(404, f"no such entry in {kind}")
            return ok()
    raise ApiError(404, "no such route")
