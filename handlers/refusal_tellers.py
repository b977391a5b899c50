"""Refusals that need more than a sentence: buttons, or a message of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from core.errors import UserFacingError
    from core.text.catalog import Texts
    from handlers.incoming import Incoming


class RefusalTeller(Protocol):
    """Tells one kind of refusal in the place of the pipeline's own sentence."""

    async def tell(self, event: Incoming, texts: Texts, refusal: Any) -> None:
        """Tell a person that, and why, they are refused.

        Whoever answers a CallbackQuery sets its `answered` first; one that is left is answered with nothing. Failures
        of Telegram may be raised: they are logged.
        """
        ...


class RefusalTellers:
    """Which refusals have a teller of their own."""

    def __init__(self) -> None:
        self._tellers: dict[type[UserFacingError], RefusalTeller] = {}

    def on(self, kind: type[UserFacingError], teller: RefusalTeller) -> None:
        """Have refusals of exactly this class told by `teller`.

        Raises:
            ValueError: another one does that already.
        """
        if kind in self._tellers:
            raise ValueError(f"{kind.__name__} has a teller already")
        self._tellers[kind] = teller

    def teller_of(self, refusal: UserFacingError) -> RefusalTeller | None:
        """Who tells it; None for the pipeline itself."""
        return self._tellers.get(type(refusal))
