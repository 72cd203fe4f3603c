"""YAML that remembers on which line each thing stands, so that a problem can name FILE:LINE."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from certengine.foundation.errors import Invalid, Problem


class MarkedDict(dict[str, Any]):
    """A mapping with its own line and the line of each key (from 1)."""

    line: int = 0
    lines: dict[str, int]


class MarkedList(list[Any]):
    """A sequence with its own line and the line of each member (from 1)."""

    line: int = 0
    lines: list[int]


class _Loader(yaml.CSafeLoader):
    pass


def _mapping(loader: _Loader, node: yaml.MappingNode) -> MarkedDict:
    marked = MarkedDict()
    marked.line = node.start_mark.line + 1
    marked.lines = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)  # type: ignore[no-untyped-call]
        if not isinstance(key, str):
            # Only a plain scalar can be a name; 1: and true: read as the texts that were written.
            key = key_node.value
        if key in marked:
            raise yaml.MarkedYAMLError(problem=f"the key {key} stands twice", problem_mark=key_node.start_mark)
        marked[key] = loader.construct_object(value_node, deep=True)  # type: ignore[no-untyped-call]
        marked.lines[key] = key_node.start_mark.line + 1
    return marked


def _sequence(loader: _Loader, node: yaml.SequenceNode) -> MarkedList:
    marked = MarkedList(loader.construct_object(each, deep=True) for each in node.value)  # type: ignore[no-untyped-call]
    marked.line = node.start_mark.line + 1
    marked.lines = [each.start_mark.line + 1 for each in node.value]
    return marked


def _scalar(kind: str) -> Callable[[_Loader, yaml.ScalarNode], object]:
    """As the loader reads it; what looks like one and is none (2026-13-45) is a fault of its line."""
    construct = getattr(_Loader, f"construct_yaml_{kind}")

    def made(loader: _Loader, node: yaml.ScalarNode) -> object:
        try:
            return construct(loader, node)
        except (ValueError, KeyError, AttributeError, OverflowError):
            raise yaml.MarkedYAMLError(problem=f"no {kind}", problem_mark=node.start_mark) from None

    return made


for _kind in ("timestamp", "int", "float", "bool", "binary"):
    _Loader.add_constructor(f"tag:yaml.org,2002:{_kind}", _scalar(_kind))
_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
_Loader.add_constructor("tag:yaml.org,2002:seq", _sequence)


def _without_aliases(text: str) -> None:
    """A few aliases of aliases stand for gigabytes; no file of ours has a use for one."""
    if "*" not in text or "&" not in text:
        return
    for event in yaml.parse(text, yaml.CSafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise yaml.MarkedYAMLError(problem="aliases are not used here", problem_mark=event.start_mark)  # type: ignore[arg-type]


def load(text: str, name: str) -> Any:
    """The document with its lines. Raises Invalid with NAME:LINE when it is not YAML."""
    try:
        _without_aliases(text)
        return yaml.load(text, _Loader)  # nosec B506: a SafeLoader
    except RecursionError:
        raise Invalid([Problem(f"{name}:1", "yaml.syntax", {"detail": "nested too deeply"})]) from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise Invalid([Problem(f"{name}:{line}", "yaml.syntax", {"detail": error.problem or ""})]) from None
    except yaml.YAMLError as error:
        raise Invalid([Problem(f"{name}:1", "yaml.syntax", {"detail": str(error).splitlines()[0]})]) from None


def read(path: Path) -> str:
    """A file's text. Raises Invalid when it is not UTF-8 or cannot be read."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid([Problem(f"{path}:1", "yaml.encoding", {"byte": error.start})]) from None
    except OSError as error:
        raise Invalid([Problem(str(path), "yaml.unreadable", {"detail": error.strerror or ""})]) from None
