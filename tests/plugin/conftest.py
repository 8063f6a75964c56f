from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.plugin.server import Provider, running_provider


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with running_provider() as running:
        yield running
