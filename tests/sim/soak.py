"""A seeded random sequence of faults, each healed: on the lab's olympias with `make soak FAULTS=25 SEED=1`."""

from __future__ import annotations

import argparse
import itertools
import random
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from statistics import median
from typing import Callable

Heal = Callable[[str], None]
"""Makes a fault, by its name, and heals it; an AssertionError when the host is not healthy then, or something leaks."""


def sequence(faults: Iterable[str], count: int, seed: int) -> Iterator[str]:
    """So many faults in a random order, the same for the same seed; each as often as any other, or once more."""
    draw, names = random.Random(seed), sorted(faults)
    rounds = (draw.sample(names, len(names)) for _ in itertools.count())
    yield from itertools.islice(itertools.chain.from_iterable(rounds), count)


def soak(faults: Iterable[str], count: int, seed: int, heal: Heal) -> dict[str, list[float]]:
    """Make the faults and heal them, one after the other; the seconds from fault to healthy, by fault."""
    took: dict[str, list[float]] = defaultdict(list)
    for number, name in enumerate(sequence(faults, count, seed), 1):
        start = time.monotonic()
        try:
            heal(name)
        except AssertionError as error:
            raise AssertionError(f"fault {number} of seed {seed}, {name}: {error}") from error
        took[name].append(time.monotonic() - start)
        print(f"{number:4} {name:<40} {took[name][-1]:6.1f} s", flush=True)
    return took


def table(took: dict[str, list[float]]) -> str:
    """The times as the README has them."""
    rows = [f"| {name} | {len(times)} | {median(times):.0f} s | {max(times):.0f} s |" for name, times in took.items()]
    return "\n".join(["| fault | made | median | longest |", "|---|---|---|---|", *sorted(rows)])


def main() -> None:
    """Soak olympias, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.sim.soak", description=main.__doc__)
    parser.add_argument("--faults", type=int, default=25)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    from tests.lab.olympias.soaked import soaked

    with soaked() as (faults, heal):
        took = soak(faults, given.faults, given.seed, heal)
    print(table(took))
    print(f"{given.faults} faults injected, {given.faults} healed, 0 leaks (seed {given.seed})")


if __name__ == "__main__":
    main()
