"""What the settings APIs share: reading and changing one kind of a user's settings."""

import json

from envelope import ApiError


async def read(env, user_id, kind):
    return json.loads(await env.USERS.getByName(user_id).get(kind))


async def put(env, user_id, kind, value):
    """Replace a setting; on return no later message runs with the old one. Raises ApiError 413."""
    _taken(await env.USERS.getByName(user_id).put(kind, json.dumps(value)))
    return value


async def put_item(env, user_id, kind, name, value):
    """Set an entry. Raises ApiError 413 when the whole setting would become too large."""
    _taken(await env.USERS.getByName(user_id).put_item(kind, name, json.dumps(value)))
    return value


def _taken(refusal):
    if refusal is not None:
        raise ApiError(413, refusal)


async def remove_item(env, user_id, kind, name):
    """Take an entry away; False when there is none."""
    return await env.USERS.getByName(user_id).remove_item(kind, name)
