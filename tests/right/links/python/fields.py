"""The fields of a link as they are given: what is wrong is said all at once."""

import codes
import moments
from problem import error


def errors_of(given: dict, targets, known=("url", "code", "expires_at"), needed=("url",)) -> list[dict]:
    errors = [error(name, "is missing") for name in needed if name not in given]
    errors += [error(name, "is not known") for name in given if name not in known]
    if not given and not needed:
        errors.append(error("", "expected a field that changes"))
    for name in known:
        if name in given:
            complaint = complaint_about(name, given[name], targets)
            errors += [error(name, complaint)] if complaint else []
    return errors


def complaint_about(name: str, value: object, targets) -> str | None:
    if name == "url":
        return targets.complaint(value)
    return codes.complaint(value) if name == "code" else expiry_complaint(value)


def expiry_complaint(value: object) -> str | None:
    if value is None:
        return None
    moment = moments.read(value)
    if moment is None:
        return "expected a time like 2027-01-01T00:00:00Z"
    return None if moment > moments.now() else "is in the past"
