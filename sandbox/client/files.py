"""Files of a sandbox, and git (spec sections 5.2 and 5.3)."""

from __future__ import annotations

import base64
from typing import Any

from sandbox.client.remote import Remote
from sandbox.container.both_names import methods_of, name_both
from sandbox.container.values import Record, options_of

_WATCH = ("recursive", "include", "exclude", "session_id")


class Files:
    """What reads and writes files. Relative paths begin where the session is."""

    remote: Remote

    async def _with_options(self, method: str, *args: Any, options: dict[str, Any]) -> Any:
        return await self.remote.call(method, *args, self.remote.options(options))

    async def write_file(self, path: str, content: Any, options: Any = None, **keywords: Any) -> Record:
        """Create or replace a file. `content` is text, bytes, or a ReadableStream (its directories are
        made, too). Option: `encoding` "base64", when the text is that of a binary file. Returns
        `success`, `path`, `timestamp`. Raises FileSystemError and its like."""
        chosen = options_of(options, keywords, ("encoding", "session_id"))
        if isinstance(content, (bytes, bytearray, memoryview)):
            content = base64.b64encode(bytes(content)).decode()
            chosen["encoding"] = "base64"
        return await self._with_options("writeFile", path, content, options=chosen)

    async def read_file(self, path: str, options: Any = None, **keywords: Any) -> Record:
        """The content of a file, at most 32 MiB.

        Option: `encoding` ("utf-8", "base64", "none" for a stream); by default text is text, and a binary
        file base64. Returns `content`, `encoding`, `is_binary`, `mime_type`, `size`, `path`, `timestamp`.
        Raises FileNotFoundError, FileTooLargeError.
        """
        chosen = options_of(options, keywords, ("encoding", "session_id"))
        return await self._with_options("readFile", path, options=chosen)

    async def read_file_stream(self, path: str, options: Any = None, **keywords: Any) -> Any:
        """The content of a file of any size as a ReadableStream of events, for `stream_file` and
        `collect_file`. Raises FileNotFoundError."""
        chosen = options_of(options, keywords, ("session_id",))
        return await self._with_options("readFileStream", path, options=chosen)

    async def mkdir(self, path: str, options: Any = None, **keywords: Any) -> Record:
        """Make a directory; with `recursive` those above it, too. Raises FileSystemError."""
        chosen = options_of(options, keywords, ("recursive", "session_id"))
        return await self._with_options("mkdir", path, options=chosen)

    async def delete_file(self, path: str) -> Record:
        """Remove a file. Raises FileNotFoundError, FileSystemError (IS_DIRECTORY) for a directory."""
        found: Record = await self.remote.call("deleteFile", path, self.remote.session_id)
        return found

    async def rename_file(self, old_path: str, new_path: str) -> Record:
        """Give a file another name. Raises FileNotFoundError."""
        found: Record = await self.remote.call("renameFile", old_path, new_path, self.remote.session_id)
        return found

    async def move_file(self, source_path: str, destination_path: str) -> Record:
        """Move a file. Raises FileNotFoundError."""
        found: Record = await self.remote.call(
            "moveFile", source_path, destination_path, self.remote.session_id
        )
        return found

    async def list_files(self, path: str, options: Any = None, **keywords: Any) -> Record:
        """What a directory holds: `files`, each with `name`, `absolute_path`, `relative_path`, `type`,
        `size`, `modified_at`, `mode`, `permissions`; and `count`. Options: `recursive`, `include_hidden`.
        Raises FileNotFoundError, FileSystemError (NOT_DIRECTORY)."""
        chosen = options_of(options, keywords, ("recursive", "include_hidden", "session_id"))
        return await self._with_options("listFiles", path, options=chosen)

    async def exists(self, path: str, session_id: str | None = None) -> Record:
        """Whether there is something at a path: `exists`."""
        session = self.remote.session_id if session_id is None else session_id
        found: Record = await self.remote.call("exists", path, session)
        return found

    async def watch(self, path: str, options: Any = None, **keywords: Any) -> Any:
        """A ReadableStream of what changes: events `watching`, `event` (`event_type`, `path`,
        `is_directory`), `error`, `stopped`. Options: `recursive` (true), and `include` or `exclude`, lists of
        patterns. Raises ValidationFailedError for both at once."""
        chosen = options_of(options, keywords, _WATCH)
        return await self._with_options("watch", path, options=chosen)

    async def check_changes(self, path: str, options: Any = None, **keywords: Any) -> Record:
        """Whether something changed `since` the version of an earlier answer: `status` (unchanged, changed,
        resync), `version`."""
        chosen = options_of(options, keywords, (*_WATCH, "since"))
        return await self._with_options("checkChanges", path, options=chosen)

    async def git_checkout(self, repo_url: str, options: Any = None, **keywords: Any) -> Record:
        """Clone a repository. Options: `branch`, `target_dir` (default: /workspace and its name), `depth`,
        `clone_timeout_ms` (600000). Returns `success`, `repo_url`, `branch`, `target_dir`, `timestamp`.
        Raises GitError and its like."""
        known = ("branch", "target_dir", "depth", "clone_timeout_ms", "session_id")
        return await self._with_options("gitCheckout", repo_url, options=options_of(options, keywords, known))


name_both(Files, (), methods_of(Files))
