"""Runtime settings: every value an admin may change while the bot runs, declared once."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - pydantic reads the annotations of this module
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from core.domain.auto_delete import LONGEST_S
from core.domain.caption_template import checked_template
from core.domain.subscription import pack_chat_ids, parse_chat_ids


def _not_a_switch(value: object) -> object:
    """A number is never meant by true or false."""
    if isinstance(value, bool):
        raise ValueError("a number is expected")  # noqa: TRY004 - pydantic collects ValueErrors
    return value


Whole = Annotated[int, BeforeValidator(_not_a_switch)]
Number = Annotated[float, BeforeValidator(_not_a_switch), Field(allow_inf_nan=False)]


def _chat_ids(text: str) -> str:
    return pack_chat_ids(parse_chat_ids(text))


ChatIds = Annotated[str, AfterValidator(_chat_ids)]


def _unit(name: str) -> dict[str, Any]:
    return {"unit": name}


_FILES, _SECONDS, _ACTIONS, _POSTS = _unit("files"), _unit("seconds"), _unit("actions"), _unit("posts")
_CHARACTERS, _MATCHES, _NONE = _unit("characters"), _unit("matches"), _unit("")
_DAYS = _unit("days")


class RuntimeSettings(BaseModel):
    """All runtime settings at one moment; a change makes a new object.

    Each field carries its default, unit (`json_schema_extra["unit"]`), bounds and help. The environment variable of
    the same name in upper case seeds it at the first start; afterwards the database rules.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    result_page_size: Whole = Field(
        default=10, ge=1, le=20, json_schema_extra=_FILES, description="Files on one page of search results."
    )
    search_window_size: Whole = Field(
        default=200, ge=20, le=500, json_schema_extra=_FILES, description="Newest matches that are ranked and paged."
    )
    search_session_lifetime_s: Whole = Field(
        default=3600, ge=60, le=86_400, json_schema_extra=_SECONDS, description="How long a result page can be turned."
    )
    max_query_length: Whole = Field(
        default=200, ge=10, le=1000, json_schema_extra=_CHARACTERS, description="A longer search text is cut."
    )
    search_captions: bool = Field(
        default=True, json_schema_extra=_NONE, description="Whether words of captions are found too."
    )
    count_limit: Whole = Field(
        default=1001, ge=100, le=10_001, json_schema_extra=_MATCHES, description="Where counting matches stops."
    )
    group_search_mode: Literal["all", "mention", "command"] = Field(
        default="mention",
        json_schema_extra=_NONE,
        description="What counts as a search in groups: everything, words for the bot, /search alone.",
    )
    search_cache_s: Whole = Field(
        default=300, ge=1, le=3600, json_schema_extra=_SECONDS, description="How long a search is remembered."
    )
    search_refresh_s: Whole = Field(
        default=30,
        ge=1,
        le=300,
        json_schema_extra=_SECONDS,
        description="How long a repeated search may go on without new files.",
    )

    non_premium_daily_limit: Whole = Field(
        default=10, ge=0, le=100_000, json_schema_extra=_FILES, description="Files a day for free readers; 0: no limit."
    )
    premium_daily_limit: Whole = Field(
        default=0, ge=0, le=100_000, json_schema_extra=_FILES, description="Files a day with premium; 0: no limit."
    )
    quota_hold_s: Whole = Field(
        default=600, ge=30, le=3600, json_schema_extra=_SECONDS, description="How long an unspent slot stays reserved."
    )
    send_all_places: Whole = Field(
        default=20,
        ge=1,
        le=1000,
        json_schema_extra=_unit("jobs"),
        description="How many readers are sent pages of files at a time; the others have their turn.",
    )
    premium_default_days: Whole = Field(
        default=30, ge=1, le=3650, json_schema_extra=_DAYS, description="Days of premium when an admin names none."
    )
    premium_longest_days: Whole = Field(
        default=3650, ge=1, le=36_500, json_schema_extra=_DAYS, description="Most days of premium given at once."
    )
    premium_reminder_days: Whole = Field(
        default=3,
        ge=0,
        le=30,
        json_schema_extra=_DAYS,
        description="Days before its end that premium is told of; 0: never.",
    )
    premium_sweep_s: Whole = Field(
        default=3600,
        ge=1,
        le=86_400,
        json_schema_extra=_SECONDS,
        description="How often people are told that their premium ends.",
    )
    protect_content: bool = Field(
        default=False, json_schema_extra=_NONE, description="Whether delivered files can not be forwarded or saved."
    )

    force_subscribe_chats: ChatIds = Field(
        default="", json_schema_extra=_NONE, description="Ids of the channels and groups that readers have to be in."
    )
    force_subscribe_policy: Literal["deny", "allow"] = Field(
        default="deny",
        json_schema_extra=_NONE,
        description="What happens while nobody can say whether a reader is in a channel that they have to be in.",
    )
    force_subscribe_join_requests: bool = Field(
        default=True, json_schema_extra=_NONE, description="Whether who waits to be let in counts as being in."
    )
    force_subscribe_request_h: Whole = Field(
        default=72, ge=1, le=720, json_schema_extra=_unit("hours"), description="How long such a request counts."
    )
    force_subscribe_cache_s: Whole = Field(
        default=60, ge=1, le=3600, json_schema_extra=_SECONDS, description="How long a membership is remembered."
    )
    force_subscribe_premium_exempt: bool = Field(
        default=False, json_schema_extra=_NONE, description="Whether readers with premium need not be in them."
    )

    caption_template: Annotated[str, AfterValidator(checked_template)] = Field(
        default="",
        json_schema_extra=_NONE,
        description="What stands under delivered files; empty: their own caption, or their name.",
    )
    auto_delete_s: Whole = Field(
        default=300,
        ge=0,
        le=LONGEST_S,
        json_schema_extra=_SECONDS,
        description="After how long files, results and menus are deleted; 0: never.",
    )

    database_size_limit_gb: Number = Field(
        default=0.5,
        ge=0,
        le=100_000,
        json_schema_extra=_unit("GiB"),
        description="Data and indexes of one database before new files go to the next; 0: no limit.",
    )
    database_auto_switch: bool = Field(
        default=True, json_schema_extra=_NONE, description="Whether new files leave a full or failing database."
    )
    database_preferred: Whole = Field(
        default=0, ge=0, le=100, json_schema_extra=_NONE, description="Number of the database for new files; 0: any."
    )
    database_max_failures: Whole = Field(
        default=5, ge=1, le=100, json_schema_extra=_unit("failures"), description="Failures in a row that stop asking."
    )
    database_recovery_timeout: Whole = Field(
        default=300, ge=1, le=86_400, json_schema_extra=_SECONDS, description="Then the database is asked again."
    )
    database_half_open_calls: Whole = Field(
        default=3, ge=1, le=100, json_schema_extra=_unit("calls"), description="Calls that may try whether it is back."
    )

    message_queue_size: Whole = Field(
        default=1000, ge=10, le=100_000, json_schema_extra=_POSTS, description="Posts that wait; read at start."
    )
    overflow_queue_size: Whole = Field(
        default=500, ge=10, le=100_000, json_schema_extra=_POSTS, description="Posts beyond that; read at start."
    )
    batch_size_small: Whole = Field(
        default=20, ge=1, le=200, json_schema_extra=_POSTS, description="Posts indexed at once normally."
    )
    batch_size_medium: Whole = Field(
        default=30, ge=1, le=200, json_schema_extra=_POSTS, description="Posts indexed at once at the medium depth."
    )
    batch_size_large: Whole = Field(
        default=50, ge=1, le=200, json_schema_extra=_POSTS, description="Posts indexed at once at the large depth."
    )
    batch_size_overflow: Whole = Field(
        default=200, ge=1, le=200, json_schema_extra=_POSTS, description="Posts indexed at once from the overflow."
    )
    batch_depth_medium: Whole = Field(
        default=200, ge=1, le=100_000, json_schema_extra=_POSTS, description="Queue depth of the medium batch."
    )
    batch_depth_large: Whole = Field(
        default=500, ge=1, le=100_000, json_schema_extra=_POSTS, description="Queue depth of the large batch."
    )
    reconcile_interval_s: Whole = Field(
        default=300,
        ge=10,
        le=86_400,
        json_schema_extra=_SECONDS,
        description="How often channels are checked for gaps.",
    )
    audit_days: Whole = Field(
        default=7,
        ge=0,
        le=365,
        json_schema_extra=_unit("days"),
        description="In how many days every indexed post is read again; 0: never.",
    )

    backfill_block_size: Whole = Field(
        default=200,
        ge=1,
        le=200,
        json_schema_extra=_POSTS,
        description="Messages of a channel's past that are read at once.",
    )
    backfill_progress_s: Number = Field(
        default=3,
        ge=0.1,
        le=60,
        json_schema_extra=_SECONDS,
        description="Shortest time between two edits of a message that shows how indexing goes.",
    )

    broadcast_in_flight: Whole = Field(
        default=40,
        ge=1,
        le=150,
        json_schema_extra=_unit("people"),
        description="People whom a broadcast is sent to at once; the send budget decides how fast.",
    )
    broadcast_lease_s: Number = Field(
        default=15,
        ge=1,
        le=300,
        json_schema_extra=_SECONDS,
        description="Time after which the broadcast of a process that died goes on.",
    )
    broadcast_progress_s: Number = Field(
        default=3,
        ge=0.1,
        le=60,
        json_schema_extra=_SECONDS,
        description="Shortest time between two edits of a message that shows how a broadcast goes.",
    )

    rate_search_burst: Whole = Field(
        default=30, ge=1, le=10_000, json_schema_extra=_ACTIONS, description="Searches a person may make in a period."
    )
    rate_search_period_s: Whole = Field(
        default=60, ge=1, le=86_400, json_schema_extra=_SECONDS, description="Period of the search limit."
    )
    rate_file_burst: Whole = Field(
        default=10, ge=1, le=10_000, json_schema_extra=_ACTIONS, description="Files a person may press in a period."
    )
    rate_file_period_s: Whole = Field(
        default=60, ge=1, le=86_400, json_schema_extra=_SECONDS, description="Period of the file limit."
    )
    rate_inline_burst: Whole = Field(
        default=50, ge=1, le=10_000, json_schema_extra=_ACTIONS, description="Inline queries of a person in a period."
    )
    rate_inline_period_s: Whole = Field(
        default=60, ge=1, le=86_400, json_schema_extra=_SECONDS, description="Period of the inline limit."
    )
    rate_deep_link_burst: Whole = Field(
        default=20, ge=1, le=10_000, json_schema_extra=_ACTIONS, description="Links a person may open in a period."
    )
    rate_deep_link_period_s: Whole = Field(
        default=60, ge=1, le=86_400, json_schema_extra=_SECONDS, description="Period of the link limit."
    )
    link_failures_burst: Whole = Field(
        default=10,
        ge=1,
        le=10_000,
        json_schema_extra=_unit("links"),
        description="Wrong links of a person in a period.",
    )
    link_failures_period_s: Whole = Field(
        default=600, ge=1, le=86_400, json_schema_extra=_SECONDS, description="Period of the limit of wrong links."
    )
    deep_link_lifetime_s: Whole = Field(
        default=86_400,
        ge=60,
        le=604_800,
        json_schema_extra=_SECONDS,
        description="How long a link to a file works after it was last given out.",
    )
    rate_callback_burst: Whole = Field(
        default=60, ge=1, le=10_000, json_schema_extra=_ACTIONS, description="Other presses and commands in a period."
    )
    rate_callback_period_s: Whole = Field(
        default=60, ge=1, le=86_400, json_schema_extra=_SECONDS, description="Period of the press limit."
    )
    rate_group_burst: Whole = Field(
        default=20, ge=1, le=10_000, json_schema_extra=_ACTIONS, description="Searches of one group in a period."
    )
    rate_group_period_s: Whole = Field(
        default=60, ge=1, le=86_400, json_schema_extra=_SECONDS, description="Period of the group limit."
    )
    rate_request_burst: Whole = Field(
        default=3, ge=1, le=10_000, json_schema_extra=_ACTIONS, description="Titles a person may ask for in a period."
    )
    rate_request_period_s: Whole = Field(
        default=86_400, ge=1, le=86_400, json_schema_extra=_SECONDS, description="Period of the request limit."
    )
    rate_index_request_burst: Whole = Field(
        default=3, ge=1, le=10_000, json_schema_extra=_ACTIONS, description="Channels a person may propose in a period."
    )
    rate_index_request_period_s: Whole = Field(
        default=86_400, ge=1, le=86_400, json_schema_extra=_SECONDS, description="Period of the channel request limit."
    )
    rate_broadcast_burst: Whole = Field(
        default=1, ge=1, le=1000, json_schema_extra=_ACTIONS, description="Broadcasts of the bot in a period."
    )
    rate_broadcast_period_s: Whole = Field(
        default=3600, ge=1, le=86_400, json_schema_extra=_SECONDS, description="Period of the broadcast limit."
    )
    rate_global_burst: Whole = Field(
        default=1000, ge=10, le=1_000_000, json_schema_extra=_ACTIONS, description="Actions of all people in a period."
    )
    rate_global_period_s: Whole = Field(
        default=10, ge=1, le=3600, json_schema_extra=_SECONDS, description="Period of the global ceiling."
    )

    @classmethod
    def names(cls) -> frozenset[str]:
        """The names of all settings."""
        return frozenset(cls.model_fields)

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> tuple[Self, dict[str, str]]:
        """Read stored values; one that cannot be used keeps its default.

        Args:
            stored: by name; names of another version of the bot are passed over in silence.

        Returns:
            The settings, and by name what is wrong with each value that was not used (never the value itself).
        """
        problems: dict[str, str] = {}
        good: dict[str, Any] = {}
        for name in cls.model_fields.keys() & stored.keys():
            try:
                good[name] = getattr(cls.model_validate({name: stored[name]}), name)
            except ValidationError as error:
                problems[name] = _sentence(error)
        return cls.model_validate(good), problems

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
        """The settings that environment variables seed, typed, and by name what is wrong with the rest."""
        given = {name: environ[name.upper()] for name in cls.model_fields if environ.get(name.upper(), "").strip()}
        settings, problems = cls.from_stored(given)
        return {name: getattr(settings, name) for name in given if name not in problems}, problems

    def rate_limit(self, action: str) -> tuple[int, int]:
        """The burst and the period in seconds of `action`, "global" for the ceiling of the whole bot.

        Raises:
            AttributeError: no such action.
        """
        return getattr(self, f"rate_{action}_burst"), getattr(self, f"rate_{action}_period_s")

    def with_value(self, name: str, value: Any) -> Self:
        """A copy with one value changed, which may be given as text.

        Raises:
            ValueError: no such setting, or the value has a wrong type or is out of bounds; says which.
        """
        if name not in type(self).model_fields:
            raise ValueError(f"there is no setting {name}")
        try:
            return type(self).model_validate({**self.model_dump(), name: value})
        except ValidationError as error:
            raise ValueError(_sentence(error)) from None


def _sentence(error: ValidationError) -> str:
    return "; ".join(
        problem["msg"].removeprefix("Value error, ") for problem in error.errors(include_input=False, include_url=False)
    )
