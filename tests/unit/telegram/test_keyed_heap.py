"""A heap whose members move."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.telegram.keyed_heap import KeyedHeap

STEPS = st.tuples(st.sampled_from(["put", "put", "drop", "take"]), st.integers(0, 9), st.integers(0, 4))


@given(st.lists(STEPS))
def test_it_behaves_as_a_sorted_list(steps):
    """Whatever is put, moved and dropped, the first one is the lowest, and of equals the one put first."""
    heap, model = KeyedHeap(), []
    for step, member, key in steps:
        if step == "put":
            heap.put(member, key)
            model = [entry for entry in model if entry[1] != member] + [(key, member)]
        elif step == "drop":
            heap.drop(member)
            model = [entry for entry in model if entry[1] != member]
        elif model:
            taken = heap.lowest()
            heap.drop(taken)
            lowest = min(key for key, _ in model)
            assert taken == next(member for key, member in model if key == lowest)
            model = [entry for entry in model if entry[1] != taken]
        assert sorted(heap) == sorted(member for _, member in model)
        assert heap.first() == min(model, key=lambda entry: entry[0], default=None)
        assert (member in heap) == any(other == member for _, other in model)


def test_moving_a_member_again_and_again_takes_no_room():
    """Entries left behind are cleared away."""
    heap = KeyedHeap()
    for key in range(1000):
        heap.put("one", 1000 - key)

    assert len(heap._heap) < 20
    assert len(heap) == 1


def test_an_empty_heap_has_no_lowest():
    """Asking for it is a mistake."""
    with pytest.raises(LookupError):
        KeyedHeap().lowest()
