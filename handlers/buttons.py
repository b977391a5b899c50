"""Every kind of button the bot sends: a session id and a place in it, never authority."""

from __future__ import annotations

from handlers.callback_data import CallbackData


class TurnPage(CallbackData, prefix="pg"):
    """Show page `number` (from 1) of a session."""

    session_id: str
    number: int


class FetchFile(CallbackData, prefix="f"):
    """Deliver one file of a session; `media_id` is the id in base64url."""

    session_id: str
    media_id: str


class SendAll(CallbackData, prefix="sa"):
    """Deliver every file of page `number` of a session; 0 for all its files, for readers without a quota."""

    session_id: str
    number: int


class StopDelivery(CallbackData, prefix="st"):
    """Stop a running `Send all`."""

    job_id: str


class ShowPosition(CallbackData, prefix="at"):
    """The page counter in the middle of the navigation row."""

    number: int
    pages: int


class Narrow(CallbackData, prefix="nw"):
    """Show page `number` of the part of a session that `facet` names (see `handlers.narrowing_code`)."""

    session_id: str
    number: int
    facet: str


class SendNarrowed(CallbackData, prefix="sn"):
    """`SendAll` of the part of a session that `facet` names."""

    session_id: str
    number: int
    facet: str


class OpenOwn(CallbackData, prefix="own"):
    """Open the search of a session, whoever made it, in the private chat of who presses."""

    session_id: str


class SearchAgain(CallbackData, prefix="again"):
    """Make the search of an expired session once more."""

    session_id: str


class TryAgain(CallbackData, prefix="ta"):
    """Go on with what was interrupted because a chat had to be joined first."""

    token: str


class SearchFor(CallbackData, prefix="sf"):
    """Search for text `number` (from 1) of a list of suggestions, in place of the message."""

    list_id: str
    number: int


class StartBackfill(CallbackData, prefix="bfs"):
    """Index a channel's posts up to the id `top`."""

    channel_id: int
    top: int


class DeclineBackfill(CallbackData, prefix="bfd"):
    """Take back the offer to index a channel."""

    channel_id: int


class PauseBackfill(CallbackData, prefix="bfp"):
    """Pause job number `run` of a channel."""

    channel_id: int
    run: int


class ResumeBackfill(CallbackData, prefix="bfr"):
    """Let a paused job go on."""

    channel_id: int
    run: int


class CancelBackfill(CallbackData, prefix="bfc"):
    """End a job."""

    channel_id: int
    run: int


class AcceptRequest(CallbackData, prefix="iqa"):
    """Index the channel that request `number` of it asks for."""

    channel_id: int
    number: int


class RejectRequest(CallbackData, prefix="iqr"):
    """Refuse that."""

    channel_id: int
    number: int


class ShowBanned(CallbackData, prefix="bnp"):
    """Show page `number` (from 1) of everybody who is banned."""

    number: int


class ConfirmBulkDelete(CallbackData, prefix="dy"):
    """Delete the files of an offer that waits."""

    offer_id: str


class CancelBulkDelete(CallbackData, prefix="dn"):
    """Keep the files of an offer that waits."""

    offer_id: str


class GetAgain(CallbackData, prefix="ga"):
    """Deliver the files of a delivery once more; `key` as in `NewDeletion`."""

    key: str


class ConfirmBroadcast(CallbackData, prefix="bcy"):
    """Send what was shown."""

    broadcast_id: str


class CancelBroadcast(CallbackData, prefix="bcn"):
    """Send nothing of what was shown."""

    broadcast_id: str


class PauseBroadcast(CallbackData, prefix="bcp"):
    """Let a broadcast stand still."""

    broadcast_id: str


class ResumeBroadcast(CallbackData, prefix="bcr"):
    """Let a paused broadcast go on."""

    broadcast_id: str


class StopBroadcast(CallbackData, prefix="bcs"):
    """End a broadcast."""

    broadcast_id: str


class ShowSections(CallbackData, prefix="sgs"):
    """Show the sections of the settings."""


class ShowSection(CallbackData, prefix="sgp"):
    """Show page `number` (from 1) of a section of the settings."""

    section: str
    number: int


class ShowSetting(CallbackData, prefix="sg"):
    """Show one setting."""

    name: str


class ChooseValue(CallbackData, prefix="sgv"):
    """Give a setting one of its few values in place of the one seen (`core.domain.setting.fingerprint`)."""

    name: str
    seen: str
    value: str


class EditSetting(CallbackData, prefix="sge"):
    """Ask for the value of a setting that is to replace the one seen."""

    name: str
    seen: str


class ResetSetting(CallbackData, prefix="sgr"):
    """Let the default rule in place of the value seen."""

    name: str
    seen: str


class ResetBreaker(CallbackData, prefix="dbr"):
    """Ask a database again that is left alone because it did not answer."""

    number: int


class ShowPeople(CallbackData, prefix="usp"):
    """Show page `number` (from 1) of those who were here last."""

    number: int


class BanPerson(CallbackData, prefix="usb"):
    """Ban somebody whose profile is shown."""

    person_id: int


class UnbanPerson(CallbackData, prefix="usu"):
    """Allow somebody whose profile is shown."""

    person_id: int


class GivePremium(CallbackData, prefix="usg"):
    """Lengthen somebody's premium, which ended at `until` (unix seconds, 0 for never) when the profile was shown."""

    person_id: int
    until: int


class EndPremium(CallbackData, prefix="use"):
    """End the premium of somebody whose profile is shown."""

    person_id: int


class ConfirmRestart(CallbackData, prefix="rsy"):
    """Restart the bot, as was offered."""

    token: str


class CancelRestart(CallbackData, prefix="rsn"):
    """Do not."""

    token: str
