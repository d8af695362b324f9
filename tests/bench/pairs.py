"""A against B, in turns: A B B A …, the median of the ratios and how far they spread."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from statistics import median

PAIRS = 5


@dataclass(frozen=True)
class Goal:
    """What a ratio should reach; `higher` says which way is better."""

    floor: float
    target: float
    moonshot: float
    higher: bool = True

    def met(self, ratio: float) -> bool:
        """Whether the floor is kept."""
        return ratio >= self.floor if self.higher else ratio <= self.floor


@dataclass
class Comparison:
    """One bench: `a` is ours, `b` is the bare thing; `unit` says of what."""

    name: str
    title: str
    unit: str
    goal: Goal
    a: list[float] = field(default_factory=list)
    b: list[float] = field(default_factory=list)
    extra: dict[str, float | str] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        """The median of a / b over the pairs."""
        return median(x / y for x, y in zip(self.a, self.b, strict=True))

    @property
    def spread(self) -> tuple[float, float]:
        """The smallest and the largest ratio of a pair."""
        ratios = [x / y for x, y in zip(self.a, self.b, strict=True)]
        return min(ratios), max(ratios)

    @property
    def unsteady(self) -> bool:
        """Whether our own figures differ by more than 15 % from their median."""
        middle = median(self.a)
        return any(abs(value - middle) > 0.15 * middle for value in self.a)

    def as_json(self) -> dict[str, object]:
        """The row of the result file."""
        low, high = self.spread
        return {
            "title": self.title,
            "unit": self.unit,
            "ratio": round(self.ratio, 3),
            "lowest": round(low, 3),
            "highest": round(high, 3),
            "a": round(median(self.a), 3),
            "b": round(median(self.b), 3),
            "floor": self.goal.floor,
            "target": self.goal.target,
            "moonshot": self.goal.moonshot,
            "met": self.goal.met(self.ratio),
            "unsteady": self.unsteady,
            **self.extra,
        }


async def alternate(
    comparison: Comparison,
    ours: Callable[[], Awaitable[float]],
    bare: Callable[[], Awaitable[float]],
    pairs: int = PAIRS,
) -> Comparison:
    """Measure both sides in turns, the first to go changing from pair to pair."""
    for pair in range(pairs):
        if pair % 2:
            comparison.b.append(await bare())
            comparison.a.append(await ours())
        else:
            comparison.a.append(await ours())
            comparison.b.append(await bare())
        print(
            f"  {comparison.name} pair {pair + 1}/{pairs}: {comparison.a[-1]:,.4g} / {comparison.b[-1]:,.4g}"
        )
    return comparison
