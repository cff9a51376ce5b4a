"""A sandbox that does not start: what the Sandbox SDK says of it once its own patience is at its end."""

from envelope import ApiError


class DoesNotStart(ApiError):
    """Whoever asks again waits for just as long again."""


def start_failure(failure):
    """The DoesNotStart that a failure means, with its cause; None when it means something else."""
    if isinstance(failure, DoesNotStart):
        return failure
    context = getattr(failure, "context", None) or {}
    if getattr(failure, "code", None) == "CONTAINER_UNAVAILABLE":
        full = context.get("reason") == "max_container_instances_exceeded"
        why = "as many containers run as may (max_instances)" if full else "no container is free for it"
        return DoesNotStart(503, f"the sandbox does not start: {why}: {failure}")
    if context.get("phase") == "startup":
        return DoesNotStart(503, f"the sandbox does not start: {context.get('error', failure)}")
    return None
