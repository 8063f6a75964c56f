"""Who may log on to a node: its local accounts and those of the domain, however the client spells them."""

from __future__ import annotations

from pulumi_tentacle.lab.world import Node, User


def find_account(node: Node, name: str, domain: str = "") -> User | None:
    """The account for `user`, `DOMAIN\\user`, `NODE\\user`, `.\\user` or `user@domain` (domain given apart or not).

    Without a domain the node's own accounts come first, then the domain's, as Windows looks them up.
    """
    if not domain and "\\" in name:
        domain, _, name = name.partition("\\")
    elif not domain and "@" in name:
        name, _, domain = name.partition("@")
    full, short = node.estate.domain.lower(), node.estate.domain.partition(".")[0].lower()
    ours = domain.lower() in ("", ".", node.name.lower(), node.fqdn)
    theirs = domain.lower() in ("", full, short)
    for user in sorted(node.estate.users, key=lambda each: not each.local):
        user_domain, _, user_name = user.name.rpartition("\\")
        fits = ours if user.local else theirs and user_domain.lower() in ("", full, short)
        if fits and user_name.lower() == name.lower():
            return user
    return None


def check_password(node: Node, name: str, password: str) -> User | None:
    """The local account of that name if the password is right. Basic serves local accounts only (winrm.md §4.1)."""
    user = find_account(node, name)
    return user if user is not None and user.local and user.password == password else None
