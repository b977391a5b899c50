"""auth.*: bots by token, people by test phone 99966XYYYY with the code XXXXX."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyrogram import raw

from sandbox.datacenter.rpc import RpcFailure, method
from sandbox.world.accounts import TEST_PHONE, phone_digits

if TYPE_CHECKING:
    from sandbox.datacenter.rpc import Call

T = raw.types
CODE_LENGTH = 5


@method("auth.ImportBotAuthorization")
def import_bot_authorization(call: Call, request: Any) -> Any:
    """Log a bot in."""
    if not request.api_id or not request.api_hash:
        raise RpcFailure(400, "API_ID_INVALID")
    bot = call.world.accounts.by_token(request.bot_auth_token)
    if bot is None:
        raise RpcFailure(400, "ACCESS_TOKEN_INVALID")
    return _authorization(call, bot.id)


@method("auth.SendCode", "auth.ResendCode")
def send_code(call: Call, request: Any) -> Any:
    """Pretend to send the code, which follows from the phone."""
    if not getattr(request, "api_id", 1) or not getattr(request, "api_hash", "-"):
        raise RpcFailure(400, "API_ID_INVALID")
    phone = phone_digits(request.phone_number)
    if not TEST_PHONE.fullmatch(phone):
        raise RpcFailure(400, "PHONE_NUMBER_INVALID")
    return T.auth.SentCode(
        type=T.auth.SentCodeTypeApp(length=CODE_LENGTH), phone_code_hash=call.world.access.phone_code_hash(phone)
    )


@method("auth.SignIn")
def sign_in(call: Call, request: Any) -> Any:
    """Log a person in; a phone that nobody has may sign up."""
    phone = _phone_of(call, request)
    if not request.phone_code:
        raise RpcFailure(400, "PHONE_CODE_EMPTY")
    if request.phone_code != phone[5] * CODE_LENGTH:
        raise RpcFailure(400, "PHONE_CODE_INVALID")
    person = call.world.accounts.by_phone(phone)
    if person is None:
        call.world.phones_with_code.add(phone)
        return T.auth.AuthorizationSignUpRequired()
    if person.deactivated:
        raise RpcFailure(403, "PHONE_NUMBER_BANNED")
    return _authorization(call, person.id)


@method("auth.SignUp")
def sign_up(call: Call, request: Any) -> Any:
    """Create a person for a phone whose code was right."""
    phone = _phone_of(call, request)
    if call.world.accounts.by_phone(phone):
        raise RpcFailure(400, "PHONE_NUMBER_OCCUPIED")
    if phone not in call.world.phones_with_code:
        raise RpcFailure(400, "PHONE_CODE_INVALID")
    if not request.first_name.strip():
        raise RpcFailure(400, "FIRSTNAME_INVALID")
    person = call.world.add_user(request.first_name, last_name=request.last_name or None, phone=phone)
    return _authorization(call, person.id)


@method("auth.LogOut")
def log_out(call: Call, _request: Any) -> Any:
    """Forget who the client is."""
    call.log_out()
    return T.auth.LoggedOut()


@method("auth.BindTempAuthKey")
def bind_temp_auth_key(_call: Call, _request: Any) -> bool:
    """Accept the binding; keys do not expire here."""
    return True


def _phone_of(call: Call, request: Any) -> str:
    phone = phone_digits(request.phone_number)
    if not TEST_PHONE.fullmatch(phone):
        raise RpcFailure(400, "PHONE_NUMBER_INVALID")
    if request.phone_code_hash != call.world.access.phone_code_hash(phone):
        raise RpcFailure(400, "PHONE_CODE_EXPIRED")
    return phone


def _authorization(call: Call, user_id: int) -> Any:
    call.log_in(user_id)
    call.session.updates_on = True
    return T.auth.Authorization(user=call.world.views.user(user_id, user_id))
