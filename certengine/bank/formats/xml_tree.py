"""XML as a tree that knows its lines. No document type, no entities: nothing is fetched and nothing grows."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from certengine.foundation.errors import Invalid, Problem

DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")


@dataclass
class Node:
    tag: str
    attributes: dict[str, str]
    line: int
    text: str = ""
    children: list["Node"] = field(default_factory=list)
    # Texts and children as they stand, for mixed content.
    parts: list["Node | str"] = field(default_factory=list)

    def all(self, tag: str) -> list["Node"]:
        return [child for child in self.children if child.tag == tag]

    def first(self, tag: str) -> "Node | None":
        return next(iter(self.all(tag)), None)

    def said(self, *path: str) -> str:
        """The text of the node below by this path; empty where there is none."""
        node: Node | None = self
        for tag in path:
            node = node.first(tag) if node else None
        return node.text if node else ""

    def walk(self) -> Iterator["Node"]:
        yield self
        for child in self.children:
            yield from child.walk()


def read_tree(text: str, name: str) -> Node:
    """Raises Invalid with NAME:LINE:COLUMN for what is no XML, or what declares entities."""
    parser = expat.ParserCreate(namespace_separator=None)
    root = Node("", {}, 0)
    stack = [root]

    def start(tag: str, attributes: dict[str, str]) -> None:
        node = Node(tag, attributes, parser.CurrentLineNumber)
        stack[-1].children.append(node)
        stack[-1].parts.append(node)
        stack.append(node)

    def characters(data: str) -> None:
        stack[-1].text += data
        stack[-1].parts.append(data)

    def declared(*_anything: object) -> None:
        raise Invalid([Problem(f"{name}:{parser.CurrentLineNumber}", "bank.xml_entities")])

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _tag: stack.pop()
    parser.CharacterDataHandler = characters
    parser.EntityDeclHandler = declared
    parser.buffer_text = True
    try:
        # The bytes were decoded already, whatever the declaration says.
        parser.Parse(DECLARATION.sub("", text.lstrip("\ufeff"), count=1).encode(), True)
    except expat.ExpatError as error:
        place = f"{name}:{error.lineno}:{error.offset + 1}"
        raise Invalid([Problem(place, "bank.xml_syntax", {"why": expat.ErrorString(error.code)})]) from None
    return root.children[0]
