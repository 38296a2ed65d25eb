"""What is told of the changes that no test noticed, and which of them are known, with a reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from .changes import Mutant

FILE = Path(__file__).with_name("survivors.txt")


def reasons(text: str) -> dict[str, str]:
    """The known survivors: a line names the change, indented ones below it say why. Errors: ValueError without."""
    found: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith(" "):
            found[name] = f"{found[name]} {line.strip()}".strip()
        else:
            name = line
            found[name] = ""
    if without := [name for name, reason in found.items() if not reason]:
        raise ValueError(f"no reason is given for {without}")
    return found


def tell(found: list[Mutant], survivors: list[Mutant], known: dict[str, str]) -> int:
    """Print the result, file by file. Gives the exit status: 1 when a survivor is not known, or a known one is none."""
    of_file, left = Counter(one.path for one in found), Counter(one.path for one in survivors)
    print(f"\n{'file':<36}{'changes':>8}{'noticed':>8}{'not':>6}")
    for path, count in of_file.items():
        print(f"{path:<36}{count:>8}{count - left[path]:>8}{left[path]:>6}")
    share = 100 * (1 - len(survivors) / max(1, len(found)))
    print(f"{'all':<36}{len(found):>8}{len(found) - len(survivors):>8}{len(survivors):>6}   {share:.1f} %\n")
    unknown = [str(one) for one in survivors if one.key not in known]
    gone = [key for key in known if key.split(" ")[0] in of_file and key not in {one.key for one in survivors}]
    _list(f"No test notices these; a reason is to stand in {FILE.name}:", unknown)
    _list(f"These stand in {FILE.name}, and are noticed, or cannot be made any more:", gone)
    return 1 if unknown or gone else 0


def _list(title: str, lines: Iterable[str]) -> None:
    if lines:
        print("\n  ".join([title, *lines]))
