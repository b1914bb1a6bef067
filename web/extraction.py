"""Finds the sentences of the service that reach people, so that they come into the catalogues with those of the pages.

The service knows of no translation: its errors, refusals and checks are English sentences, written where they are
needed. A sentence is known by its form.
"""

import ast
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, BinaryIO

SENTENCE = re.compile(r"[A-Z][^\n]*[ ][^\n]*[.?]")
"""A capital letter, a full stop, and more than one word."""

ELSEWHERE = frozenset({"metadata", "says", "description", "help"})
"""Arguments whose texts are for programmers."""


def sentences(
    file: BinaryIO, _keywords: Collection[str], _tags: Sequence[str], options: Mapping[str, Any]
) -> Iterator[tuple[int, None, str, list[str]]]:
    """Babel's extraction from a Python file of the service: every sentence in it, and every title of a problem."""
    for node in _texts(ast.parse(file.read())):
        yield node.lineno, None, str(node.value), []


def _texts(tree: ast.AST) -> Iterator[ast.Constant]:
    for node in ast.iter_child_nodes(tree):
        if _is_for_programmers(node):
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and SENTENCE.fullmatch(node.value):
            yield node
        elif isinstance(node, ast.Tuple) and _is_title(node):
            title = node.elts[2]
            assert isinstance(title, ast.Constant)
            yield title
        else:
            yield from _texts(node)


def _is_for_programmers(node: ast.AST) -> bool:
    """Docstrings, what describes the API, and what is put together where it stands (see `glued`)."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.keyword):
        return node.arg in ELSEWHERE
    if isinstance(node, ast.Dict):
        return any(isinstance(key, ast.Constant) and key.value == "description" for key in node.keys)
    if isinstance(node, ast.Assign):
        return any(isinstance(target, ast.Name) and target.id.endswith("DESCRIPTION") for target in node.targets)
    return isinstance(node, ast.JoinedStr)


def _is_title(node: ast.Tuple) -> bool:
    """Status, slug and title, as in the table of `evidence_api.errors`."""
    values = [e.value for e in node.elts if isinstance(e, ast.Constant)]
    return [type(v) for v in values] == [int, str, str]


def glued(source: str) -> list[int]:
    """The lines with a sentence that is put together where it stands, and so cannot be said in another language."""
    found = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.JoinedStr))
    return [
        node.lineno
        for node in found
        if SENTENCE.fullmatch("".join(str(p.value) if isinstance(p, ast.Constant) else "x" for p in node.values))
    ]
