"""The Content-Type of an asset, by its extension.

wrangler asks the npm package `mime` (version 4), whose answers differ from Python's `mimetypes`: the
registered type wins over the usual one (`image/vnd.microsoft.icon`), and what it does not know has no
type at all. The table holds what a website serves.

Source: spec runtime.md section 9; the types are IANA's.
"""

from __future__ import annotations

_EXTENSIONS = {
    "application/atom+xml": "atom",
    "application/dash+xml": "mpd",
    "application/epub+zip": "epub",
    "application/geo+json": "geojson",
    "application/gzip": "gz",
    "application/java-archive": "jar war ear",
    "application/json": "json map",
    "application/json5": "json5",
    "application/ld+json": "jsonld",
    "application/manifest+json": "webmanifest",
    "application/msword": "doc dot",
    "application/node": "cjs",
    "application/octet-stream": "bin deb dll dmg exe img iso msi pkg",
    "application/ogg": "ogx",
    "application/pdf": "pdf",
    "application/postscript": "ai eps ps",
    "application/rss+xml": "rss",
    "application/rtf": "rtf",
    "application/sql": "sql",
    "application/toml": "toml",
    "application/vnd.apple.mpegurl": "m3u8",
    "application/vnd.ms-excel": "xls",
    "application/vnd.ms-fontobject": "eot",
    "application/vnd.ms-powerpoint": "ppt",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.rar": "rar",
    "application/wasm": "wasm",
    "application/x-7z-compressed": "7z",
    "application/x-bzip2": "bz2",
    "application/x-sh": "sh",
    "application/x-shockwave-flash": "swf",
    "application/x-tar": "tar",
    "application/xhtml+xml": "xhtml xht",
    "application/xml": "xml xsd xsl rng",
    "application/zip": "zip",
    "audio/aac": "aac",
    "audio/midi": "mid midi",
    "audio/mp4": "m4a mp4a",
    "audio/mpeg": "mp3 mp2 mpga",
    "audio/ogg": "ogg oga opus spx",
    "audio/wav": "wav",
    "audio/webm": "weba",
    "audio/x-flac": "flac",
    "font/collection": "ttc",
    "font/otf": "otf",
    "font/ttf": "ttf",
    "font/woff": "woff",
    "font/woff2": "woff2",
    "image/apng": "apng",
    "image/avif": "avif",
    "image/bmp": "bmp",
    "image/gif": "gif",
    "image/heic": "heic",
    "image/heif": "heif",
    "image/jpeg": "jpeg jpg jpe",
    "image/png": "png",
    "image/svg+xml": "svg svgz",
    "image/tiff": "tif tiff",
    "image/vnd.adobe.photoshop": "psd",
    "image/vnd.microsoft.icon": "ico",
    "image/webp": "webp",
    "model/gltf+json": "gltf",
    "model/gltf-binary": "glb",
    "text/cache-manifest": "appcache manifest",
    "text/calendar": "ics ifb",
    "text/css": "css",
    "text/csv": "csv",
    "text/html": "html htm shtml",
    "text/javascript": "js mjs",
    "text/jsx": "jsx",
    "text/less": "less",
    "text/markdown": "md markdown",
    "text/mdx": "mdx",
    "text/plain": "txt text conf def in ini list log",
    "text/tab-separated-values": "tsv",
    "text/vcard": "vcard",
    "text/vtt": "vtt",
    "text/x-c": "c cc cpp cxx h hh",
    "text/x-handlebars-template": "hbs",
    "text/x-scss": "scss",
    "text/yaml": "yaml yml",
    "video/mp2t": "ts m2t m2ts mts",
    "video/mp4": "mp4 mp4v mpg4",
    "video/mpeg": "mpeg mpg mpe",
    "video/ogg": "ogv",
    "video/quicktime": "mov qt",
    "video/webm": "webm",
    "video/x-msvideo": "avi",
}

_TYPES = {extension: name for name, extensions in _EXTENSIONS.items() for extension in extensions.split()}


def content_type(name: str) -> str | None:
    """The type of a file name, None when its extension is unknown; text types say that they are UTF-8."""
    _, dot, extension = name.rpartition("/")[2].rpartition(".")
    found = _TYPES.get(extension.lower()) if dot else None
    return f"{found}; charset=utf-8" if found is not None and found.startswith("text/") else found
