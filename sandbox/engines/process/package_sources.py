"""Where pip and npm of a sandbox fetch packages: the mirrors and certificates that this machine's own use.

Only settings that say where packages come from are passed on. Left out are credentials (also those in a
URL), and what names files of this machine, certificates apart: a sandbox does not see them.
"""

from __future__ import annotations

import configparser
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

_PIP_FILES = ("/etc/pip.conf", "/etc/xdg/pip/pip.conf", "~/.pip/pip.conf", "~/.config/pip/pip.conf")
_NPM_FILES = ("~/.npmrc",)
_PIP_KEYS = ("index-url", "extra-index-url", "trusted-host", "cert", "timeout", "default-timeout")
_NPM_KEYS = ("registry", "cafile", "strict-ssl", "audit", "fund")
_NPM_SCOPE = re.compile(r"@[\w.-]+:registry")
#: Variables by which programs find certificates.
_CERTIFICATES = (
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO"),
    *("NODE_EXTRA_CA_CERTS", "AWS_CA_BUNDLE", "HTTPLIB2_CA_CERTS"),
)
#: Where certificates lie that a sandbox sees, too.
_VISIBLE = ("/etc/ssl/certs", "/etc/pki/tls/certs", "/usr")


def environment(env: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variables of this machine that say the same in a sandbox."""
    found = {name: env[name] for name in _CERTIFICATES if _is_visible(env.get(name, ""))}
    for name, value in env.items():
        tool, _, key = name.lower().partition("_")
        key = key.replace("_", "-")
        if tool == "pip" and key in _PIP_KEYS or tool == "npm" and key.removeprefix("config-") in _NPM_KEYS:
            found.update(_usable(name, value))
    return found


def pip_conf(files: tuple[str, ...] = _PIP_FILES) -> str:
    """A pip.conf for sandboxes from those of this machine; "" when they say nothing of use."""
    settings: dict[str, str] = {}
    for file in _existing(files):
        parser = configparser.RawConfigParser()
        try:
            parser.read_string(file.read_text())
        except configparser.Error:
            continue  # pip itself complains about it; a sandbox does without
        for section in ("global", "install"):
            if parser.has_section(section):
                for key, value in parser.items(section):
                    if key in _PIP_KEYS:
                        settings.update(_usable(key, value))
    return "[global]\n" + "".join(f"{key} = {value}\n" for key, value in settings.items()) if settings else ""


def npmrc(files: tuple[str, ...] = _NPM_FILES) -> str:
    """The same for npm."""
    settings: dict[str, str] = {}
    for file in _existing(files):
        for line in file.read_text().splitlines():
            key, equals, value = (part.strip() for part in line.partition("="))
            if equals and (key in _NPM_KEYS or _NPM_SCOPE.fullmatch(key)):
                settings.update(_usable(key, value.strip("\"'")))
    return "".join(f"{key}={value}\n" for key, value in settings.items())


def _existing(files: tuple[str, ...]) -> Iterator[Path]:
    for name in files:
        path = Path(name).expanduser()
        if path.is_file() and os.access(path, os.R_OK):
            yield path


def _usable(key: str, value: str) -> dict[str, str]:
    words = [cleaned for word in value.split() if (cleaned := _cleaned(word))]
    return {key: " ".join(words)} if words else {}


def _cleaned(word: str) -> str:
    """A value without credentials; "" when it names a file that a sandbox does not see, or a variable."""
    if word.startswith("/"):
        return word if _is_visible(word) else ""
    if "${" in word or word.startswith("file:"):
        return ""
    if "://" not in word:
        return word
    parts = urlsplit(word)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _is_visible(path: str) -> bool:
    return any(path == place or path.startswith(place + "/") for place in _VISIBLE) and os.path.exists(path)
