"""The question for a setting's new value, which the next message answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import ExpiredError
from core.services.settings_editor import SettingChangedError

if TYPE_CHECKING:
    from core.domain.setting import SettingChange, SettingView
    from core.services.conversation import Conversations
    from core.services.settings_editor import SettingsEditor

TOPIC = "setting"


class SettingQuestions:
    """One open question an admin; an answer that cannot be used leaves it open."""

    def __init__(self, settings: SettingsEditor, conversations: Conversations) -> None:
        self._settings = settings
        self._conversations = conversations

    async def ask(self, admin_id: int, name: str, seen: str) -> SettingView:
        """Take the admin's next message for the value that is to replace the one seen.

        Raises:
            SettingChangedError: another one is in force.
            BadInputError: no such setting.
            InfrastructureError: nothing is asked.
        """
        view = await self._settings.look(name)
        if view.seen != seen:
            raise SettingChangedError(name=name)
        await self._conversations.begin(admin_id, TOPIC, name, seen)
        return view

    async def answer(self, admin_id: int, text: str) -> SettingChange:
        """Change what was asked about, as `SettingsEditor.change` does.

        Raises:
            ExpiredError: nothing is asked any more.
        """
        conversation = await self._conversations.current(admin_id)
        if conversation is None or conversation.topic != TOPIC or len(conversation.details) != 2:
            raise ExpiredError("conversation-none")
        name, seen = conversation.details
        try:
            change = await self._settings.change(admin_id, name, text, seen)
        except SettingChangedError:
            await self._conversations.end(admin_id)
            raise
        await self._conversations.end(admin_id)
        return change

    async def drop(self, admin_id: int) -> None:
        """Wait for no value any more."""
        await self._conversations.end(admin_id)
