"""Form bodies: reading `multipart/form-data` and urlencoded ones, writing multipart as workerd does.

Source: spec runtime.md section 4, corrections section 4; RFC 7578.
"""

from __future__ import annotations

import re

from edge.http.blob import File
from edge.http.buffers import encode_text
from edge.http.formdata import FormData, Value
from edge.http.host import current_host
from edge.http.url import parse_query
from edge.js.errors import type_error

_HEADER_END = re.compile(rb"\r?\n\r?\n")
_PARAMETER = re.compile(r';\s*([A-Za-z0-9_\-]+)\s*=\s*"((?:[^"\n\\]|\\[^\n])*)"\s*')
_CHARSETS = ("utf-8", "utf8", "unicode-1-1-utf-8")


def parse_form(data: bytes, content_type: str | None) -> FormData:
    """The form in a body. Raises TypeError with workerd's texts."""
    if content_type is None:
        raise type_error("Parsing a Body as FormData requires a Content-Type header.")
    kind, parameters = mime_type(content_type)
    if kind == "multipart/form-data":
        boundary = parameters.get("boundary")
        if boundary is None:
            raise type_error(
                "No boundary string in Content-Type header. The multipart/form-data MIME type requires a "
                "boundary parameter, e.g. 'Content-Type: multipart/form-data; boundary=\"abcd\"'. See RFC "
                "7578, section 4."
            )
        return FormData(_parts(data, boundary.encode()))
    if kind == "application/x-www-form-urlencoded":
        if parameters.get("charset", "utf-8").lower() not in _CHARSETS:
            raise type_error("Non-utf-8 application/x-www-form-urlencoded body.")
        return FormData([*parse_query("?" + data.decode("utf-8", "replace"))])
    raise type_error(
        "Unrecognized Content-Type header value. FormData can only parse the following MIME types: "
        "multipart/form-data, application/x-www-form-urlencoded"
    )


def mime_type(text: str) -> tuple[str, dict[str, str]]:
    """Essence and parameters of a Content-Type."""
    essence, *rest = text.split(";")
    parameters: dict[str, str] = {}
    for parameter in rest:
        name, separator, value = parameter.partition("=")
        if separator:
            parameters.setdefault(name.strip().lower(), value.strip().strip('"'))
    return essence.strip().lower(), parameters


def _parts(data: bytes, boundary: bytes) -> list[tuple[str, Value]]:
    # A line feed alone is accepted before a boundary; the very first boundary needs none.
    delimiter = b"\n--" + boundary
    start = data.find(delimiter[1:])
    position = start + len(delimiter) - 1
    if start < 0 or position >= len(data):
        raise type_error("No initial boundary string (or you have a truncated message).")
    entries: list[tuple[str, Value]] = []
    while (begin := _after_boundary(data, position)) is not None:
        header_end = _HEADER_END.search(data, begin)
        if header_end is None:
            raise type_error("No multipart message header termination found.")
        end = data.find(delimiter, header_end.end() - 1)
        if end < 0 or end + len(delimiter) >= len(data):
            raise type_error("No subsequent boundary string after multipart message.")
        content = data[header_end.end() : max(end, header_end.end())].removesuffix(b"\r")
        entries.append(_entry(data[begin : header_end.start()], content))
        position = end + len(delimiter)
    return entries


def _after_boundary(data: bytes, position: int) -> int | None:
    """Where the next part begins, None after the closing boundary."""
    if data.startswith(b"--", position):
        return None
    if data.startswith(b"\r\n", position):
        return position + 2
    if data.startswith(b"\n", position):
        return position + 1
    raise type_error("Boundary string was not succeeded by CRLF, LF, or '--'.")


def _entry(header_lines: bytes, content: bytes) -> tuple[str, Value]:
    headers = _part_headers(header_lines)
    disposition = headers.get("content-disposition")
    if disposition is None:
        raise type_error("No valid Content-Disposition header found in FormData part.")
    kind = disposition.partition(";")[0].strip()
    if kind != "form-data":
        raise type_error(
            'Content-Disposition header for FormData part must have the value "form-data", possibly '
            f'followed by parameters. Got: "{kind}"'
        )
    parameters = {name.lower(): _unescape(value) for name, value in _PARAMETER.findall(disposition)}
    if "name" not in parameters:
        raise type_error("Content-Disposition header in FormData part is missing a name.")
    if "filename" not in parameters:
        return parameters["name"], content.decode("utf-8", "replace")
    return parameters["name"], File(content, parameters["filename"], headers.get("content-type", ""))


def _part_headers(lines: bytes) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines.decode("utf-8", "replace").splitlines():
        name, separator, value = line.partition(":")
        if not separator:
            raise type_error("FormData part had invalid headers.")
        headers[name.strip().lower()] = value.strip()
    return headers


def _unescape(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value)


def encode_form(form: FormData) -> tuple[bytes, str]:
    """Body and Content-Type of a form."""
    boundary = current_host.get().random.bytes("multipart", 16).hex()
    lines: list[bytes] = []
    for name, value in form._pairs():
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{_escape(name)}"'
        if isinstance(value, File):
            kind = value.type or "application/octet-stream"
            head += f'; filename="{_escape(value.name)}"\r\nContent-Type: {kind}'
            content = value.data
        else:
            content = encode_text(value)
        lines += [encode_text(head), b"\r\n\r\n", content, b"\r\n"]
    lines.append(f"--{boundary}--".encode())
    return b"".join(lines), f"multipart/form-data; boundary={boundary}"


def _escape(text: str) -> str:
    if text.endswith("\\"):
        raise type_error("Name or filename can't end with backslash")
    return text.replace("\\", "\\\\").replace('"', "%22").replace("\n", "%0A")
