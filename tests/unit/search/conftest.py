"""Fixtures of the search tests."""

from __future__ import annotations

import time
from contextlib import contextmanager

import pytest


@pytest.fixture
def benchmark_clock():
    """A context that fails when its body uses more processor time than given."""

    @contextmanager
    def limit(seconds):
        started = time.process_time()
        yield
        assert time.process_time() - started < seconds

    return limit
