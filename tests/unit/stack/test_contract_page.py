"""The page that is made from an OpenAPI document."""

from climb.stack.http.reading_page import reading_page

DOCUMENT = """
openapi: 3.1.0
info: {title: Things <b>, version: "1", description: "See [this](javascript:alert(1)) <script>alert(1)</script>"}
paths:
  /things/{id}:
    parameters: [{$ref: "#/components/parameters/Id"}]
    post:
      summary: Change a thing
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Thing"}}}}
      responses:
        "200": {description: It is changed., content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Thing"}}}}}
        "404": {description: There is none.}
components:
  parameters:
    Id: {name: id, in: path, required: true, schema: {type: integer, minimum: 1}}
  schemas:
    Thing:
      type: object
      required: [name]
      properties:
        name: {type: string, minLength: 2, description: What it is called.}
        parent: {$ref: "#/components/schemas/Thing"}
        kind: {enum: [a, b]}
        note: {type: [string, "null"]}
"""


def test_everything_that_is_said_is_on_the_page() -> None:
    """Operations, parameters, fields within fields, bounds, answers; references are followed."""
    page = reading_page(DOCUMENT)

    for text in (
        "Change a thing",
        "/things/{id}",
        "At least 1",
        "<td>What it is called. 2 or more characters</td>",
        "There is none.",
    ):
        assert text in page
    for text in ("<code>parent.name</code>", "<code>[].name</code>", "a | b", "string | null"):
        assert text in page


def test_a_schema_within_itself_ends_somewhere() -> None:
    """The page is finite."""
    assert reading_page(DOCUMENT).count("parent.parent.parent.name") > 0
    assert ".".join(["parent"] * 20) not in reading_page(DOCUMENT)


def test_what_the_document_says_is_text() -> None:
    """Its markup is shown and not obeyed, and no link runs a script."""
    page = reading_page(DOCUMENT)

    assert "<script" not in page
    assert "Things &lt;b&gt;" in page
    assert 'href="javascript:' not in page
