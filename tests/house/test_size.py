"""How long things may be. The aims are 300 and 30 lines; these are the lines beyond which nothing passes."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.house.source import EVERYTHING, PRODUCT, Function, assert_none, functions, modules, place, web_files

MODULE, FUNCTION, PARAMETERS, WEB_FILE = 400, 50, 5, 250


def _lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def _parameters(function: Function) -> int:
    named = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return len([one for one in named if one.arg not in {"self", "cls"}])


def _is_route(path: Path, function: Function) -> bool:
    return path.stem.startswith("api") and function.name in {"get", "post", "put", "patch", "delete"}


def _is_migration(path: Path) -> bool:
    return "versions" in path.parts


def test_no_module_is_a_place_where_everything_lands() -> None:
    """Files that grow past one idea become the ones everybody edits and nobody reads."""
    assert_none(place(path) for path in modules(*EVERYTHING) if _lines(path) > MODULE)


def test_a_function_fits_on_a_screen() -> None:
    """What cannot be seen at once cannot be reviewed. A migration is a list of tables and may be as long as it is."""
    assert_none(
        f"{place(path, function)} {function.name}"
        for path in modules(*EVERYTHING)
        if not _is_migration(path)
        for function in functions(path)
        if (function.end_lineno or function.lineno) - function.lineno + 1 > FUNCTION
    )


def test_a_function_takes_at_most_five_parameters() -> None:
    """A sixth parameter is a value that has no name yet. What a route reads of the query string is named one by one."""
    assert_none(
        f"{place(path, function)} {function.name}"
        for path in modules(PRODUCT, "tools")
        for function in functions(path)
        if _parameters(function) > PARAMETERS and not _is_route(path, function)
    )


def test_a_web_file_holds_one_component() -> None:
    """A screen that outgrows its file is several components."""
    assert_none(place(path) for path in web_files(".vue", ".ts", ".css") if _lines(path) > WEB_FILE)


def test_package_files_are_empty() -> None:
    """Code in __init__ runs whenever anything of the package is imported, and hides where a name comes from."""
    assert_none(place(path) for path in modules(*EVERYTHING) if path.name == "__init__.py" and path.read_text().strip())


def test_every_module_says_what_it_is_for() -> None:
    """The first line a newcomer reads."""
    assert_none(
        place(path)
        for path in modules(*EVERYTHING)
        if path.name != "__init__.py" and not ast.get_docstring(ast.parse(path.read_text()))
    )
