"""What the sections of the runtime settings are made of."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from core.domain.subscription import pack_chat_ids, parse_chat_ids


def _not_a_switch(value: object) -> object:
    """A number is never meant by true or false."""
    if isinstance(value, bool):
        raise ValueError("a number is expected")  # noqa: TRY004 - pydantic collects ValueErrors
    return value


def _chat_ids(text: str) -> str:
    return pack_chat_ids(parse_chat_ids(text))


Whole = Annotated[int, BeforeValidator(_not_a_switch)]
Number = Annotated[float, BeforeValidator(_not_a_switch), Field(allow_inf_nan=False)]
ChatIds = Annotated[str, AfterValidator(_chat_ids)]


class Section(BaseModel):
    """Settings that belong together.

    Each field carries its default, bounds, help (`description`), and what `unit` gives.

    Attributes:
        section: what the editor calls it, and what its title in the catalogue ends with.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    section: ClassVar[str]


def unit(name: str, *, at_start: bool = False, kind: str = "") -> dict[str, Any]:
    """What the editor has to know besides type and bounds.

    Args:
        name: what a setting is counted in, "" for nothing.
        at_start: a running bot does not obey it.
        kind: a value of `SettingKind` that the type does not tell.
    """
    return {"unit": name, "at_start": at_start, "kind": kind}
