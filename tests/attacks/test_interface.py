"""Schemathesis over the description of the interface for programs: no 500, and every answer as it is described."""

from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from certengine.app import create_app
from certengine.foundation.runtime import Runtime, use

FILES = (
    "application/pdf",
    "application/timestamp-query",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/zip",
)


@schemathesis.serializer(*FILES)
def as_it_is(_context: Any, value: Any) -> bytes:
    """Whatever was drawn is sent for a file."""
    return value if isinstance(value, bytes) else str(getattr(value, "data", value)).encode("utf-8", "replace")


# Of each operation; drawn anew in each run.
EXAMPLES = 15


def test_the_interface_answers_as_it_is_described(demonstration: tuple[Runtime, dict[str, Any]]) -> None:
    app = create_app(use(demonstration[0]), TESTING=True, WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)
    description = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    operations = [found.ok() for found in description.get_all_operations()]
    assert len(operations) >= 8
    for operation in operations:

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def answered(case: Any) -> None:
            # A description cannot say what makes bytes a PDF: drawn ones are rightly refused.
            case.call_and_validate(excluded_checks=[positive_data_acceptance])

        answered()
