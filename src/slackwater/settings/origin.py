"""Where in the user's files a settings object was written: file, line and dotted path."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

OWN_PACKAGES = ("slackwater", "pydantic")
Location = tuple[str | int, ...]


@dataclass(frozen=True)
class Origin:
    """One call in a user's file; `end` is the call's last line and column, which no other call shares."""

    file: str
    line: int
    end: tuple[int | None, int | None]

    def line_of(self, location: Location) -> int:
        """The line of that keyword, key or item of the call; the call's own where it is not spelled out."""
        call = self._call()
        return self.line if call is None else _descend(call, location)

    def path(self) -> str | None:
        """`app.server` for the inner call of `app = App(server=Server(…))`; None for a call that is not assigned."""
        call = self._call()
        return next((path for node, path in _assigned(self._tree()) if node is call), None)

    def relative_file(self) -> str:
        """Relative to the working directory if inside it, as an operator types it."""
        file, here = Path(self.file).absolute(), Path.cwd()
        return str(file.relative_to(here) if file.is_relative_to(here) else file)

    def _call(self) -> ast.Call | None:
        calls = (node for node in ast.walk(self._tree()) if isinstance(node, ast.Call))
        return next((node for node in calls if (node.end_lineno, node.end_col_offset) == self.end), None)

    def _tree(self) -> ast.Module:
        return parse(self.file)


def caller() -> Origin:
    """The innermost call that is neither ours nor pydantic's."""
    frame = sys._getframe(1)
    while frame.f_back and str(frame.f_globals.get("__name__")).partition(".")[0] in OWN_PACKAGES:
        frame = frame.f_back
    positions = islice(frame.f_code.co_positions(), frame.f_lasti // 2, None)
    _, end_line, _, end_column = next(positions, (None, None, None, None))
    return Origin(frame.f_code.co_filename, frame.f_lineno, (end_line, end_column))


_trees: dict[tuple[str, int], ast.Module] = {}


def parse(file: str) -> ast.Module:
    """An empty tree for what is no file (a shell's input) or no Python: a call's own line is then all that is known."""
    try:
        path = Path(file)
        key = (file, path.stat().st_mtime_ns)
        if key not in _trees:
            _trees[key] = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return ast.Module(body=[], type_ignores=[])
    return _trees[key]


def _assigned(tree: ast.Module) -> Iterator[tuple[ast.Call, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield from _calls(value, name)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                yield from _calls(value, name)


def _calls(node: ast.AST, path: str) -> Iterator[tuple[ast.Call, str]]:
    if isinstance(node, ast.Call):
        yield node, path
    for part, child in _children(node):
        step = f".{part}" if isinstance(node, ast.Call) else f"[{part!r}]"
        yield from _calls(child, path + step)


def _children(node: ast.AST) -> Iterator[tuple[str | int, ast.expr]]:
    match node:
        case ast.Call(keywords=keywords):
            yield from ((keyword.arg, keyword.value) for keyword in keywords if keyword.arg)
        case ast.List(elts=items) | ast.Tuple(elts=items):
            yield from enumerate(items)
        case ast.Dict(keys=keys, values=values):
            yield from ((text, value) for key, value in zip(keys, values, strict=True) for text in _text(key))


def _text(node: ast.expr | None) -> list[str]:
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []


def _descend(node: ast.expr, location: Location) -> int:
    for part in location:
        child = dict(_children(node)).get(part)
        if child is None:
            break
        node = child
    return node.lineno


def render(location: Location) -> str:
    """`("environment", "A B")` as `.environment['A B']`."""
    head, *rest = location or ("",)
    return "".join([f".{head}" if head else "", *(f"[{part!r}]" for part in rest)])
