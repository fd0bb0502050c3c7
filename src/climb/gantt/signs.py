"""One sign for each label, for where there is no room for the whole of it."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Iterable, Sequence

from climb.gantt.model import Row

__all__ = ["OTHERS", "labels_of", "signs_for"]

OTHERS = "#"  # stands for all that come when the signs are used up
_SIGNS = string.ascii_uppercase + string.ascii_lowercase + string.digits
_FEW = 3  # labels with one initial, of which the first may have it
_NUMBER = re.compile(r"(\d+)")


def labels_of(rows: Iterable[Row], order: Sequence[str] = ()) -> list[str]:
    """Every label once: first those of ``order``, then the others as one would list them, 2 before 10."""
    named = dict.fromkeys(order)
    return [*named, *sorted({span.label for row in rows for span in row.spans} - named.keys(), key=_natural)]


def signs_for(labels: Sequence[str]) -> dict[str, str]:
    """A letter or digit for each label, if possible one that tells it from the others; ``OTHERS`` when there are no more."""
    free = dict.fromkeys(_SIGNS)
    signs = {label: label for label in labels if len(label) == 1 and label in free}
    for sign in signs.values():
        del free[sign]
    alike: dict[str, list[str]] = {}
    for label in labels:
        alike.setdefault(label[:1], []).append(label)
    for label in labels:
        if label not in signs:
            own = _by_rarity(label, alike[label[:1]])
            wanted = own + own.swapcase() + label
            signs[label] = next((letter for letter in wanted if letter in free), next(iter(free), OTHERS))
            free.pop(signs[label], None)
    return signs


def _by_rarity(label: str, alike: Sequence[str]) -> str:
    """The characters of a label; where many labels begin alike, first those that few of them have."""
    if len(alike) <= _FEW and (len(alike) == 1 or min(alike)[1:2] != max(alike)[1:2]):
        return label
    counts = Counter(character for each in alike for character in set(each))
    return "".join(sorted(dict.fromkeys(label), key=counts.__getitem__))


def _natural(label: str) -> list[tuple[int, int, str]]:
    parts = _NUMBER.split(label)
    return [(0, int(part), "") if part.isdecimal() and part.isascii() else (1, 0, part) for part in parts if part]
