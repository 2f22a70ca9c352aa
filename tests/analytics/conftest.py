import duckdb
import pytest


@pytest.fixture(scope="session")
def duck():
    """One connection for all oracles: opening one costs more than most questions."""
    with duckdb.connect(config={"threads": 1}) as connection:
        yield connection
