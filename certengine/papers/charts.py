"""Histograms and curves as plain figures for a template to draw: no library, no style attribute."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

WIDTH, HEIGHT = 560, 200
LEFT, RIGHT, BOTTOM, TOP = 44, 16, 30, 18


@dataclass(frozen=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    label: str
    count: int


@dataclass(frozen=True)
class Tick:
    place: float
    text: str


@dataclass(frozen=True)
class Histogram:
    """Everything in the units of the drawing; lines are marks across the axis, such as the limits of a band."""

    bars: tuple[Bar, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    lines: tuple[Tick, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = RIGHT
    floor: int = HEIGHT - BOTTOM


def histogram(
    values: ArrayLike, low: float, high: float, bins: int, decimals: int = 0, lines: Sequence[tuple[float, str]] = ()
) -> Histogram:
    """Counts between low and high in equal bins; values outside fall into the first or last."""
    numbers = np.clip(np.asarray(values, float), low, high)
    counts, edges = np.histogram(numbers, bins, (low, high))
    most = max(1, int(counts.max()) if len(counts) else 1)
    step = (WIDTH - LEFT - RIGHT) / bins
    room = HEIGHT - BOTTOM - TOP

    def across(value: float) -> float:
        return round(LEFT + (value - low) / (high - low) * step * bins, 1)

    bars = tuple(
        Bar(
            round(LEFT + number * step, 1),
            round(HEIGHT - BOTTOM - room * count / most, 1),
            round(max(step - 1, 0.5), 1),
            round(room * count / most, 1),
            f"{edges[number]:.{decimals}f}–{edges[number + 1]:.{decimals}f}",
            int(count),
        )
        for number, count in enumerate(counts)
    )
    ticks = tuple(Tick(across(value), f"{value:.{decimals}f}") for value in np.linspace(low, high, 6))
    heights = (Tick(HEIGHT - BOTTOM, "0"), Tick(TOP, str(most)))
    return Histogram(bars, ticks, heights, tuple(Tick(across(value), text) for value, text in lines))


@dataclass(frozen=True)
class Curve:
    """points: as an SVG polyline takes them."""

    name: str
    points: str


@dataclass(frozen=True)
class Curves:
    """Over scores 0 to 100; zero: the height at which the values are 0."""

    curves: tuple[Curve, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    zero: float
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = RIGHT
    floor: int = HEIGHT - BOTTOM


def curves(series: Mapping[str, Sequence[float]]) -> Curves:
    """Name → values at the scores 0, 1 … 100; the axis upwards is as wide as they are, and has 0 in its middle."""
    most = max(1.0, float(np.ceil(np.abs(np.array(list(series.values()))).max())))
    room = HEIGHT - BOTTOM - TOP

    def height(value: float) -> float:
        return round(TOP + room * (most - value) / (2 * most), 1)

    def across(score: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * score / 100, 1)

    drawn = tuple(
        Curve(name, " ".join(f"{across(score)},{height(value)}" for score, value in enumerate(values)))
        for name, values in series.items()
    )
    ticks = tuple(Tick(across(score), str(score)) for score in range(0, 101, 20))
    heights = tuple(Tick(height(value), f"{value:+g}" if value else "0") for value in (-most, 0.0, most))
    return Curves(drawn, ticks, heights, height(0.0))


@dataclass(frozen=True)
class Cell:
    """row and column from 1; shade: 0 for the least in the matrix, 1 for the most."""

    row: int
    column: int
    x: float
    y: float
    value: int
    shade: float


@dataclass(frozen=True)
class Matrix:
    """The lower half of a symmetric matrix, without its diagonal; side: of a cell."""

    cells: tuple[Cell, ...]
    side: float
    least: int
    most: int
    size: int = WIDTH


def matrix(values: ArrayLike) -> Matrix | None:
    """None for less than two rows."""
    table = np.asarray(values, int)
    if len(table) < 2:
        return None
    side = WIDTH / (len(table) - 1)
    rows, columns = np.tril_indices(len(table), -1)
    found = table[rows, columns]
    least, most = int(found.min()), int(found.max())
    shades = (found - least) / max(1, most - least)
    cells = tuple(
        Cell(
            int(row) + 1,
            int(column) + 1,
            round(column * side, 1),
            round((row - 1) * side, 1),
            int(value),
            round(float(shade), 2),
        )
        for row, column, value, shade in zip(rows, columns, found, shades, strict=True)
    )
    return Matrix(cells, round(side, 2), least, most)
