"""What there is to ask for, and with which methods."""

from answer import Answer, text
from count import count
from files import file_answer
from mirror import mirror

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
READING = ("GET", "HEAD")


def health(request, settings) -> Answer:
    return text(200, "ok")


def echo(request, settings) -> Answer:
    kinds = request.fields.all("content-type") or ["application/octet-stream"]
    return Answer(200, [("Content-Type", kinds[0] or "application/octet-stream")], request.body)


def resource_at(target):
    """The methods of the resource and what answers them; None if there is none."""
    path = target.path
    if path == "/healthz":
        return READING, health
    if path == "/mirror" or path.startswith("/mirror/"):
        return METHODS, mirror
    if path == "/echo":
        return ("POST", "PUT"), echo
    if path == "/count":
        return READING, count
    if target.segments[1] == "files" and len(target.segments) > 2:
        return READING, file_answer
    return None


def answer_to(request, settings) -> Answer:
    if request.method not in METHODS:
        return text(501, f"there is no method {request.method}\n")
    if any(word != "100-continue" for word in request.expectations):
        return text(417, "the only expectation that is met is 100-continue\n")
    resource = resource_at(request.target)
    if resource is None:
        return text(404, "there is no such resource\n")
    methods, make = resource
    if request.method not in methods:
        return text(405, "this resource has other methods\n", [("Allow", ", ".join(methods))])
    return make(request, settings)
