"""One Spark for all tests of this folder, and one shop to ask."""

from importlib.util import find_spec

import pytest
from tests.contracts import questions

from footfall.events.simulate import SimulateOptions, simulate
from footfall.store.log import open_log
from footfall.store.spark.engine import SparkEngine

# Without the extra "spark" there is nothing to test here; `make test` installs it.
collect_ignore_glob = [] if find_spec("pyspark") else ["test_*.py"]


@pytest.fixture(scope="session")
def spark():
    """Two threads of this process; started by the first question."""
    with SparkEngine("local[2]") as engine:
        yield engine


@pytest.fixture(scope="session")
def shop(tmp_path_factory):
    """A folder with a simulated log, its items and its users."""
    folder = tmp_path_factory.mktemp("spark") / "shop"
    simulated = simulate(SimulateOptions(users=150, days=60, items=120, seed=11))
    log = open_log(folder, create=True, buckets=3)
    log.append(simulated.events)
    log.save_table("items", simulated.items)
    log.save_table("users", simulated.users)
    return folder


@pytest.fixture(scope="session")
def asked(tmp_path_factory):
    """A folder with the log that every question can be asked of."""
    folder = tmp_path_factory.mktemp("questions") / "shop"
    log = open_log(folder, create=True, buckets=3)
    log.append(questions.events())
    log.save_table("users", questions.users())
    log.save_table("items", questions.items())
    return folder


@pytest.fixture(scope="session")
def here(asked):
    """The log on threads."""
    return open_log(asked)


@pytest.fixture(scope="session")
def there(asked, spark):
    """The log on Spark."""
    return open_log(asked, engine=spark)
