"""The modules of one Worker, apart from those of the host and of other Workers.

Two Workers may both have a `helper.py`, and a Worker's `workers` module is not an installed package. So
the modules of a Worker live in a space of their own: every module executed in it gets an `__import__`
that looks there first (provided modules, the Worker's folder, its vendored packages) and falls back
to the host's packages. Files keep their real paths, so breakpoints, coverage and tracebacks work.
"""

from __future__ import annotations

import builtins
import functools
import importlib
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import module_from_spec, resolve_name, spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

_HOST_ONLY = frozenset(sys.builtin_module_names)


class HostView(ModuleType):
    """A host module seen through a Worker's eyes: some names replaced, the rest passed on."""

    def __init__(self, host: ModuleType, **replaced: Any) -> None:
        super().__init__(host.__name__, host.__doc__)
        self.__dict__["_host"] = host
        self.__dict__.update(replaced)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["_host"], name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.__dict__["_host"], name, value)


@dataclass(frozen=True, slots=True)
class Bundled:
    """A package of the host of which each Worker that imports it gets its own copy, as if it had been
    vendored. The Worker's own modules and its vendored packages come before it."""

    #: The folder that holds the package.
    folder: Path
    #: The modules of the package that are meant for Workers; no others are found.
    parts: frozenset[str]


#: A module that a dialect gives to a Worker, what makes it, or a package to load for each Worker.
Provided = ModuleType | Callable[[], ModuleType] | Bundled


class FreshLoader(SourceFileLoader):
    """Compiles the file as it is now. Python's cache of compiled code tells versions of a file apart by
    whole seconds and size: a change right after another would not be seen."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        return _compiled(self.get_data(path), path)


@functools.lru_cache(maxsize=512)
def _compiled(source: bytes, path: str) -> CodeType:
    # Many worlds in one process, as in a test run, execute the same code over and over.
    code: CodeType = SourceFileLoader("", path).source_to_code(source, path)
    return code


#: What Workers have put into `sys.modules`, to be told from modules of the host.
_registered: dict[str, ModuleType] = {}


class ModuleSpace:
    """Loads and holds the modules of one Worker."""

    def __init__(self, roots: Sequence[Path], provided: Mapping[str, Provided]) -> None:
        """`roots` are searched in order: the Worker's own folder, then folders of vendored packages.
        `provided` modules come before both; those given as functions are made when first imported, and
        those given as `Bundled` come after both."""
        self._roots = [str(root) for root in roots]
        self._bundled: dict[str, Bundled] = {}
        self._modules: dict[str, ModuleType] = {}
        self._makers: dict[str, Callable[[], ModuleType]] = {}
        for name, module in provided.items():
            if isinstance(module, ModuleType):
                self._modules[name] = module
            elif isinstance(module, Bundled):
                self._bundled[name] = module
            else:
                self._makers[name] = module
        # Packages that look at sys.platform or sys.path (as importlib.metadata does), or call
        # import_module, see what they would see on the edge.
        path = [*self._roots, *sys.path]
        self._modules.setdefault("sys", HostView(sys, platform="emscripten", path=path))
        self._modules.setdefault("importlib", HostView(importlib, import_module=self.import_module))
        self._owned: dict[str, bool] = {}
        self._registered: dict[str, ModuleType] = {}
        self._builtins = dict(vars(builtins))
        self._builtins["__import__"] = self._import

    def load_main(self, path: Path) -> ModuleType:
        """Execute the Worker's main module; errors leave as they are raised."""
        spec = spec_from_file_location(path.stem, path, loader=FreshLoader(path.stem, str(path)))
        assert spec is not None
        return self._execute(path.stem, spec)

    def import_module(self, name: str, package: str | None = None) -> ModuleType:
        """`importlib.import_module` for code of this Worker."""
        name = resolve_name(name, package) if name.startswith(".") else name
        return self._load(name) if self._owns(name) else importlib.import_module(name)

    def close(self) -> None:
        """Forget the modules, so that nothing keeps a replaced Worker's classes findable."""
        for name in list(self._registered):
            self._unregister(name)

    @property
    def files(self) -> Iterable[str]:
        """The source files of all modules loaded so far."""
        return [file for module in self._modules.values() if (file := getattr(module, "__file__", None))]

    def _import(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,
        locals: Mapping[str, Any] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        if level:
            package = (globals or {}).get("__package__")
            if not package:
                raise ImportError("attempted relative import with no known parent package")
            name = resolve_name("." * level + name, package)
        elif not self._owns(name):
            return builtins.__import__(name, globals, locals, fromlist or (), 0)
        module = self._load(name)
        if not fromlist:
            return module if level else self._load(name.partition(".")[0])
        if hasattr(module, "__path__"):
            self._load_submodules(module, fromlist)
        return module

    def _load_submodules(self, package: ModuleType, names: Sequence[str]) -> None:
        wanted = getattr(package, "__all__", ()) if "*" in names else names
        for attribute in wanted:
            if not hasattr(package, attribute):
                try:
                    self._load(f"{package.__name__}.{attribute}")
                except ModuleNotFoundError as missing:
                    # `from package import missing` must end in an ImportError of its own; anything
                    # the submodule itself fails to import is that submodule's error.
                    if missing.name != f"{package.__name__}.{attribute}":
                        raise

    def _owns(self, name: str) -> bool:
        top = name.partition(".")[0]
        owned = self._owned.get(top)
        if owned is None:
            owned = self._owned[top] = (
                top in self._modules
                or top in self._makers
                or top in self._bundled
                or (top not in _HOST_ONLY and self._find(top, self._roots) is not None)
            )
        return owned

    def _find(self, name: str, path: Sequence[str]) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path)
        if spec is None or (spec.loader is None and not spec.submodule_search_locations):
            return None
        # Wheels vendored for Pyodide carry WebAssembly; the host's own build of the package is used.
        for folder in spec.submodule_search_locations or ():
            if any(Path(folder).rglob("*wasm32*.so")):
                return None
        if isinstance(spec.loader, SourceFileLoader) and self._is_own(Path(spec.loader.path)):
            spec.loader = FreshLoader(spec.loader.name, spec.loader.path)
        return spec

    def _places(self, top: str) -> Sequence[str]:
        """Where a module that is in no package is looked for."""
        bundled = self._bundled.get(top)
        return self._roots if bundled is None else [*self._roots, str(bundled.folder)]

    def _is_open(self, package: ModuleType, child: str) -> bool:
        """Whether Workers may have this module of a package; of all packages but bundled ones they may."""
        bundled = self._bundled.get(package.__name__)
        if bundled is None or str(bundled.folder / package.__name__) not in package.__path__:
            return True
        return child in bundled.parts

    def _is_own(self, file: Path) -> bool:
        """Whether a file is the Worker's own, as opposed to vendored."""
        own, *vendored = self._roots
        return file.is_relative_to(own) and not any(file.is_relative_to(root) for root in vendored)

    def _load(self, name: str) -> ModuleType:
        found = self._modules.get(name)
        if found is not None:
            return found
        if name in self._makers:
            return self._modules.setdefault(name, self._makers.pop(name)())
        parent_name, _, child = name.rpartition(".")
        path = self._places(name)
        if parent_name:
            parent = self._load(parent_name)
            if name in self._modules:  # the parent imported it meanwhile
                return self._modules[name]
            path = getattr(parent, "__path__", ()) if self._is_open(parent, child) else ()
        spec = self._find(name, path)
        if spec is None:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        module = self._execute(name, spec)
        if parent_name:
            setattr(self._modules[parent_name], child, module)
        return module

    def _unregister(self, name: str) -> None:
        module = self._registered.pop(name, None)
        if module is not None and sys.modules.get(name) is module:
            del sys.modules[name], _registered[name]

    def _execute(self, name: str, spec: ModuleSpec) -> ModuleType:
        module = module_from_spec(spec)
        module.__dict__["__builtins__"] = self._builtins
        self._modules[name] = module
        if sys.modules.get(name) is _registered.get(name):
            # Dataclasses, pickle and typing look a class's module up here, most of them while it loads:
            # the Worker that loads last has the name, unless the host needs it. Imports never go here.
            sys.modules[name] = _registered[name] = self._registered[name] = module
        try:
            if spec.loader is not None:
                spec.loader.exec_module(module)
        except BaseException:
            del self._modules[name]
            self._unregister(name)
            raise
        return module
