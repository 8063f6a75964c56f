from __future__ import annotations

import pytest

from tests.lab.cluster.two_nodes import Lab


@pytest.fixture
def lab() -> Lab:
    return Lab()


@pytest.fixture
def role(lab: Lab) -> Lab:
    """The lab with the whole role built and online on NODE1."""
    lab.build_role()
    return lab
