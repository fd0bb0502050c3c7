"""What is read from an OpenAPI document, beyond plain fields: alternatives, parts, header fields, values, examples."""

from __future__ import annotations

from climb.stack.http.contract_reading import Content, Row, read_contract
from climb.stack.http.reading_page import reading_page

DOCUMENT = r"""
openapi: 3.1.0
info: {title: Tokens, version: "1"}
paths:
  /token:
    post:
      summary: Get `tokens`
      requestBody:
        content:
          application/x-www-form-urlencoded:
            schema: {oneOf: [{$ref: "#/components/schemas/CodeGrant"}, {$ref: "#/components/schemas/OtherGrant"}]}
            examples:
              code: {value: {grant_type: code, code: "a b"}}
              other: {value: {grant_type: other}}
      responses:
        "200":
          description: The `tokens`.
          headers:
            Cache-Control: {required: true, description: Nobody keeps it., schema: {type: string, const: no-store}}
            ETag: {$ref: "#/components/headers/ETag"}
          content:
            application/json:
              schema: {$ref: "#/components/schemas/Keys"}
              example: {keys: []}
        "400":
          description: No.
          content: {application/problem+json: {schema: {$ref: "#/components/schemas/Problem400"}}}
webhooks:
  told:
    post:
      tags: [Tokens]
      summary: A message
      security: []
      requestBody: {content: {application/json: {schema: {type: object, properties: {to: {type: string}}}}}}
components:
  headers:
    ETag: {description: "For `If-Match`.", schema: {type: string, pattern: "^`*[_a]*$"}}
  schemas:
    CodeGrant: {type: object, required: [code], properties: {grant_type: {const: code}, code: {type: string}}}
    OtherGrant: {type: object, properties: {grant_type: {const: other}, more: {anyOf: [{type: integer}, {type: "null"}]}}}
    Keys:
      type: object
      properties:
        keys:
          type: array
          items: {oneOf: [{properties: {kty: {const: RSA}, n: {type: string}}}, {properties: {kty: {const: EC}}}]}
        algorithms: {type: array, const: [RS256, ES256], default: true}
    Problem: {type: object, required: [status], properties: {status: {type: integer, description: The status.}}}
    Problem400: {allOf: [{$ref: "#/components/schemas/Problem"}, {properties: {status: {type: integer, const: 400}}}]}
"""
(OPERATION,) = read_contract(DOCUMENT).groups[""]
OK, BAD = OPERATION.answers


def names(content: Content) -> list[str]:
    """The names of its fields."""
    return [row.name for row in content.rows]


def test_each_alternative_of_a_body_is_told() -> None:
    """With its number, its name and its fields, and its own example as it is sent."""
    assert [body.choice for body in OPERATION.bodies] == ["1 of 2: Code grant", "2 of 2: Other grant"]
    assert [names(body) for body in OPERATION.bodies] == [["grant_type", "code"], ["grant_type", "more"]]
    assert [body.example for body in OPERATION.bodies] == ["grant_type=code&code=a+b", "grant_type=other"]


def test_what_the_service_sends_is_a_group_of_its_own() -> None:
    """It is behind what is asked of the service."""
    groups = read_contract(DOCUMENT).groups
    (message,) = groups["Sent by the service"]

    assert list(groups) == ["", "Sent by the service"]
    assert (message.path, message.sent, names(message.bodies[0])) == ("told", True, ["to"])


def test_what_may_be_null_is_no_choice() -> None:
    """It is a kind of two words."""
    assert OPERATION.bodies[1].rows[-1].kind == "integer | null"


def test_alternatives_within_a_field_stand_one_behind_the_other() -> None:
    """Each under a row that says which it is."""
    rows = [(row.name, row.kind) for row in OK.contents[0].rows if row.name.startswith("keys[]")]

    assert rows == [
        ("keys[]", "one: 1 of 2"),
        ("keys[].kty", "any"),
        ("keys[].n", "string"),
        ("keys[]", "one: 2 of 2"),
        ("keys[].kty", "any"),
    ]


def test_header_fields_of_an_answer_are_told() -> None:
    """References are followed; what is always there is marked."""
    assert OK.headers == (
        Row("Cache-Control", "string", True, "Nobody keeps it. Always `no-store`"),
        Row("ETag", "string", False, "For `If-Match`. Like ``^`*[_a]*$``"),
    )


def test_values_are_as_json_has_them() -> None:
    """Lists and truth are not shown as Python writes them."""
    text = next(row.text for row in OK.contents[0].rows if row.name == "algorithms")

    assert text == 'Default `true`; always `["RS256", "ES256"]`'


def test_what_two_parts_say_of_a_field_is_one_row() -> None:
    """The second narrows what the first describes."""
    assert BAD.contents[0].rows == (Row("status", "integer", True, "The status. Always 400"),)


def test_code_is_code_on_the_page() -> None:
    """In summaries, descriptions and patterns, whatever characters they have."""
    page = reading_page(DOCUMENT)

    assert "Get <code>tokens</code>" in page
    assert "The <code>tokens</code>." in page
    assert "For <code>If-Match</code>. Like <code>^`*[_a]*$</code>" in page


def test_alternatives_header_fields_and_examples_are_on_the_page() -> None:
    """Nothing of what was read is left out."""
    page = reading_page(DOCUMENT)

    for text in ("1 of 2: Code grant", "2 of 2: Other grant", "Header fields", "Cache-Control", "grant_type=other"):
        assert text in page
    assert "&#34;keys&#34;: []" in page
