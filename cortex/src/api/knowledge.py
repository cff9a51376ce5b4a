"""`/api/knowledge`: what earlier sessions learnt, to read, add and forget."""

from envelope import ApiError, body_of, ok
from knowledge import Knowledge, is_record_id
from noted import KINDS, TEXT_CHARS_MAX
from validation import text_of

from api.sessions import owned


async def handle(request, env, ctx, user_id, parts, query):
    known = Knowledge(env, user_id)
    match request.method, parts:
        case "GET", []:
            return ok(await known.all())
        case "POST", []:
            body = await body_of(request)
            session = await owned(env, str(body.get("sessionId")), user_id)
            if body.get("kind") not in KINDS:
                raise ApiError(400, f"the kind must be one of {', '.join(KINDS)}")
            text = text_of(body.get("text"), "text", TEXT_CHARS_MAX).strip()
            if not text:
                raise ApiError(400, "the text must not be empty")
            [record] = await known.remember(session["id"], [(body["kind"], text)])
            return ok(record, status=201)
        case "DELETE", [record_id] if is_record_id(record_id):
            await known.forget(record_id)
            return ok({"id": record_id})
    raise ApiError(404, "no such route")
