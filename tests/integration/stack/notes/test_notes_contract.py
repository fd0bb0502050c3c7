"""The notes service against its openapi.yaml, by requests that schemathesis makes from it, right ones and wrong ones."""

import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from notes_service import HERE, Service
from schemathesis.specs.openapi.checks import positive_data_acceptance

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode))
async def test_nothing_disagrees_with_the_contract(notes: Service, mode: schemathesis.GenerationMode) -> None:
    """No status, body or media type that the document does not name, and no error of the server's."""
    schema = schemathesis.openapi.from_dict(yaml.safe_load((HERE / "openapi.yaml").read_text()))
    schema.config.update(base_url=notes.url)
    for result in schema.get_all_operations():
        operation = result.ok()

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
            # No schema can say which cursors are right, so what it makes may be refused.
            case.call_and_validate(timeout=10, excluded_checks=[positive_data_acceptance])

        holds()
