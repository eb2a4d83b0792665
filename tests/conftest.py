"""The restaurants that tests look at, and the databases they write to.

Each folder of tests has a file of this name, so no test imports from it.
"""

import os
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from made_once import made_once
from postgres_server import new_database, started
from segml import Workspace
from segml.datasets.restaurant import write_restaurant
from segml.engine.history import History
from segml.storage.records.records import Records
from served import Served
from small_town import LAST, PLAN, filled
from toy_restaurant import toy_history
from trained_town import fill_town

# The same cases on every run, and no limit of time on a busy machine; `make test` asks for more.
settings.register_profile(
    "steady",
    max_examples=10,
    derandomize=True,
    deadline=None,
    database=None,
    print_blob=False,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.register_profile("thorough", settings.get_profile("steady"), max_examples=60)
settings.load_profile("steady")


@pytest.fixture
def toy() -> History:
    """Return the toy restaurant with integer ids."""
    return toy_history()


@pytest.fixture
def toy_with_text_ids() -> History:
    """Return the toy restaurant with text ids."""
    return toy_history(text_ids=True)


@pytest.fixture
def toy_without_customers() -> History:
    """Return the toy restaurant without a customers table."""
    return toy_history(has_customers=False)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of public data sets beside the repository; skip without it."""
    folder = Path(__file__).parents[1].parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the public data sets are not beside the repository")
    return folder


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that all processes of this run of the tests have in common."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def data(shared: Path) -> Path:
    """Return the folder of a small restaurant's facts and truth."""
    return made_once(shared / "data", lambda folder: write_restaurant(folder, PLAN))


@pytest.fixture(scope="session")
def restaurant(shared: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Return a workspace with three nights; tests only read it."""

    def fill(folder: Path) -> None:
        workspace = filled(folder, data)
        for days in (14, 7, 0):
            workspace.nightly(LAST - timedelta(days=days))
        workspace.records.database.close()

    made = made_once(shared / "restaurant", fill)
    return Workspace(shutil.copytree(made, tmp_path_factory.mktemp("restaurant") / "w"))


@pytest.fixture(scope="session")
def town(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Return a workspace with two champions of churn, one after the other; tests only read it."""
    made = made_once(shared / "town", fill_town)
    return Workspace(shutil.copytree(made / "workspace", tmp_path_factory.mktemp("town") / "w"))


@pytest.fixture
def served(tmp_path: Path, restaurant: Workspace) -> Served:
    """Return a copy of the restaurant, with three nights, behind the service."""
    shutil.copytree(restaurant.folder, tmp_path / "served")
    return Served(Workspace(tmp_path / "served"))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Any]:
    """Return a running PostgreSQL server."""
    with started() as running:
        yield running


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def records(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Records]:
    """Return empty records; each test runs on both databases."""
    url = ""
    if request.param != "sqlite":
        url = new_database(request.getfixturevalue("postgres_server"))
    made = Records(tmp_path, url)
    yield made
    made.database.close()
