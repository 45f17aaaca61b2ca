"""The shape of the code, kept by tests. Each failure says what to do."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from importlib.metadata import packages_distributions
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from strawberry.types.base import StrawberryObjectDefinition
from tortoise.context import TortoiseContext
from tortoise.fields.relational import ForeignKeyFieldInstance
from tortoise.models import Model

import models
import schema
import services
from resolvers import api
from schema.view import View

ROOT = Path(__file__).parent.parent
PACKAGES = ("storyreel", "resolvers", "schema", "services", "models", "migrations")
SOURCES = sorted(p for package in PACKAGES for p in (ROOT / package).rglob("*.py"))
TESTS = sorted(p for folder in ("tests", "bench") for p in (ROOT / folder).rglob("*.py"))
LINES_OF_A_FUNCTION, LINES_OF_A_MODULE, PARAMETERS = 60, 400, 6
VAGUE = {"util", "utils", "helper", "helpers", "manager", "managers", "service", "common", "misc"}
FIRST = ("work", "actor", "world")
WHERE = re.compile(r"`([\w/]+\.py):([\w.]+)`")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def functions(path: Path) -> Iterator[Function]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, Function):
            yield node


def test_the_committed_schema_is_the_served_schema() -> None:
    committed = (ROOT / "schema" / "schema.graphql").read_text()
    assert committed == api.as_str() + "\n", "Run `make schema` and commit what it writes."


def test_no_installed_distribution_provides_a_top_level_name_of_ours() -> None:
    installed = packages_distributions()
    taken = {name: installed[name] for name in (*PACKAGES, "tests") if name in installed}
    assert not taken, f"A dependency would hide or be hidden by our folder; replace it: {taken}"


def test_functions_fit_on_a_screen() -> None:
    long = [
        f"{named(path)}:{function.lineno} {function.name}"
        for path in SOURCES
        for function in functions(path)
        if (function.end_lineno or 0) - function.lineno >= LINES_OF_A_FUNCTION
    ]
    assert not long, f"Split what is longer than {LINES_OF_A_FUNCTION} lines: {long}"


def test_functions_take_few_parameters() -> None:
    wide = [
        f"{named(path)}:{function.lineno} {function.name}"
        for path in SOURCES
        for function in functions(path)
        if len(parameters(function)) > PARAMETERS and "PLR0913" not in first_line(path, function)
    ]
    assert not wide, f"Let these take a dataclass, or fewer than {PARAMETERS} + 1 things: {wide}"


def parameters(function: Function) -> list[str]:
    given = function.args
    names = [arg.arg for arg in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    return [name for name in names if name not in ("self", "cls")]


def first_line(path: Path, function: Function) -> str:
    return path.read_text().splitlines()[function.lineno - 1]


def test_modules_can_be_read_in_one_sitting() -> None:
    modules = [*SOURCES, *TESTS]
    long = [named(p) for p in modules if len(p.read_text().splitlines()) > LINES_OF_A_MODULE]
    assert not long, f"Split by capability what is longer than {LINES_OF_A_MODULE} lines: {long}"


def test_modules_hold_no_mutable_state() -> None:
    found = [
        f"{named(path)}:{node.lineno} {name}"
        for path in SOURCES
        if path.parent.name != "migrations"  # there `operations` is the framework's word
        for node in ast.parse(path.read_text()).body
        for name in mutable_names(node)
    ]
    assert not found, (
        "Keep state in an object that storyreel/wiring.py makes, "
        f"or write what never changes in upper case: {found}"
    )


def mutable_names(node: ast.stmt) -> list[str]:
    """The lower-case names that a statement binds to a list, dict or set."""
    if not isinstance(node, ast.Assign | ast.AnnAssign):
        return []
    literal = ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp
    made = isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Name)
    made = made and node.value.func.id in ("list", "dict", "set")  # type: ignore[union-attr]  # seen above
    names = defined_by(node) if made or isinstance(node.value, literal) else []
    return [name for name in names if not name.isupper() and name != "__all__"]


def test_modules_are_named_after_what_they_do() -> None:
    vague = [named(path) for path in SOURCES if VAGUE & set(path.stem.lower().split("_"))]
    assert not vague, f"Name these after the capability or the thing in them: {vague}"


def rows() -> list[type[Model]]:
    found = inspect.getmembers(models, inspect.isclass)
    return [model for _, model in found if issubclass(model, Model) and not model._meta.abstract]


def test_descriptions_of_tables_hold_no_semicolon() -> None:
    split = [model.__name__ for model in rows() if ";" in (model.__doc__ or "")]
    assert not split, f"A model's docstring becomes a comment in SQL; use no semicolon: {split}"


async def test_foreign_keys_form_no_cycle() -> None:
    async with TortoiseContext() as context:
        await context.init(db_url="sqlite://:memory:", modules={"models": ["models"]})
        graph = {model.__name__: set(parents(model)) - {model.__name__} for model in rows()}
    order = list(TopologicalSorter(graph).static_order())  # raises CycleError and names the cycle
    assert order.index("Project") < order.index("Shot") < order.index("StoryboardSelection")


def parents(model: type[Model]) -> Iterator[str]:
    for field in model._meta.fields_map.values():
        if isinstance(field, ForeignKeyFieldInstance):
            yield field.related_model.__name__


def views() -> list[type[View[Any]]]:
    for module in pkgutil.iter_modules(schema.__path__):
        importlib.import_module(f"schema.{module.name}")
    return View.__subclasses__()


@pytest.mark.parametrize("view", views(), ids=lambda view: view.__name__)
def test_views_expose_only_what_rows_have(view: type[View[Any]]) -> None:
    definition: StrawberryObjectDefinition = view.__strawberry_definition__  # type: ignore[attr-defined]  # put there by Strawberry
    row = view.over
    known = set(dir(row)) | set(getattr(row, "__annotations__", {}))
    known |= set(row._meta.fields_map) if issubclass(row, Model) else set()
    plain = [field.python_name for field in definition.fields if field.base_resolver is None]
    missing = [name for name in plain if name not in known]
    assert plain
    assert not missing, (
        f"{view.__name__} reads {missing} from {row.__name__}, which has no such thing: "
        "add it to the row, or make the field a method of the view."
    )


def called_from_above() -> Iterator[tuple[str, str]]:
    """What resolvers and storyreel name of services: module and word."""
    for path in SOURCES:
        if path.relative_to(ROOT).parts[0] not in ("resolvers", "storyreel"):
            continue
        nodes = list(ast.walk(ast.parse(path.read_text())))
        modules: dict[str, str] = {}
        for node in nodes:
            if not isinstance(node, ast.ImportFrom) or node.level:
                continue
            package, _, module = (node.module or "").partition(".")
            if package == "services" and module:
                yield from ((module, name.name) for name in node.names)
            elif package == "services":
                modules |= {name.asname or name.name: name.name for name in node.names}
        for node in nodes:
            match node:
                case ast.Attribute(value=ast.Name(id=name), attr=word) if name in modules:
                    yield modules[name], word


def test_a_use_case_begins_with_who_asks_for_it() -> None:
    """Use cases are what the layers above call. What they call in turn may begin with rows, which
    somebody with a name has fetched."""
    found = {
        f"{module}.{word}": getattr(importlib.import_module(f"services.{module}"), word, None)
        for module, word in called_from_above()
    }
    firsts = {
        name: next(iter(inspect.signature(function).parameters), None)
        for name, function in found.items()
        if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)
    }
    nameless = sorted(name for name, first in firsts.items() if first not in FIRST)
    assert len(firsts) > len(mutations())
    assert not nameless, (
        "Begin with `work` to change something, with `actor` to read something, with `world` for "
        f"what runs on; or do not call it from resolvers or storyreel: {nameless}"
    )


def service_modules() -> list[ModuleType]:
    return [
        importlib.import_module(f"services.{module.name}")
        for module in pkgutil.iter_modules(services.__path__)
        if not module.ispkg
    ]


def mutations() -> list[str]:
    assert api._schema.mutation_type
    return sorted(api._schema.mutation_type.fields)


@pytest.mark.parametrize("field", mutations())
def test_a_mutation_has_the_same_name_at_every_layer(field: str) -> None:
    word = re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", field).lower()
    in_services = [
        m.__name__
        for m in service_modules()
        if inspect.iscoroutinefunction(function := getattr(m, word, None))
        and function.__module__ == m.__name__
    ]
    in_resolvers = [
        named(path)
        for path in (ROOT / "resolvers" / "mutations").glob("*.py")
        if any(function.name == word for function in functions(path))
    ]
    assert len(in_services) == 1, f"Name the use case of `{field}` {word}, in one service module."
    assert len(in_resolvers) == 1, f"Name the resolver of `{field}` {word}, in one module."


def vertical_path() -> list[tuple[str, str]]:
    """The entries of the table `| step | where |` in the architecture guide."""
    guide = (ROOT / "docs" / "ARCHITECTURE.md").read_text()
    _, found, table = guide.partition("| step | where |")
    assert found, "docs/ARCHITECTURE.md needs the table `| step | where |` of the vertical path."
    lines = table.lstrip("\n").split("\n\n")[0]
    return WHERE.findall(lines)


def test_the_guide_names_files_and_symbols_that_exist() -> None:
    path = vertical_path()
    assert len(path) >= 5, "Write each step's place as `folder/module.py:Class.method`."
    lost = [f"{file}:{symbol}" for file, symbol in path if not exists(ROOT / file, symbol)]
    assert not lost, f"Correct the vertical path in docs/ARCHITECTURE.md; these are gone: {lost}"


def exists(path: Path, symbol: str) -> bool:
    """Whether a module defines a dotted name."""
    if not path.is_file():
        return False
    scope: list[ast.stmt] = ast.parse(path.read_text()).body
    for part in symbol.split("."):
        found = [node for node in scope if part in defined_by(node)]
        if not found:
            return False
        scope = getattr(found[-1], "body", [])
    return True


def defined_by(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.AnnAssign):
        node = ast.Assign(targets=[node.target], value=ast.Constant(None))
    targets = node.targets if isinstance(node, ast.Assign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]
