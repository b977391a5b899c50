"""/bsetting: every runtime setting, section by section."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.permission import Permission
from core.services.rate_limiter import Action
from core.services.setting_question import TOPIC
from handlers.admin.arguments import text_after
from handlers.admin.setting_page import (
    change_line,
    page_of,
    question,
    section_page,
    sections_page,
    setting_page,
)
from handlers.base import Answer, BaseHandler, Command, Press, Reader, Route
from handlers.buttons import ChooseValue, EditSetting, ResetSetting, ShowSection, ShowSections, ShowSetting

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from core.domain.setting import SettingChange
    from core.services.setting_question import SettingQuestions
    from core.services.settings_editor import SettingsEditor
    from core.telegram.gateway import Keyboard, TelegramGateway
    from core.text.catalog import Texts
    from handlers.incoming import CallbackQuery, IncomingMessage

_MAY = Permission.SETTINGS


class SettingHandler(BaseHandler):
    """Browsing, editing and setting back; `/bsetting name value` changes without a question."""

    def __init__(
        self, telegram: TelegramGateway, settings: SettingsEditor, questions: SettingQuestions, zone: tzinfo
    ) -> None:
        self._telegram = telegram
        self._settings = settings
        self._questions = questions
        self._zone = zone

    def routes(self) -> Sequence[Route]:
        """The command, the buttons, and the answer to the question for a value."""
        command, press = Command("bsetting", "command-bsetting"), Action.CALLBACK
        return (
            Route("bsetting", command, self.handle_command, press, permission=_MAY),
            Route("setting_sections", Press(ShowSections), self.handle_sections_callback, press, permission=_MAY),
            Route("setting_section", Press(ShowSection), self.handle_section_callback, press, permission=_MAY),
            Route("setting", Press(ShowSetting), self.handle_setting_callback, press, permission=_MAY),
            Route("setting_choose", Press(ChooseValue), self.handle_choose_callback, press, permission=_MAY),
            Route("setting_edit", Press(EditSetting), self.handle_edit_callback, press, permission=_MAY),
            Route("setting_reset", Press(ResetSetting), self.handle_reset_callback, press, permission=_MAY),
            Route("setting_value", Answer(TOPIC), self.handle_value, press, permission=_MAY),
        )

    async def handle_command(self, message: IncomingMessage, reader: Reader) -> None:
        """Show the sections, or a setting, or change it."""
        name, *rest = text_after(message).split(maxsplit=1) or [""]
        if rest:
            change = await self._settings.change(reader.user.id, name.lower(), rest[0].strip())
            await self._send_change(message.chat_id, reader.texts, change)
        elif name:
            await self._telegram.send_text(message.chat_id, *await self._page(reader.texts, name.lower()))
        else:
            await self._telegram.send_text(message.chat_id, *sections_page(reader.texts, self._settings.sections))

    async def handle_sections_callback(self, query: CallbackQuery, reader: Reader) -> None:
        """Back to the sections."""
        ShowSections.unpack(query.data)
        await self._show(query, sections_page(reader.texts, self._settings.sections))

    async def handle_section_callback(self, query: CallbackQuery, reader: Reader) -> None:
        """Show a page of a section."""
        press = ShowSection.unpack(query.data)
        await self._show(query, section_page(reader.texts, self._settings.section(press.section), press.number))

    async def handle_setting_callback(self, query: CallbackQuery, reader: Reader) -> None:
        """Show a setting; what was asked about one is asked no more."""
        press = ShowSetting.unpack(query.data)
        await self._questions.drop(reader.user.id)
        await self._show(query, await self._page(reader.texts, press.name))

    async def handle_choose_callback(self, query: CallbackQuery, reader: Reader) -> None:
        """Turn a switch, or choose."""
        press = ChooseValue.unpack(query.data)
        await self._settings.change(reader.user.id, press.name, press.value, press.seen)
        await self._show(query, await self._page(reader.texts, press.name))

    async def handle_reset_callback(self, query: CallbackQuery, reader: Reader) -> None:
        """Let the default rule."""
        press = ResetSetting.unpack(query.data)
        await self._settings.reset(reader.user.id, press.name, press.seen)
        await self._show(query, await self._page(reader.texts, press.name))

    async def handle_edit_callback(self, query: CallbackQuery, reader: Reader) -> None:
        """Ask for a value."""
        press = EditSetting.unpack(query.data)
        view = await self._questions.ask(reader.user.id, press.name, press.seen)
        await self._show(query, question(reader.texts, view))

    async def handle_value(self, message: IncomingMessage, reader: Reader) -> None:
        """Take the value that was asked for."""
        change = await self._questions.answer(reader.user.id, message.text.strip())
        await self._send_change(message.chat_id, reader.texts, change)

    async def _page(self, texts: Texts, name: str) -> tuple[str, Keyboard]:
        view = await self._settings.look(name)
        page = page_of(self._settings.section(view.declared.section), name)
        return setting_page(texts, view, page, self._zone)

    async def _show(self, query: CallbackQuery, page: tuple[str, Keyboard]) -> None:
        await self._telegram.edit_text(query.chat_id, query.message_id, *page)

    async def _send_change(self, chat_id: int, texts: Texts, change: SettingChange) -> None:
        html, keyboard = await self._page(texts, change.declared.name)
        await self._telegram.send_text(chat_id, "\n\n".join((change_line(texts, change), html)), keyboard)
