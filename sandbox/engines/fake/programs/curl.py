"""`curl` to the ports of its own container: what a registered program answers there."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from edge.http.headers import Headers
from edge.http.request import Request
from edge.http.response import Response
from sandbox.engines.fake.process import FakeProcess
from sandbox.engines.fake.programs.options import UnknownOption, path_of

_HOSTS = ("localhost", "127.0.0.1", "0.0.0.0", "::1")
_NOT_RESOLVED, _REFUSED, _HTTP_ERROR = 6, 7, 22


@dataclass
class _Call:
    """One command line."""

    url: str = ""
    method: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)
    data: str | None = None
    output: str | None = None
    form: str = ""
    flags: set[str] = field(default_factory=set)


def _read(argv: tuple[str, ...]) -> _Call:
    """Raises UnknownOption."""
    call, words = _Call(), list(argv[1:])
    while words:
        word = words.pop(0)
        if word in ("-X", "-H", "-d", "-o", "-w") and words:
            _take(call, word, words.pop(0))
        elif word.startswith("-") and set(word[1:]) <= set("sSf"):
            call.flags |= set(word[1:])
        elif word.startswith("-") or call.url:
            raise UnknownOption(f"{word} is not supported by the fake engine")
        else:
            call.url = word if "://" in word else f"http://{word}"
    return call


def _take(call: _Call, option: str, value: str) -> None:
    if option == "-H":
        name, _, text = value.partition(":")
        call.headers.append((name.strip(), text.strip()))
    elif option == "-d":
        if value.startswith("@"):
            raise UnknownOption("-d @FILE is not supported by the fake engine")
        call.data = value if call.data is None else f"{call.data}&{value}"
    elif option == "-X":
        call.method = value
    elif option == "-o":
        call.output = value
    else:
        if "%" in value.replace("%{http_code}", ""):
            raise UnknownOption("-w knows only %{http_code} in the fake engine")
        call.form = value


async def curl(process: FakeProcess) -> int:
    """`curl [-sSf] [-X METHOD] [-H HEADER] [-d DATA] [-o FILE] [-w FORMAT] URL`."""
    call = _read(process.argv)
    url = urlsplit(call.url)
    port = url.port or 80
    if url.hostname not in _HOSTS:
        await _complain(process, call, f"(6) Could not resolve host: {url.hostname}")
        return _NOT_RESOLVED
    service = process.instance.service(port)
    if service is None:
        text = f"(7) Failed to connect to {url.hostname} port {port} after 0 ms: Couldn't connect to server"
        await _complain(process, call, text)
        return _REFUSED
    response = await service(_request(call))
    if "f" in call.flags and response.status >= 400:
        await _complain(process, call, f"(22) The requested URL returned error: {response.status}")
        return _HTTP_ERROR
    await _put(process, call, response)
    await process.say(call.form.replace("%{http_code}", str(response.status)).replace("\\n", "\n"))
    return 0


def _request(call: _Call) -> Request:
    headers = list(call.headers)
    if call.data is not None and not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("content-type", "application/x-www-form-urlencoded"))
    method = call.method or ("GET" if call.data is None else "POST")
    payload = None if call.data is None else call.data.encode()
    return Request.make(call.url, method=method, headers=Headers(headers), payload=payload)


async def _put(process: FakeProcess, call: _Call, response: Response) -> None:
    body = await response.read_bytes()
    if call.output is None:
        await process.stdout.write(body)
    elif (path := path_of(process, call.output)) != "/dev/null":
        process.files.write(path, body, process.clock.now())


async def _complain(process: FakeProcess, call: _Call, text: str) -> None:
    if "s" not in call.flags or "S" in call.flags:
        await process.complain(f"curl: {text}\n")
