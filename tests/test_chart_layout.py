"""Where the nodes of a chart stand: each once, none over another, every line from one to the other."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from web.layered import HEIGHT, WIDTH, Layout, layout

Graph = tuple[list[list[int]], list[tuple[int, int]]]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    sizes = draw(st.lists(st.integers(0, 8), min_size=1, max_size=4))
    numbers = iter(range(sum(sizes)))
    columns = [[next(numbers) for _ in range(size)] for size in sizes]
    if not sum(sizes):
        return columns, []
    node = st.integers(0, sum(sizes) - 1)
    return columns, draw(st.lists(st.tuples(node, node), max_size=30))


@given(graphs())
def test_every_node_stands_once_within_the_picture_and_over_no_other(graph: Graph) -> None:
    columns, edges = graph
    found = layout(columns, edges)
    assert set(found.places) == {key for column in columns for key in column}
    for place in found.places.values():
        assert place.x >= 0
        assert place.x + WIDTH <= found.width
        assert place.y >= 0
        assert place.y + HEIGHT <= found.height
    for a, b in combinations(found.places.values(), 2):
        assert abs(a.x - b.x) >= WIDTH or abs(a.y - b.y) >= HEIGHT


@given(graphs())
def test_nodes_stay_in_their_columns_from_the_first_to_the_last(graph: Graph) -> None:
    columns, edges = graph
    found = layout(columns, edges)
    across = [{found.places[key].x for key in column} for column in columns if column]
    assert all(len(xs) == 1 for xs in across)
    firsts = [min(xs) for xs in across]
    assert firsts == sorted(set(firsts))


def at_side(found: Layout[int], node: int, point: tuple[float, float]) -> bool:
    place = found.places[node]
    return point[0] in (place.x, place.x + WIDTH) and point[1] == place.y + HEIGHT / 2


@given(graphs())
def test_a_line_goes_from_the_side_of_one_node_to_the_side_of_the_other(graph: Graph) -> None:
    columns, edges = graph
    found = layout(columns, edges)
    for a, b in edges:
        points = found.curve(a, b).points
        start, end = points[0], points[-1]
        assert (at_side(found, a, start) and at_side(found, b, end)) or (
            at_side(found, b, start) and at_side(found, a, end)
        )
        assert all(0 <= x <= found.width and 0 <= y <= found.height for x, y in points)


@given(graphs())
def test_the_same_chart_is_drawn_the_same(graph: Graph) -> None:
    assert layout(*graph) == layout(*graph)


def test_what_is_tied_stands_at_the_same_height() -> None:
    found = layout([[1, 2, 3], [6, 5, 4]], [(1, 4), (2, 5), (3, 6)])
    for a, b in ((1, 4), (2, 5), (3, 6)):
        assert found.places[a].y == found.places[b].y


def test_an_empty_column_takes_no_room() -> None:
    assert layout([[], [1], [], [2]], []) == layout([[1], [2]], [])
