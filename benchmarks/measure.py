"""One figure: a rate or a time of the service, of its limit, and the ratio of the two, taken in rounds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the table. `limit` and `service` are medians; `ratios` are service to limit, a round each."""

    name: str
    unit: str
    limit: float
    service: float
    ratios: tuple[float, ...]

    @property
    def ratio(self) -> float:
        return median(self.ratios)


def in_turns(
    unit: str, rounds: int, limit: Callable[[], float], services: dict[str, Callable[[], float]]
) -> list[Figure]:
    """Measure the limit and then each service, `rounds` times over; a figure for each service."""
    limits: list[float] = []
    found: dict[str, list[float]] = {name: [] for name in services}
    for _ in range(rounds):
        limits.append(limit())
        for name, service in services.items():
            found[name].append(service())
    return [
        Figure(name, unit, median(limits), median(rates), tuple(r / n for r, n in zip(rates, limits, strict=True)))
        for name, rates in found.items()
    ]


def table(figures: Sequence[Figure]) -> str:
    """The figures as a Markdown table."""
    lines = ["| measured | limit | service | unit | ratio | lowest–highest |", "|---|--:|--:|---|--:|--:|"]
    for f in figures:
        span = f"{min(f.ratios):.2f}–{max(f.ratios):.2f}"
        lines.append(
            f"| {f.name} | {_number(f.limit)} | {_number(f.service)} | {f.unit} | **{f.ratio:.2f}** | {span} |"
        )
    return "\n".join(lines)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
