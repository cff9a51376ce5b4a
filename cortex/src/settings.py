"""The kinds of settings a user has, and where each lies in KV."""

#: By kind: the KV key, with `{user}`, and what is there before anything was set.
KINDS = {
    "claude-md": ("user-config:{user}:claude-md", {"content": ""}),
    "rules": ("user-config:{user}:rules", {}),
    "commands": ("user-config:{user}:commands", {}),
    "agents": ("user-config:{user}:agents", {}),
    "preferences": ("user-config:{user}:preferences", {}),
    "mcp": ("user-mcp:{user}", []),
    "secrets": ("user-secrets:{user}", {}),
    "plugins": ("user-plugins:{user}", []),
    "ai-providers": ("user-ai-providers:{user}", {"agent": "scripted", "scripted": {}}),
}


def kv_key(kind, user_id):
    return KINDS[kind][0].format(user=user_id)


def defaults():
    """The settings of somebody new."""
    return {kind: default for kind, (_, default) in KINDS.items()}
