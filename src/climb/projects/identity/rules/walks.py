"""A walk through the pages of a list, held against what is in it: nothing missing, nothing twice, nothing out of order."""

from __future__ import annotations

from collections.abc import Collection, Sequence

__all__ = ["wrong_with"]

_NAMED = 3


def wrong_with(walked: Sequence[str], whole: Sequence[str], *, due: Collection[str]) -> str:
    """What is wrong with the ids of a walk, in words; empty if nothing is.

    ``whole`` is the list afterwards, when nothing changes any more, and ``due`` what must be in the walk whatever else happened meanwhile.
    What was added meanwhile may be missing at the end of the walk, and nowhere else.
    """
    if twice := sorted({each for each in walked if walked.count(each) > 1}, key=walked.index):
        return f"{_some(twice)} came twice"
    place = {each: at for at, each in enumerate(whole)}
    if missing := [each for each in whole if each in due and each not in set(walked)]:
        return f"{_some(missing)} never came"
    known = [place[each] for each in walked if each in place]
    if known != sorted(known):
        return "the order is another one than that of the list afterwards"
    if known and (skipped := [each for each in whole[: known[-1]] if each not in set(walked)]):
        return f"{_some(skipped)} never came, although what stands behind it in the list did"
    return ""


def _some(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    return ", ".join(ids[:_NAMED]) + more
