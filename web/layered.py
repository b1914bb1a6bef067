"""Where the nodes of a chart stand: in columns, so that what is tied stands near each other. Pure arithmetic."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

WIDTH, HEIGHT = 200, 46
"""Of a node."""
GAP, BETWEEN = 14, 110
"""Between two nodes of a column, and between two columns."""
EDGE = 4
"""Room at the edges, for the line round a node that the keyboard is at."""
SWEEPS = 4


@dataclass(frozen=True, slots=True)
class Place:
    """The upper left corner of a node, and in which column it is."""

    column: int
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Curve:
    """A line from the side of one node to the side of another, as the four points of a cubic Bézier curve."""

    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Layout(Generic[K]):
    """Where everything stands. Columns that are empty take no room."""

    places: Mapping[K, Place]
    width: float
    height: float

    def curve(self, a: K, b: K) -> Curve:
        """The line between two nodes: across the columns, or out and back beside a column."""
        one, other = sorted((self.places[a], self.places[b]), key=lambda place: (place.x, place.y))
        start = (one.x + WIDTH, one.y + HEIGHT / 2)
        if one.column == other.column:
            out = min(one.x + WIDTH + BETWEEN * 0.6, self.width - EDGE)
            end = (other.x + WIDTH, other.y + HEIGHT / 2)
            return Curve((start, (out, start[1]), (out, end[1]), end))
        end = (other.x, other.y + HEIGHT / 2)
        middle = (start[0] + end[0]) / 2
        return Curve((start, (middle, start[1]), (middle, end[1]), end))


def layout(columns: Sequence[Sequence[K]], edges: Sequence[tuple[K, K]]) -> Layout[K]:
    """Place every node once. The order within a column follows the mean height of what a node is tied to; where that
    says nothing, the order given."""
    filled = [list(column) for column in columns if column]
    near: dict[K, list[K]] = {key: [] for column in filled for key in column}
    for a, b in edges:
        if a != b:
            near[a].append(b)
            near[b].append(a)
    for sweep in range(SWEEPS):
        for column in filled if sweep % 2 else reversed(filled):
            heights = _heights(filled)
            inside = set(column)
            mean = {}
            for key in column:
                outside = [heights[other] for other in near[key] if other not in inside]
                mean[key] = sum(outside) / len(outside) if outside else heights[key]
            column.sort(key=lambda key: mean[key])
    tallest = max((len(column) for column in filled), default=0)
    height = EDGE * 2 + max(0, tallest * (HEIGHT + GAP) - GAP)
    places = {
        key: Place(
            number,
            EDGE + number * (WIDTH + BETWEEN),
            EDGE + (height - 2 * EDGE - len(column) * (HEIGHT + GAP) + GAP) / 2 + row * (HEIGHT + GAP),
        )
        for number, column in enumerate(filled)
        for row, key in enumerate(column)
    }
    width = 2 * EDGE + len(filled) * (WIDTH + BETWEEN) - BETWEEN * 0.35
    return Layout(places, max(width, WIDTH), height)


def _heights(columns: Sequence[Sequence[K]]) -> dict[K, float]:
    """How high each stands, its column being centred."""
    return {key: row - len(column) / 2 for column in columns for row, key in enumerate(column)}
