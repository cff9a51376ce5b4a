"""What of this machine a sandbox sees: its programs, a few files of /etc, and nothing of its users."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from sandbox.engines.process import package_sources

#: Directories at the root that are links into /usr on most systems, and directories of their own on others.
_ROOT_DIRECTORIES = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_OWN = (
    "workspace",
    "app",
    "home",
    "opt",
    "srv",
    "mnt",
    "media",
    "run",
    "var",
    "var/lib",
    "var/log",
    "var/cache",
    "var/cache/packages",
)
_SHARED = ("tmp", "var/tmp")
_MOUNT_POINTS = ("proc", "sys", "dev", "usr")
#: Settings of programs in /usr, none of which holds a secret.
_ETC = (
    *("pki", "ca-certificates", "ca-certificates.conf", "crypto-policies", "python3"),
    *("python3.11", "python3.12", "python3.13", "ld.so.conf", "ld.so.conf.d", "ld.so.cache", "localtime"),
    *("timezone", "mime.types", "services", "protocols", "bash.bashrc", "profile", "inputrc", "terminfo"),
    *("debian_version", "os-release", "fonts", "perl", "nanorc", "vim", "login.defs", "shells", "gai.conf"),
)
_PRIVATE = ("private",)  # below /etc/pki: keys
#: Directories of many small files that are shown rather than copied. Nothing in them is secret.
_SHOWN = ("/etc/ssl/certs", "/etc/alternatives")
_FILES = {
    "passwd": "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
    "group": "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n",
    "hosts": "127.0.0.1\tlocalhost sandbox\n::1\tlocalhost ip6-localhost ip6-loopback\n",
    "hostname": "sandbox\n",
    "resolv.conf": "# No name server: outgoing requests go through the proxy in http_proxy.\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\nservices: files\nprotocols: files\n",
}
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/root/.local/bin"


def trees() -> list[str]:
    """Directories of this machine shown at the same path: programs, certificates."""
    return ["/usr", *_python(), *(path for path in _SHOWN if os.path.isdir(path))]


def _python() -> list[str]:
    """The Python that runs us, where it stands outside of /usr."""
    prefix = os.path.realpath(sys.base_prefix)
    return [] if Path(prefix).is_relative_to("/usr") or prefix == "/" else [prefix]


def binds() -> list[tuple[str, str]]:
    """What else has to be shown, where /bin and its like are no links into /usr."""
    return [(f"/{name}", f"/{name}") for name in _ROOT_DIRECTORIES if _is_own_directory(name)]


def make_skeleton(root: Path) -> None:
    """Fill the empty directory `root` with all that is not the host's: directories, links, a small /etc."""
    root.chmod(0o755)
    for name in (*_OWN, *_MOUNT_POINTS):
        (root / name).mkdir(mode=0o755)
    for name in _SHARED:
        (root / name).mkdir()
        (root / name).chmod(0o1777)
    (root / "root").mkdir(mode=0o700)
    (root / "var/run").symlink_to("/run")
    for name in _ROOT_DIRECTORIES:
        if os.path.islink(f"/{name}"):
            (root / name).symlink_to(os.readlink(f"/{name}"))
        elif _is_own_directory(name):
            (root / name).mkdir()
    _make_etc(root / "etc")
    for tree in trees():
        (root / tree.lstrip("/")).mkdir(parents=True, exist_ok=True)
    for path, text in (
        ("etc/pip.conf", package_sources.pip_conf()),
        ("root/.npmrc", package_sources.npmrc()),
    ):
        if text:
            (root / path).write_text(text)


def environment() -> dict[str, str]:
    """What every program starts with."""
    path = ":".join([*(f"{prefix}/bin" for prefix in _python()), PATH])
    return {
        **package_sources.environment(),
        "PATH": path,
        "HOME": "/root",
        "LANG": "C.UTF-8",
        "HOSTNAME": "sandbox",
        # The system's Python may say that only the system installs packages; a sandbox has its own.
        "PIP_BREAK_SYSTEM_PACKAGES": "1",
        "PIP_ROOT_USER_ACTION": "ignore",
    }


def environment_of_own_local() -> dict[str, str]:
    """What lets pip and npm install to /usr/local, where the rest of /usr is read-only."""
    return {"npm_config_prefix": "/usr/local", "PYTHONUSERBASE": "/usr/local", "PIP_USER": "1"}


def _make_etc(etc: Path) -> None:
    etc.mkdir(mode=0o755)
    (etc / "ssl").mkdir(mode=0o755)
    if os.path.isfile("/etc/ssl/openssl.cnf"):
        shutil.copy("/etc/ssl/openssl.cnf", etc / "ssl")
    for name in _ETC:
        source = Path("/etc") / name
        if source.is_dir():
            ignore = shutil.ignore_patterns(*_PRIVATE)
            shutil.copytree(source, etc / name, symlinks=True, ignore=ignore, ignore_dangling_symlinks=True)
        elif source.exists():
            shutil.copy(source, etc / name, follow_symlinks=not _leads_into_usr(source))
    for name, text in _FILES.items():
        (etc / name).write_text(text)


def _leads_into_usr(source: Path) -> bool:
    return source.is_symlink() and source.resolve().is_relative_to("/usr")


def _is_own_directory(name: str) -> bool:
    return os.path.isdir(f"/{name}") and not os.path.islink(f"/{name}")
