"""Packages: declared, and made for Pyodide or for any machine.

Source: spec python-workers.md section 9; Cloudflare page "Python Workers: Packages".
"""

from __future__ import annotations

import sys

from wrangler_compat.check.dependencies import Verdict, closure, imports_of, requirements
from wrangler_compat.check.finding import Place, Severity
from wrangler_compat.check.project import Project, own_files
from wrangler_compat.check.pyodide import normalised
from wrangler_compat.check.rule import ProjectHits, project_rule
from wrangler_compat.check.rules.operating_system import imported_modules

#: Modules that are there without a package: of the runtime, and what `edge` brings itself.
_PROVIDED = frozenset({"workers", "asgi", "js", "pyodide", "pyodide_js", "_pyodide", "cloudflare", "sandbox"})


def _declared(project: Project) -> list[object]:
    table = (project.pyproject or {}).get("project", {})
    found = table.get("dependencies", []) if isinstance(table, dict) else []
    return found if isinstance(found, list) else []


@project_rule(
    "native-package", Severity.ERROR, remedy="Find one in pure Python, or with a wheel for Pyodide."
)
def native_package(project: Project) -> ProjectHits:
    """A declared package, or one that it needs, that is compiled for this machine and is not in Pyodide's
    list."""
    for dependency in closure(_declared(project), project.root, project.pyodide).values():
        if dependency.verdict is Verdict.NATIVE:
            where, version = project.in_pyproject(dependency.declared), project.pyodide.version
            yield where, f'"{dependency.name}" has compiled parts, and Pyodide {version} does not list it'


@project_rule(
    "unknown-package", Severity.NOTE, remedy="Run `pywrangler sync`, or install it where `edge` runs."
)
def unknown_package(project: Project) -> ProjectHits:
    """A declared package, or one that it needs, of which nothing on this machine tells whether it is pure
    Python."""
    for dependency in closure(_declared(project), project.root, project.pyodide).values():
        if dependency.verdict is Verdict.UNKNOWN:
            where = project.in_pyproject(dependency.declared)
            yield where, f'whether "{dependency.name}" runs on Pyodide cannot be told from here'


@project_rule("package-version", Severity.WARNING, remedy="Allow the version that Pyodide has.")
def package_version(project: Project) -> ProjectHits:
    """A version of a compiled package that is not the one Pyodide has."""
    for text, requirement in requirements(_declared(project), project.pyodide.python):
        package = project.pyodide.packages.get(normalised(requirement.name))
        if package is None or package.is_pure:
            continue
        if not requirement.specifier.contains(package.version, prereleases=True):
            where, version = project.in_pyproject(text), project.pyodide.version
            yield where, f'Pyodide {version} has {package.name} {package.version}, which "{text}" shuts out'


@project_rule(
    "undeclared-package", Severity.ERROR, remedy="Add its package to `dependencies` of `pyproject.toml`."
)
def undeclared_package(project: Project) -> ProjectHits:
    """An import of a package that is installed here, but neither vendored nor declared: nothing takes it
    along."""
    main = project.main
    if main is None:
        return
    names = closure(_declared(project), project.root, project.pyodide)
    brought = {module for name in names for module in imports_of(name, project.pyodide)}
    for module in project.modules:
        for node, name in imported_modules(module):
            top = name.partition(".")[0]
            known = top in sys.stdlib_module_names or top in _PROVIDED or top in brought
            own = any(own_files(main.path.parent, [top])) or (main.path.parent / top).is_dir()
            if not (known or own or project.has_vendored(top) or module.is_optional(node)):
                where = Place(module.path, node.lineno, node.col_offset + 1)
                yield where, f'the module "{top}" is in no declared package'


@project_rule(
    "native-module", Severity.ERROR, remedy="Vendor with `pywrangler sync`, which takes wheels for Pyodide."
)
def native_module(project: Project) -> ProjectHits:
    """A compiled module in `python_modules/` that was made for another machine than Pyodide's."""
    for suffix in ("so", "pyd", "dylib"):
        for path in sorted((project.root / "python_modules").rglob(f"*.{suffix}")):
            if "wasm32" not in path.name and "emscripten" not in path.name:
                yield Place(path), f"{path.name} was not compiled for Pyodide"
