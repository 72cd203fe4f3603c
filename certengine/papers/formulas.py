"""Formulas as drawing on a PDF: LaTeX set by ziamath, its outlines as paths."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from xml.etree import ElementTree

import ziamath
from reportlab.pdfgen.canvas import Canvas

# Plain <path> elements rather than symbols that are referred to.
ziamath.config.svg2 = False
TOKEN = re.compile(r"[MLQCZ]|-?\d+(?:\.\d+)?(?:e-?\d+)?")


@dataclass(frozen=True)
class Formula:
    """In points, the baseline at 0; shapes: ("path", tokens) or ("rect", x, y, width, height), y downwards."""

    width: float
    ascent: float
    descent: float
    shapes: tuple[tuple[Any, ...], ...]

    def paint(self, canvas: Canvas, x: float, y: float) -> None:
        canvas.saveState()
        canvas.translate(x, y)
        canvas.scale(1, -1)
        for shape in self.shapes:
            if shape[0] == "rect":
                canvas.rect(*shape[1:], stroke=0, fill=1)
            else:
                _draw(canvas, shape[1])
        canvas.restoreState()


@lru_cache(maxsize=2048)
def formula(source: str, size: float) -> Formula | None:
    """None where it is not LaTeX that can be set."""
    try:
        svg = ElementTree.fromstring(ziamath.Latex(source, size=size).svg())  # nosec B314: written by ourselves a moment ago
    except Exception:
        # Whatever the parser stumbles over, the source is printed as it was typed.
        return None
    left, top, width, height = (float(each) for each in svg.attrib["viewBox"].split())
    shapes: list[tuple[Any, ...]] = []
    for node in svg.iter():
        kind = node.tag.rpartition("}")[2]
        if kind == "path":
            shapes.append(("path", tuple(TOKEN.findall(node.attrib["d"]))))
        elif kind == "rect":
            shapes.append(("rect", *(float(node.attrib[key]) for key in ("x", "y", "width", "height"))))
    return Formula(width + left, -top, height + top, tuple(shapes))


def _draw(canvas: Canvas, tokens: tuple[str, ...]) -> None:
    path = canvas.beginPath()
    place, at = 0, (0.0, 0.0)
    while place < len(tokens):
        act = tokens[place]
        count = {"M": 2, "L": 2, "Q": 4, "C": 6, "Z": 0}[act]
        numbers = [float(each) for each in tokens[place + 1 : place + 1 + count]]
        place += 1 + count
        if act == "Z":
            path.close()
            continue
        end = (numbers[-2], numbers[-1])
        if act == "M":
            path.moveTo(*end)
        elif act == "L":
            path.lineTo(*end)
        elif act == "C":
            path.curveTo(*numbers)
        else:
            # A quadratic curve is the cubic one whose handles reach two thirds of the way.
            cx, cy = numbers[:2]
            path.curveTo(
                at[0] + 2 / 3 * (cx - at[0]), at[1] + 2 / 3 * (cy - at[1]),
                end[0] + 2 / 3 * (cx - end[0]), end[1] + 2 / 3 * (cy - end[1]), *end,
            )  # fmt: skip
        at = end
    canvas.drawPath(path, stroke=0, fill=1)
