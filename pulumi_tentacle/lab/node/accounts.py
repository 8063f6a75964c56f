"""Names of accounts, as a domain member resolves them."""

from __future__ import annotations

from pulumi_tentacle.lab.node.filesystem import ADMINISTRATORS, SYSTEM, USERS
from pulumi_tentacle.lab.world import Node

_WELL_KNOWN = {
    r"nt authority\system": SYSTEM,
    r"nt authority\localservice": "S-1-5-19",
    r"nt authority\local service": "S-1-5-19",
    r"nt authority\networkservice": "S-1-5-20",
    r"nt authority\network service": "S-1-5-20",
    r"builtin\administrators": ADMINISTRATORS,
    r"builtin\users": USERS,
}


def sid_or_name(node: Node, account: str) -> str | None:
    """What stands for an account in an access list: the SID of a well-known one, else its name as the estate spells it.

    None for an unknown one. `.\\name` is none that Windows resolves here.
    """
    low = account.lower()
    if low in _WELL_KNOWN:
        return _WELL_KNOWN[low]
    domain, _, name = low.rpartition("\\")
    netbios = node.estate.domain.partition(".")[0].lower()
    if "@" in name and not domain:
        name, _, suffix = name.partition("@")
        domain = netbios if suffix == node.estate.domain.lower() else suffix
    for user in node.estate.users:
        user_domain, _, user_name = user.name.lower().rpartition("\\")
        qualified = node.name.lower() if user.local else user_domain
        if name == user_name and domain in ("", qualified):
            return user.name
    return None
