"""RPC methods about files, and git (spec sections 5.2 and 5.3)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from sandbox.container.both_names import methods_of, name_both
from sandbox.container.values import Record
from sandbox.errors import InvalidGitUrlError, ValidationFailedError
from sandbox.errors.base import iso_now

_URL_MAX = 2048
_CLONE_TIMEOUT_MS = 600_000


class FileMethods:
    """Reading, writing, listing."""

    async def write_file(self: Any, path: str, content: Any, options: Any = None) -> Any:
        given = dict(options or {})
        session = await self._session(given.get("sessionId"))
        if isinstance(content, str):
            body = {"path": path, "content": content, "encoding": given.get("encoding"), "sessionId": session}
            return await self.control.post("/api/write", body)
        query = {"path": path, **({} if session is None else {"sessionId": session})}
        return await self.control.upload(f"/api/write?{urlencode(query)}", content)

    async def read_file(self: Any, path: str, options: Any = None) -> Any:
        given = dict(options or {})
        session = await self._session(given.get("sessionId"))
        body = {"path": path, "encoding": given.get("encoding"), "sessionId": session}
        if given.get("encoding") != "none":
            return await self.control.post("/api/read", body)
        response = await self.control.raw("/api/read", body)
        return Record(
            success=True,
            path=path,
            content=await self.control.body(response),
            size=int(response.headers.get("x-file-size", 0)),
            mimeType=response.headers.get("content-type"),
            timestamp=iso_now(),
        )

    async def read_file_stream(self: Any, path: str, options: Any = None) -> Any:
        session = await self._session(dict(options or {}).get("sessionId"))
        return await self.control.stream("/api/read/stream", {"path": path, "sessionId": session})

    async def mkdir(self: Any, path: str, options: Any = None) -> Any:
        given = dict(options or {})
        session = await self._session(given.get("sessionId"))
        body = {"path": path, "recursive": bool(given.get("recursive")), "sessionId": session}
        return await self.control.post("/api/mkdir", body)

    async def delete_file(self: Any, path: str, session_id: str | None = None) -> Any:
        body = {"path": path, "sessionId": await self._session(session_id)}
        return await self.control.post("/api/delete", body)

    async def rename_file(self: Any, old_path: str, new_path: str, session_id: str | None = None) -> Any:
        body = {"oldPath": old_path, "newPath": new_path, "sessionId": await self._session(session_id)}
        return await self.control.post("/api/rename", body)

    async def move_file(self: Any, source_path: str, target_path: str, session_id: str | None = None) -> Any:
        paths = {"sourcePath": source_path, "destinationPath": target_path}
        body = {**paths, "sessionId": await self._session(session_id)}
        return await self.control.post("/api/move", body)

    async def list_files(self: Any, path: str, options: Any = None) -> Any:
        given = dict(options or {})
        session = await self._session(given.pop("sessionId", None))
        return await self.control.post(
            "/api/list-files", {"path": path, "options": given, "sessionId": session}
        )

    async def exists(self: Any, path: str, session_id: str | None = None) -> Any:
        body = {"path": path, "sessionId": await self._session(session_id)}
        return await self.control.post("/api/exists", body)

    async def watch(self: Any, path: str, options: Any = None) -> Any:
        return await self.control.stream("/api/watch", await self._watch_request(path, options))

    async def check_changes(self: Any, path: str, options: Any = None) -> Any:
        return await self.control.post("/api/watch/check", await self._watch_request(path, options))

    async def _watch_request(self: Any, path: str, options: Any) -> dict[str, Any]:
        given = dict(options or {})
        if given.get("include") and given.get("exclude"):
            raise ValidationFailedError(
                "include and exclude cannot be used together. Use include to whitelist patterns, or exclude "
                "to blacklist patterns."
            )
        session = await self._session(given.pop("sessionId", None))
        return {"path": path, **given, "sessionId": session}

    async def git_checkout(self: Any, repo_url: str, options: Any = None) -> Any:
        given = dict(options or {})
        if len(repo_url) > _URL_MAX:
            raise InvalidGitUrlError(f"Git URL too long: at most {_URL_MAX} characters")
        body = {
            "repoUrl": repo_url,
            "branch": given.get("branch"),
            "targetDir": given.get("targetDir"),
            "depth": given.get("depth"),
            "timeoutMs": given.get("cloneTimeoutMs", _CLONE_TIMEOUT_MS),
            "sessionId": await self._session(given.get("sessionId")),
        }
        return await self.control.post("/api/git/checkout", body)


name_both(FileMethods, (), methods_of(FileMethods))
