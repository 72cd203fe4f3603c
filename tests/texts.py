"""Which texts a package's source holds, and which of them its en.po lacks.

python -m tests.texts ROOM prints the missing ones as entries to be translated.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po

ROOT = Path(__file__).parent.parent
KEYWORDS = {"_": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2)}


def texts(room: str) -> set[str]:
    """Every text that the room's Python, templates and message table show to people."""
    found: set[str] = set()
    for path, method in _files(room):
        for _line, message, _comments, _context in extract_from_file(method, path, keywords=KEYWORDS):
            found.update([message] if isinstance(message, str) else message)
    sources = sorted((ROOT / "certengine" / room).glob("*problems.py"))
    if room == "web":
        sources.append(ROOT / "certengine/web/errors.py")
    for source in sources:
        found.update(_registered(source))
    return {text for text in found if text}


def _files(room: str) -> Iterator[tuple[Path, str]]:
    for path in sorted((ROOT / "certengine" / room).rglob("*.py")):
        yield path, "python"
    folders = [room]
    if room == "web":
        folders.append("layout")
        for path in sorted((ROOT / "certengine").glob("*.py")):
            yield path, "python"
    for folder in folders:
        for path in sorted((ROOT / "templates" / folder).rglob("*.html")):
            yield path, "jinja2.ext:babel_extract"


def _registered(path: Path) -> Iterator[str]:
    """The sentences given to register_messages in a file, read without running it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "register_messages":
            for argument in node.args:
                if isinstance(argument, ast.Dict):
                    yield from (ast.literal_eval(value) for value in argument.values)


def catalogue(room: str) -> Catalog:
    path = ROOT / "certengine" / room / "en.po"
    if not path.exists():
        return Catalog(locale="en")
    with path.open("rb") as file:
        return read_po(file, locale="en")


def missing(room: str) -> list[str]:
    """Texts without an English one, or with a fuzzy one."""
    translated = {m.id for m in catalogue(room) if m.id and m.string and not m.fuzzy}
    return sorted(texts(room) - translated)


def left_over(room: str) -> list[str]:
    """Entries of en.po that the source no longer holds."""
    return sorted({str(m.id) for m in catalogue(room) if m.id} - texts(room))


if __name__ == "__main__":
    for text in missing(sys.argv[1]):
        lines = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        print(f'msgid "{lines}"\nmsgstr ""\n')
