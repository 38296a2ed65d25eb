"""Try odd inputs on every parser: python -m tests.fuzz [--seed 7] [--count 20000] [--only NAME] [--number N].

With --megabyte, the worst of that length instead. The kernel ends it after so many seconds of a processor as CPU or
STEPS says, whatever else runs on the computer: what hangs is named by the last line.
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import time
import traceback
from collections.abc import Iterator

from ospreyops.remote.command import Answer
from tests.fuzz.inputs import odd
from tests.fuzz.parser import Parser
from tests.fuzz.registry import parsers
from tests.fuzz.worst import worst

COUNT = 20_000
CPU = 60
"""Seconds of one processor for so many odd inputs: CI has no more."""
STEPS = 20
"""Seconds of one processor for a parser's megabytes. It takes a second or two for all of them, in as many steps as they
have signs; with steps for each two of them, a single one takes minutes.
"""


def inputs(parser: Parser, seed: int, numbers: range) -> Iterator[tuple[int, Answer]]:
    """The odd inputs of a parser: the same for the same seed and number."""
    for number in numbers:
        yield number, odd(parser.seeds, random.Random(f"{seed} {parser.name} {number}"))


def tried(parser: Parser, seed: int, numbers: range) -> bool:
    """Try the inputs. False at the first that is neither read nor refused, which is shown with what repeats it."""
    for number, answer in inputs(parser, seed, numbers):
        try:
            parser.try_on(answer)
        except Exception:  # noqa: BLE001 (that is what is looked for)
            traceback.print_exc(file=sys.stdout)
            print(f"{parser.name}: {answer!r:.2000}")
            print(f"again: python -m tests.fuzz --seed {seed} --only '{parser.name}' --number {number}")
            return False
    return True


def limit(seconds: int) -> None:
    """Have the kernel end this process once it has used so many seconds of a processor."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def long_ones_read(parser: Parser) -> bool:
    """Read the worst megabytes. False at the first that is neither read nor refused."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit(int(used.ru_utime + used.ru_stime) + STEPS)
    try:
        for answer in worst(parser):
            parser.try_reading(answer)
    except Exception:  # noqa: BLE001 (that is what is looked for)
        traceback.print_exc(file=sys.stdout)
        return False
    return True


def main() -> int:
    """Exit status 1 when something was found."""
    options = argparse.ArgumentParser()
    options.add_argument("--seed", type=int, default=time.time_ns() % 10**9)
    options.add_argument("--count", type=int, default=COUNT)
    options.add_argument("--only", default="")
    options.add_argument("--number", type=int, default=-1)
    options.add_argument("--megabyte", action="store_true")
    given = options.parse_args()
    chosen = [parser for parser in parsers() if given.only in ("", parser.name)]
    share = -(-given.count // len(chosen))
    numbers = range(share) if given.number < 0 else range(given.number, given.number + 1)
    limit(CPU * max(1, given.count // COUNT))
    found = 0
    for parser in chosen:
        begin = time.process_time()
        print(f"seed {given.seed}: {parser.name}", end=" ", flush=True)
        found += not (long_ones_read(parser) if given.megabyte else tried(parser, given.seed, numbers))
        print(f"{time.process_time() - begin:.1f} s")
    print(f"{len(chosen)} parsers, {found} failed")
    return min(found, 1)


if __name__ == "__main__":
    sys.exit(main())
