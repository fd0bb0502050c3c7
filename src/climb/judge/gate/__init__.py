"""The gate for authors: what must be true of a project before a learner meets it.

    content      every stage has three hints, a concept and checks; each check has a wrong program; nothing strays in the folder
    starters     each builds, runs, and fails stage 1 because it does not do the work yet
    reference    our own system holds every stage
    right        right programs in several languages hold every stage: the judge gives no false alarm
    wrong        each wrong program is caught by its check and by no other of that stage, with the recorded report

``gates.py`` has the table. A gate yields findings; a finding that is not ok is a mistake of ours.
"""

from climb.judge.gate.findings import Finding, Outcome
from climb.judge.gate.gates import GATES, pass_gates

__all__ = ["GATES", "Finding", "Outcome", "pass_gates"]
