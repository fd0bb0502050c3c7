"""A real Flink for tests, if one is set up: three Java processes, started once."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from climb.systems.processor.flink.gateway import Gateway

sys.path.append(str(Path(__file__).parents[3] / "benchmarks"))

import flink_cluster
import flink_home

if TYPE_CHECKING:
    from flink_cluster import Cluster

FOLDER = flink_home.default_folder()  # before a test has a CLIMB_HOME of its own


@pytest.fixture(scope="session")
def cluster() -> "Iterator[Cluster]":
    """A cluster with its SQL gateway; skips with the reason if there is none here."""
    try:
        home = flink_home.found(FOLDER)
    except flink_home.NoFlinkError as error:
        pytest.skip(str(error))
    with flink_cluster.running(home) as running:
        yield running


@pytest.fixture
def gateway(cluster: "Cluster") -> Gateway:
    """The gateway of the cluster."""
    return Gateway(cluster.gateway)
