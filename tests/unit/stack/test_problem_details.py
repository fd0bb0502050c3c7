"""Problems as RFC 9457 has them."""

import msgspec

from climb.stack.http.problems import FieldError, Problem, busy, invalid, problem_response


def document(problem: Problem) -> dict[str, object]:
    return msgspec.json.decode(bytes(problem_response(problem).body))


def test_a_problem_has_type_title_and_status() -> None:
    """What says nothing is left out."""
    assert document(Problem(404)) == {"type": "about:blank", "title": "Not Found", "status": 404}


def test_its_media_type_says_what_it_is() -> None:
    """And its status is that of the answer."""
    response = problem_response(Problem(409, "taken", headers={"X-Why": "so"}))

    assert (response.status_code, response.headers["content-type"]) == (409, "application/problem+json")
    assert response.headers["x-why"] == "so"


def test_wrong_fields_are_listed() -> None:
    """All at once, in their order, as pairs or as errors."""
    problem = invalid(("email", "missing"), FieldError("items[2].url", "expected a text"))

    assert document(problem)["errors"] == [
        {"field": "email", "message": "missing"},
        {"field": "items[2].url", "message": "expected a text"},
    ]
    assert problem.status == 422


def test_busy_says_when_to_try_again() -> None:
    """A 503 has Retry-After in seconds."""
    problem = busy("the database is away", retry_after_s=2)

    assert (problem.status, problem.headers["Retry-After"]) == (503, "2")
