"""account.*: an account's own settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.datacenter.methods.callers import person
from sandbox.datacenter.rpc import RpcFailure, method
from sandbox.world.accounts import USERNAME

if TYPE_CHECKING:
    from sandbox.datacenter.rpc import Call


@method("account.UpdateStatus")
def update_status(call: Call, _request: Any) -> bool:
    """Online or not; nobody is told."""
    person(call)
    return True


@method("account.UpdateUsername")
def update_username(call: Call, request: Any) -> Any:
    """Change or drop the own username."""
    account = person(call)
    call.world.rename(account, request.username or None)
    return call.world.views.user(account.id, account.id)


@method("account.CheckUsername")
def check_username(call: Call, request: Any) -> bool:
    """Whether a username is free."""
    person(call)
    if not USERNAME.fullmatch(request.username):
        raise RpcFailure(400, "USERNAME_INVALID")
    return call.world.usernames.owner(request.username) is None


@method("account.UpdateProfile")
def update_profile(call: Call, request: Any) -> Any:
    """Change the own name."""
    account = person(call)
    if request.first_name is not None:
        if not request.first_name.strip():
            raise RpcFailure(400, "FIRSTNAME_INVALID")
        account.first_name = request.first_name
    if request.last_name is not None:
        account.last_name = request.last_name or None
    return call.world.views.user(account.id, account.id)
