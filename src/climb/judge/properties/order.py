"""What is told later is not smaller, not other, and not less than what was told before.

Later means that one operation began after the other had ended. Of two that overlap either may have been first, so nothing is
demanded of them. Each operation is compared with what all earlier ones told together, in one pass over their beginnings and ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from climb.judge.history import History, Operation
from climb.judge.properties.finding import Counterexample, Finding

__all__ = ["never_changes", "never_goes_back", "never_vanishes"]


def never_goes_back(
    history: History, *, what: str, order: Callable[[Operation], Any] = lambda each: each.value
) -> Finding:
    """Of two answers to ``what``, the later one is not smaller; where ``order`` gives None, nothing was told."""
    highest: Operation | None = None
    against = []
    for each, begins in _moments(history.of(what).ok):
        value = order(each)
        if value is None:
            continue
        if begins:
            if highest is not None and value < order(highest) and highest.before(each):
                against.append(
                    Counterexample(
                        f"at least {order(highest)}, as at {highest.ended_at:.3f} s",
                        f"{value}, asked at {each.invoked_at:.3f} s",
                        (highest, each),
                    )
                )
        elif highest is None or value > order(highest):
            highest = each
    return Finding(f"{what} never goes back", tuple(against))


def never_changes(
    history: History, *, what: str, shown: Callable[[Operation], Mapping[Any, Any]] = lambda each: each.value
) -> Finding:
    """What an answer to ``what`` shows for a key, every later answer that has this key shows too."""
    first: dict[Any, tuple[Any, Operation]] = {}
    against = []
    for each in history.of(what).ok:  # which of the two was first does not matter: both are to show the same
        for key, value in shown(each).items():
            was, when = first.setdefault(key, (value, each))
            if was != value:
                against.append(
                    Counterexample(
                        f"{key}: {was}, as at {when.invoked_at:.3f} s",
                        f"{key}: {value}, at {each.invoked_at:.3f} s",
                        (when, each),
                    )
                )
    return Finding(f"what {what} has shown never changes", tuple(against))


def never_vanishes(
    history: History, *, what: str, shown: Callable[[Operation], Mapping[Any, Any]] = lambda each: each.value
) -> Finding:
    """What an answer to ``what`` shows, every later answer shows as well."""
    seen: dict[Any, Operation] = {}
    against = []
    for each, begins in _moments(history.of(what).ok):
        if begins:
            missing = seen.keys() - shown(each).keys()
            against += [
                Counterexample(
                    f"{key}, as at {seen[key].invoked_at:.3f} s",
                    f"it is not there, asked at {each.invoked_at:.3f} s",
                    (seen[key], each),
                )
                for key in sorted(missing, key=repr)
                if seen[key].before(each)
            ]
        else:
            for key in shown(each):
                seen.setdefault(key, each)
    return Finding(f"what {what} has shown never vanishes", tuple(against))


def _moments(history: History) -> Iterator[tuple[Operation, bool]]:
    """Beginnings (True) and ends of operations in the order of time; at the same time beginnings are first."""
    moments = [(each.invoked_at, 0, each) for each in history]
    moments += [(each.ended_at, 1, each) for each in history if each.ended_at is not None]
    moments.sort(key=lambda moment: (moment[0], moment[1], moment[2].number))
    return ((each, not ends) for _, ends, each in moments)
