"""A walk through the pages of a list, held against what is in it: nothing missing, nothing twice, nothing out of order."""

from __future__ import annotations

from collections.abc import Collection, Sequence

__all__ = ["wrong_with"]


def wrong_with(walked: Sequence[str], whole: Sequence[str], *, due: Collection[str]) -> str:
    """What is wrong with the ids of a walk, in words; empty if nothing is.

    ``whole`` is the list afterwards, when nothing changes any more, and ``due`` what must be in the walk whatever else happened meanwhile.
    What was added meanwhile may be missing at the end of the walk, and nowhere else.
    """
    if twice := sorted({each for each in walked if walked.count(each) > 1}, key=walked.index):
        return f"ids that came twice: {_some(twice)}"
    place = {each: at for at, each in enumerate(whole)}
    if missing := [each for each in whole if each in due and each not in set(walked)]:
        return f"ids that never came: {_some(missing)}"
    known = [place[each] for each in walked if each in place]
    if known != sorted(known):
        return "the order is another one than that of the list afterwards"
    if known and (skipped := [each for each in whole[: known[-1]] if each not in set(walked)]):
        return f"ids that never came, although what stands behind them in the list did: {_some(skipped)}"
    return ""


def _some(ids: Sequence[str]) -> str:
    return f"{len(ids)}, the first is {ids[0]}"
