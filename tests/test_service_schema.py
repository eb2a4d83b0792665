"""Whatever the API's own description allows is answered as it describes, and never with a 5xx."""

import shutil
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from segml import Workspace
from segml.core.identity import Role
from segml.service.api import BENTO
from served import Served

# Guesses are slowed down, which other tests look at; what a schema allows may still name nothing.
ELSEWHERE = [ignored_auth, positive_data_acceptance]


@pytest.fixture(scope="module")
def fuzzed(restaurant: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Served:
    folder: Path = tmp_path_factory.mktemp("fuzzed") / "restaurant"
    shutil.copytree(restaurant.folder, folder)
    return Served(Workspace(folder))


@pytest.fixture(scope="module")
def described(fuzzed: Served) -> schemathesis.BaseSchema:
    app = fuzzed.desk.guarded(fuzzed.desk.api)
    headers = {"Authorization": f"Bearer {fuzzed.secret(Role.ADMIN)}"}
    found = schemathesis.openapi.from_asgi("/openapi.json", app, headers=headers)
    # BentoML's routes are tested as they run; a night would be run in a process of its own.
    return found.exclude(path=[*BENTO]).exclude(operation_id="run_night")


@pytest.mark.slow
def test_the_api_is_as_it_says(described: schemathesis.BaseSchema, fuzzed: Served) -> None:
    headers = {"Authorization": f"Bearer {fuzzed.secret(Role.ADMIN)}"}
    found = []
    for result in described.get_all_operations():
        operation = result.ok()

        @given(case=operation.as_strategy())
        @settings(
            max_examples=20,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        def asked(case: schemathesis.Case) -> None:
            case.call_and_validate(headers=headers, excluded_checks=ELSEWHERE)

        try:
            asked()
        except Exception as error:
            found.append(f"{operation.label}: {error}")
    assert not found, "\n\n".join(found)
