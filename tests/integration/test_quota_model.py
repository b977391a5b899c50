"""The quota against a naive ledger, one database operation at a time: the promise holds, and every guard is needed."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, Phase, find, given
from hypothesis import settings as examples
from hypothesis.errors import NoSuchExample
from pymongo.errors import DuplicateKeyError

from tests.fixtures.quota_delivery import QuotaCode
from tests.fixtures.quota_model import QuotaModel, Step, days
from tests.fixtures.quota_mutants import MUTANTS, GuardMovedError, Mutant
from tests.fixtures.quota_scripts import SCRIPTS, play

STEPS = 40
# A found day is printed as it was found: making it shorter takes longer than a test may.
unhurried = examples(deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))


@examples(unhurried, max_examples=500, derandomize=True)
@given(days(STEPS))
def test_no_interleaving_breaks_the_promise(steps: list[Step]) -> None:
    """Whatever the order, crash, lost answer or hour: nothing is oversold, and nothing is lost past a hold's expiry.

    Scenarios 1, 2, 3, 6, 8, 9.
    """
    QuotaModel(QuotaCode()).run(steps)


@pytest.mark.parametrize("script", SCRIPTS)
def test_rare_interleavings_keep_the_promise(script: str) -> None:
    """Scenarios 1, 3, 6: what a search seldom meets holds as well."""
    play(QuotaModel(QuotaCode()), script)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_broken_guard_is_noticed(mutant: Mutant) -> None:
    """Every guard is needed: without it the same model finds a broken promise (scenarios 1, 2, 3, 6, 9)."""
    code = mutant.build()

    def is_broken(steps: list[Step]) -> bool:
        try:
            QuotaModel(code).run(steps)
        except (AssertionError, DuplicateKeyError):
            return True
        return False

    if mutant.script:
        with pytest.raises(AssertionError):
            play(QuotaModel(code), mutant.script)
        return
    settings = examples(unhurried, max_examples=1000)
    try:
        find(days(STEPS), is_broken, settings=settings, random=random.Random(1))
    except NoSuchExample:
        pytest.fail(f"nothing is wrong without: {mutant.guard}")


def test_a_guard_that_moved_is_not_taken_for_a_caught_mutant() -> None:
    """A mutant whose guard is not in the source any more is an error, not a mutant that survived or was caught."""
    with pytest.raises(GuardMovedError):
        Mutant("nothing", "no such guard", "").build()
