"""Images for the tests, made of this machine's own programs: no registry is asked, nothing is downloaded."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#: What the tests run in a container.
PROGRAMS = (
    *("bash", "sh", "awk", "git", "grep", "gzip", "python3", "sed", "tar", "find", "stat", "ps", "hostname"),
    *("basename", "cat", "chmod", "chown", "cp", "cut", "date", "dd", "dirname", "du", "echo", "env", "expr"),
    *("false", "head", "id", "ls", "ln", "mkdir", "mkfifo", "mktemp", "mv", "nice", "nohup", "printf", "pwd"),
    *("readlink", "realpath", "rm", "rmdir", "seq", "setsid", "sha256sum", "sleep", "sort", "stty", "tail"),
    *("tee", "test", "timeout", "touch", "tr", "true", "tty", "uname", "uniq", "unlink", "wc", "yes", "yes"),
)
_ETC = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
    "etc/group": "root:x:0:\nnogroup:x:65534:\n",
}
_FOLDERS = (("root", 0o700), ("tmp", 0o1777), ("var/tmp", 0o1777), ("workspace", 0o755))


class CannotMake(Exception):
    """This machine lacks what an image would be made of."""


def userland() -> bytes:
    """A root file system with a shell, the usual tools, Python and git. Raises CannotMake."""
    tree = _Tree()
    tree.lay_out()
    binaries = [tree.program(name) for name in PROGRAMS]
    stdlib = _stdlib()
    for folder in (stdlib, Path("/usr/lib/git-core"), Path("/usr/share/git-core/templates")):
        binaries += tree.folder(folder)
    tree.libraries(binaries)
    return tree.close()


def busybox() -> bytes:
    """A root file system with busybox and its names for itself, nothing else. Raises CannotMake."""
    tree = _Tree()
    tree.lay_out()
    found = shutil.which("busybox", path=PATH)
    if found is None or _needs([found]):
        raise CannotMake("busybox-static is not installed")
    tree.file("usr/bin/busybox", Path(found))
    for name in subprocess.run([found, "--list"], capture_output=True, text=True, check=True).stdout.split():
        if name != "busybox":
            tree.link(f"usr/bin/{name}", "busybox")
    return tree.close()


class _Tree:
    """A tar archive that grows."""

    def __init__(self) -> None:
        self._bytes = io.BytesIO()
        self._tar = tarfile.open(fileobj=self._bytes, mode="w")  # noqa: SIM115 (closed by `close`)
        self._names: set[str] = set()

    def lay_out(self) -> None:
        """The directories that every system has, with all of `/bin` and `/lib` in `/usr`."""
        for name in ("bin", "sbin", "lib", "lib64"):
            self.link(name, f"usr/{name}")
        for name, mode in _FOLDERS:
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = tarfile.DIRTYPE, mode
            self._tar.addfile(entry)
        for name, content in _ETC.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o644
            self._tar.addfile(entry, io.BytesIO(content.encode()))

    def program(self, name: str) -> Path:
        """A program by its name, whatever this machine calls the file behind it."""
        found = shutil.which(name, path=PATH)
        if found is None:
            raise CannotMake(f"{name} is not installed")
        real = Path(found).resolve()
        self.file(f"usr/bin/{name}", real)
        return real

    def folder(self, folder: Path) -> list[Path]:
        """A folder under its own name; the files in it."""
        files = []
        for parent, folders, names in os.walk(folder):
            folders[:] = sorted(set(folders) - {"test", "idlelib", "lib2to3", "config-3.11-x86_64-linux-gnu"})
            for name in sorted(names):
                path = Path(parent, name)
                self.file(str(path).lstrip("/"), path)
                files.append(path)
        return files

    def libraries(self, files: list[Path]) -> None:
        """The shared libraries that files need, where the loader looks for them."""
        binaries = [str(path) for path in files if path.is_file() and _is_elf(path)]
        for library in _needs(binaries):
            name = library if library.startswith("/usr/") else f"/usr{library}"
            self.file(name.lstrip("/"), Path(library).resolve())

    def file(self, name: str, path: Path) -> None:
        if name not in self._names:
            self._names.add(name)
            self._tar.add(path, name)

    def link(self, name: str, target: str) -> None:
        entry = tarfile.TarInfo(name)
        entry.type, entry.linkname = tarfile.SYMTYPE, target
        self._tar.addfile(entry)

    def close(self) -> bytes:
        self._tar.close()
        return self._bytes.getvalue()


def _stdlib() -> Path:
    python = shutil.which("python3", path=PATH)
    if python is None:
        raise CannotMake("python3 is not installed")
    code = "import json, sysconfig; print(json.dumps(sysconfig.get_path('stdlib')))"
    ran = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, check=True)
    return Path(json.loads(ran.stdout))


def _is_elf(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def _needs(binaries: list[str]) -> list[str]:
    ran = subprocess.run(["ldd", *binaries], capture_output=True, text=True, check=False)
    return sorted(set(re.findall(r"(/\S+) \(0x", ran.stdout)))
