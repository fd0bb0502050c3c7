"""The link shortener against its openapi.yaml, by requests that schemathesis makes from it, right ones and wrong ones."""

import asyncio
from collections.abc import Callable

import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from links_world import LinksWorld
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from climb.systems.links.imports import IMPORT_PATH
from climb.systems.links.service import CONTRACT

pytestmark = pytest.mark.slow
schemathesis.serializer.alias("application/x-ndjson", "text/plain")


def requests_of(operation, mode: schemathesis.GenerationMode, headers: dict[str, str]) -> Callable[[], None]:
    """Sends requests for one operation, and fails if an answer disagrees."""
    # No schema can say which cursors are right, or which targets are private, so what it makes may be refused. And lines that are no
    # JSON objects are no objection to an import.
    excluded = [positive_data_acceptance, *([negative_data_rejection] if operation.path == IMPORT_PATH else [])]

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=25,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def holds(case: schemathesis.Case) -> None:
        case.call_and_validate(timeout=10, headers=headers, excluded_checks=excluded)

    return holds


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode))
async def test_nothing_disagrees_with_the_contract(world: LinksWorld, mode: schemathesis.GenerationMode) -> None:
    """No status, body or media type that the document does not name, and no error of the server's."""
    instance = await world.start()
    await instance.make("spring")
    headers = {"Authorization": f"Bearer {world.token('anna')}"}
    schema = schemathesis.openapi.from_dict(yaml.safe_load(CONTRACT.read_text()))
    schema.config.update(base_url=instance.url)
    schema.config.generation.update(allow_extra_parameters=False)  # unknown parameters of a query are passed over
    for result in schema.get_all_operations():
        try:
            await asyncio.to_thread(requests_of(result.ok(), mode, headers))  # the roads are in this loop
        except Unsatisfiable:
            assert mode is schemathesis.GenerationMode.NEGATIVE  # nothing about this request can be wrong
