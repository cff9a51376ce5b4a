"""`/api/secrets`: secrets go in and never come out again, but into the user's own sandboxes."""

from urllib.parse import unquote

from envelope import ApiError, body_of, ok
from validation import secret_name, secret_value

from api import setting


async def handle(request, env, ctx, user_id, parts, query):
    match request.method, parts:
        case "GET", []:
            return ok([{"name": name} for name in sorted(await setting.read(env, user_id, "secrets"))])
        case "PUT", [name]:
            value = secret_value((await body_of(request)).get("value"))
            await setting.put_item(env, user_id, "secrets", secret_name(unquote(name)), value)
            return ok({"name": unquote(name)})
        case "DELETE", [name]:
            if not await setting.remove_item(env, user_id, "secrets", unquote(name)):
                raise ApiError(404, "no such secret")
            return ok()
    raise ApiError(404, "no such route")
