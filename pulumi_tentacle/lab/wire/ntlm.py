"""The server half of Negotiate and NTLM, on pyspnego, with the accounts of one node.

pyspnego's NTLM acceptor takes its accounts from a file that an environment variable names: one for the whole
process. Here many estates share a process, so the two functions that read that file are replaced by ones that
first look at the account finder of the running step (reference/winrm.md §4.3 names this way). Steps without a
finder, such as those of clients in the same process, still get pyspnego's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import spnego
import spnego._ntlm
from spnego._ntlm_raw.crypto import lmowfv1, ntowfv1
from spnego._ntlm_raw.messages import Authenticate, AvId, NTClientChallengeV2
from spnego._spnego import NegTokenResp, unpack_token
from spnego.channel_bindings import GssChannelBindings

from pulumi_tentacle.lab.wire.accounts import find_account
from pulumi_tentacle.lab.world import Node, User

_NTLM = b"NTLMSSP\0"
_node: ContextVar[Node | None] = ContextVar("node", default=None)
_credential_file = spnego._ntlm._get_credential_file
_credential = spnego._ntlm._get_credential

# What a malformed or wrong token raises in pyspnego: its own errors, and those of its parsers.
LogonError = (spnego.exceptions.SpnegoError, ValueError, LookupError)


class Acceptor:
    """One logon of one TCP connection, and the message encryption that it agreed upon."""

    def __init__(self, node: Node, first_token: bytes, binding: bytes | None) -> None:
        self._node = node
        self._bindings = GssChannelBindings(application_data=binding) if binding else None
        raw = first_token.startswith(_NTLM)
        with _accounts_of(node):
            self._context = spnego.server(
                protocol="ntlm" if raw else "negotiate",
                options=spnego.NegotiateOptions.use_ntlm if raw else spnego.NegotiateOptions.use_negotiate,
            )

    def step(self, token: bytes) -> bytes | None:
        """Take a token in, give one back. Raises one of `LogonError` when the logon fails."""
        # A binding that the client sent must be ours; none is accepted (CbtHardeningLevel Relaxed, the default).
        bindings = self._bindings if _sent_binding(token) else None
        with _accounts_of(self._node):
            return self._context.step(token, channel_bindings=bindings)

    @property
    def complete(self) -> bool:
        return self._context.complete

    @property
    def user(self) -> User | None:
        """The account, once complete."""
        return find_account(self._node, self._context.client_principal or "")

    def unwrap(self, header: bytes, data: bytes) -> bytes:
        """Decrypt a message. Raises spnego.exceptions.SpnegoError."""
        return self._context.unwrap_winrm(header, data)

    def wrap(self, data: bytes) -> tuple[bytes, bytes, int]:
        """(header, sealed data, padding) of a message."""
        sealed = self._context.wrap_winrm(data)
        return sealed.header, sealed.data, sealed.padding_length


def _sent_binding(token: bytes) -> bool:
    """Whether the token is an NTLM Authenticate message that carries a channel binding."""
    unpacked = unpack_token(token)
    if isinstance(unpacked, NegTokenResp):
        unpacked = unpacked.response_token
    if not isinstance(unpacked, bytes) or unpacked[:12] != _NTLM + b"\x03\0\0\0":
        return False
    response = Authenticate.unpack(unpacked).nt_challenge_response or b""
    return len(response) > 24 and AvId.channel_bindings in NTClientChallengeV2.unpack(response[16:]).av_pairs


@contextmanager
def _accounts_of(node: Node) -> Iterator[None]:
    token = _node.set(node)
    try:
        yield
    finally:
        _node.reset(token)


def _find_file() -> str | None:
    return _credential_file() if _node.get() is None else "the lab's accounts"


def _find(
    store: str | None, domain: str | None = None, username: str | None = None
) -> tuple[str | None, str | None, bytes, bytes]:
    node = _node.get()
    if node is None:
        return _credential(store, domain, username)
    user = find_account(node, username or "", domain or "")
    if user is None:
        raise spnego.exceptions.SpnegoError(spnego.exceptions.ErrorCode.failure, context_msg="no such account")
    return domain, username, lmowfv1(user.password), ntowfv1(user.password)


spnego._ntlm._get_credential_file = _find_file
spnego._ntlm._get_credential = _find
