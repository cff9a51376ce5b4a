"""FormData (spec python-workers.md section 2.7)."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any

from edge.http.blob import Blob as JsBlob
from edge.http.blob import File as JsFile
from edge.http.formdata import FormData as JsFormData
from wrangler_compat.modules.sdk.blob import Blob, File


class FormData(MutableMapping[str, Any]):
    """Names with one or more values, each a str, Blob or File. Iteration gives repeated names too."""

    __module__ = "workers.formdata"

    def __init__(self, form_data: Any = None) -> None:
        """Raises TypeError for anything but a dict, a JavaScript FormData or nothing."""
        self._js_form_data: JsFormData
        if isinstance(form_data, JsFormData):
            self._js_form_data = form_data
        elif isinstance(form_data, dict) or not form_data:
            self._js_form_data = JsFormData()
            for name, value in (form_data or {}).items():
                self.append(name, value)
        else:
            raise TypeError("Expected form_data to be a dict or an instance of FormData")

    @property
    def js_object(self) -> JsFormData:
        return self._js_form_data

    def __getitem__(self, key: str) -> Any:
        """The first value; JavaScript's null when there is none."""
        return _to_python(self._js_form_data.get(key))

    def __setitem__(self, key: str, value: Any) -> None:
        if isinstance(value, list):
            raise TypeError("Expected single item in arguments to FormData.__setitem__")
        self._js_form_data.set(key, _to_js(value))

    def __delitem__(self, key: str) -> None:
        self.delete(key)

    def __contains__(self, key: object) -> bool:
        return self._js_form_data.has(key)

    def __iter__(self) -> Iterator[str]:
        yield from self.keys()

    def __len__(self) -> int:
        return len(self.keys())  # type: ignore[arg-type]  # a TypeError, as in the real SDK

    def append(self, key: str, value: Any, filename: str | None = None) -> None:
        if filename is None:
            self._js_form_data.append(key, _to_js(value))
        else:
            self._js_form_data.append(key, _to_js(value), filename)

    def delete(self, key: str) -> None:
        self._js_form_data.delete(key)

    def get_all(self, key: str) -> list[Any]:
        return [_to_python(value) for value in self._js_form_data.getAll(key)]

    def keys(self) -> Iterator[str]:  # type: ignore[override]
        yield from self._js_form_data.keys()

    def values(self) -> Iterator[Any]:  # type: ignore[override]
        for value in self._js_form_data.values():
            yield _to_python(value)

    def items(self) -> Iterator[tuple[str, Any]]:  # type: ignore[override]
        for name, value in self._js_form_data.entries():
            yield name, _to_python(value)


def _to_js(value: Any) -> Any:
    return value.js_object if isinstance(value, Blob) else value


def _to_python(value: Any) -> Any:
    if isinstance(value, JsFile):
        return File(value, value.name)
    return Blob(value) if isinstance(value, JsBlob) else value
