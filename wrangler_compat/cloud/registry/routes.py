"""The endpoints below /v2/: what `docker push` and `docker pull` ask of a registry.

The first part of an image's name is the account's id, and a password opens one account only.

Source: OCI distribution specification 1.1; wrangler's `containers images` (the catalogue with tags, and
`gc/layers`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from edge.kernel.threads import offload
from wrangler_compat.cloud.cloud import Cloud
from wrangler_compat.cloud.registry.images import Images

_MANIFEST_BYTES_MAX = 4 << 20
_NAME = "/{account_id}/{repository:path}"
#: Older clients look for it even in a refusal.
_VERSION = {"docker-distribution-api-version": "registry/2.0"}
_BLOB_TYPE = "application/octet-stream"


class RegistryRefusal(Exception):
    """A registry's no, with a code of the specification."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class _Visit:
    """A request whose password was checked."""

    request: Request
    cloud: Cloud
    account_id: str
    images: Images
    repository: str

    def part(self, name: str) -> str:
        return str(self.request.path_params[name])

    def at(self, rest: str) -> str:
        return f"/v2/{self.account_id}/{self.repository}/{rest}"


_Handler = Callable[[_Visit], Awaitable[Response]]


def registry(cloud: Cloud) -> Starlette:
    """The registry of `cloud`, to be mounted at /v2."""

    def route(method: str, path: str, handler: _Handler) -> Route:
        return Route(path, _checked(cloud, method, handler), methods=[method])

    uploads = _NAME + "/blobs/uploads/"
    routes = [
        route("GET", "/", _hello),
        route("GET", "/_catalog", _catalogue),
        route("PUT", "/gc/layers", _drop_unused),
        route("GET", _NAME + "/tags/list", _tags),
        route("GET", _NAME + "/manifests/{reference}", _manifest),
        route("PUT", _NAME + "/manifests/{reference}", _put_manifest),
        route("DELETE", _NAME + "/manifests/{reference}", _remove_manifest),
        route("POST", uploads, _begin),
        route("GET", uploads + "{upload_id}", _progress),
        route("PATCH", uploads + "{upload_id}", _append),
        route("PUT", uploads + "{upload_id}", _finish),
        route("DELETE", uploads + "{upload_id}", _cancel),
        route("GET", _NAME + "/blobs/{digest}", _blob),
    ]
    return Starlette(routes=routes, exception_handlers={RegistryRefusal: _refused, HTTPException: _unknown})


def _checked(cloud: Cloud, method: str, handler: _Handler) -> Callable[[Request], Awaitable[Response]]:
    needed = "pull" if method == "GET" else "push"

    async def checked(request: Request) -> Response:
        grant = cloud.credentials.of_header(request.headers.get("authorization", ""))
        if grant is None:
            raise RegistryRefusal(401, "UNAUTHORIZED", "authentication required")
        if needed not in grant.permissions or (
            request.path_params.get("account_id", grant.account_id) != grant.account_id
        ):
            raise RegistryRefusal(403, "DENIED", "these credentials do not allow this")
        account_id, repository = grant.account_id, str(request.path_params.get("repository", ""))
        return await handler(_Visit(request, cloud, account_id, cloud.images(account_id), repository))

    return checked


async def _refused(request: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, RegistryRefusal)
    body = {"errors": [{"code": refusal.code, "message": str(refusal), "detail": None}]}
    challenge = {"www-authenticate": 'Basic realm="edge cloud"'} if refusal.status == 401 else {}
    return JSONResponse(body, refusal.status, {**challenge, **_VERSION})


async def _unknown(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return await _refused(request, RegistryRefusal(error.status_code, "UNSUPPORTED", "no such operation"))


async def _hello(visit: _Visit) -> Response:
    return JSONResponse({}, headers=_VERSION)


async def _catalogue(visit: _Visit) -> Response:
    """Repositories with their tags: a form of the platform's own (`tags=true`)."""
    found = {f"{visit.account_id}/{name}": tags for name, tags in visit.images.repositories().items()}
    return JSONResponse({"repositories": found if visit.request.query_params.get("tags") else list(found)})


async def _drop_unused(visit: _Visit) -> Response:
    visit.images.drop_unused()
    return JSONResponse({})


async def _tags(visit: _Visit) -> Response:
    tags = visit.images.repositories().get(visit.repository)
    if tags is None:
        raise RegistryRefusal(404, "NAME_UNKNOWN", "repository name not known to registry")
    return JSONResponse({"name": f"{visit.account_id}/{visit.repository}", "tags": tags})


async def _manifest(visit: _Visit) -> Response:
    found = visit.images.find(visit.repository, visit.part("reference"))
    if found is None:
        raise _no_manifest(visit)
    headers = {"docker-content-digest": found.digest}
    return Response(found.content, media_type=found.type, headers=headers)


async def _put_manifest(visit: _Visit) -> Response:
    content = await visit.request.body()
    if len(content) > _MANIFEST_BYTES_MAX:
        raise RegistryRefusal(413, "MANIFEST_INVALID", "the manifest has more than 4 MiB")
    try:
        missing = visit.images.missing(visit.repository, content)
    except ValueError as error:
        raise RegistryRefusal(400, "MANIFEST_INVALID", str(error)) from None
    if missing is not None:
        raise RegistryRefusal(404, "MANIFEST_BLOB_UNKNOWN", f"blob unknown to registry: {missing}")
    kind = visit.request.headers.get("content-type", "application/vnd.oci.image.manifest.v1+json")
    digest = visit.images.put(visit.repository, visit.part("reference"), kind, content)
    headers = {"location": visit.at(f"manifests/{digest}"), "docker-content-digest": digest}
    return Response(status_code=201, headers=headers)


async def _remove_manifest(visit: _Visit) -> Response:
    if not visit.images.remove(visit.repository, visit.part("reference")):
        raise _no_manifest(visit)
    return Response(status_code=202)


def _no_manifest(visit: _Visit) -> RegistryRefusal:
    return RegistryRefusal(404, "MANIFEST_UNKNOWN", f"manifest unknown: {visit.part('reference')}")


async def _blob(visit: _Visit) -> Response:
    digest = visit.part("digest")
    path = visit.images.blobs.find(digest)
    if path is None:
        raise RegistryRefusal(404, "BLOB_UNKNOWN", "blob unknown to registry")
    return FileResponse(path, media_type=_BLOB_TYPE, headers={"docker-content-digest": digest})


async def _begin(visit: _Visit) -> Response:
    """A blob that is here already, of another image, need not be sent again."""
    mounted = visit.request.query_params.get("mount", "")
    if visit.images.blobs.find(mounted) is not None:
        return _created(visit, mounted)
    upload_id = visit.cloud.random.bytes("cloud.registry.upload", 16).hex()
    visit.images.blobs.begin(upload_id)
    if "digest" in visit.request.query_params:
        return await _completed(visit, upload_id)
    return _accepted(visit, upload_id)


async def _progress(visit: _Visit) -> Response:
    return _accepted(visit, _upload(visit), status=204)


async def _append(visit: _Visit) -> Response:
    upload_id = _upload(visit)
    await _receive(visit, upload_id)
    return _accepted(visit, upload_id)


async def _finish(visit: _Visit) -> Response:
    return await _completed(visit, _upload(visit))


async def _cancel(visit: _Visit) -> Response:
    visit.images.blobs.drop(_upload(visit))
    return Response(status_code=204)


async def _completed(visit: _Visit, upload_id: str) -> Response:
    digest = visit.request.query_params.get("digest", "")
    await _receive(visit, upload_id)
    blobs = visit.images.blobs
    if not await offload(visit.cloud.clock, lambda: blobs.finish(upload_id, digest)):
        raise RegistryRefusal(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
    return _created(visit, digest)


async def _receive(visit: _Visit, upload_id: str) -> None:
    """The body of a request, as it comes. A client that goes away begins again, with another upload."""
    blobs = visit.images.blobs
    try:
        async for chunk in visit.request.stream():
            blobs.append(upload_id, chunk)
    except ClientDisconnect:
        blobs.drop(upload_id)
        raise RegistryRefusal(400, "BLOB_UPLOAD_INVALID", "the upload was cut off") from None


def _upload(visit: _Visit) -> str:
    upload_id = visit.part("upload_id")
    if visit.images.blobs.size_bytes(upload_id) is None:
        raise RegistryRefusal(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry")
    return upload_id


def _accepted(visit: _Visit, upload_id: str, *, status: int = 202) -> Response:
    size_bytes = visit.images.blobs.size_bytes(upload_id) or 0
    headers = {
        "location": visit.at(f"blobs/uploads/{upload_id}"),
        "range": f"0-{max(0, size_bytes - 1)}",
        "docker-upload-uuid": upload_id,
    }
    return Response(status_code=status, headers=headers)


def _created(visit: _Visit, digest: str) -> Response:
    headers = {"location": visit.at(f"blobs/{digest}"), "docker-content-digest": digest}
    return Response(status_code=201, headers=headers)
