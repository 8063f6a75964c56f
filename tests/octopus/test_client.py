"""Connection, logon, retries and cancellation of the client."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from pulumi_tentacle.errors import (
    Cancelled,
    DeadlineExceeded,
    InvalidInput,
    Lost,
    NotFound,
    TentacleError,
    Unreachable,
)
from pulumi_tentacle.octopus.client import Octopus, OctopusSettings, base_url
from tests.octopus.support import API_KEY, Server, VirtualWaiter, client


@pytest.fixture
def waiter() -> VirtualWaiter:
    return VirtualWaiter()


def ok(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"asked": str(request.url)})


GOOD = httpx.Response(200, json={"good": True})
STARTING = httpx.Response(503, json={"ErrorMessage": "starting"})


def limited(seconds: int | None = None) -> httpx.Response:
    headers = {"Octopus-RateLimit-Policy": "l=10;rpm=10"}
    return httpx.Response(429, headers=headers if seconds is None else headers | {"Retry-After": str(seconds)})


class TestAddress:
    @pytest.mark.parametrize(
        ("given", "base"),
        [
            ("https://octopus.test", "https://octopus.test"),
            ("https://Octopus.Test/", "https://octopus.test"),
            ("http://octopus.test:8080", "http://octopus.test:8080"),
            ("https://octopus.test/deploy/", "https://octopus.test/deploy"),
            ("https://octopus.test/api", "https://octopus.test"),
            ("https://octopus.test/app#/Spaces-1/infrastructure", "https://octopus.test"),
            ("https://octopus.test/deploy/app#/Spaces-1", "https://octopus.test/deploy"),
            ("https://[fd00::1]:444/", "https://[fd00::1]:444"),
        ],
    )
    def test_what_people_copy_is_understood(self, given: str, base: str) -> None:
        assert base_url(given) == base

    @pytest.mark.parametrize("given", ["octopus.test", "ftp://octopus.test", "https://", "https://me:pw@octopus.test"])
    def test_anything_else_names_the_setting(self, given: str) -> None:
        with pytest.raises(InvalidInput, match="octopusUrl") as raised:
            base_url(given)
        assert "pw" not in str(raised.value)

    def test_a_server_below_a_path(self, waiter: VirtualWaiter) -> None:
        octopus = client(ok, waiter, url="https://octopus.test/deploy/")
        assert octopus.get("/api/x", "ask", {"host": "a b"}) == {"asked": "https://octopus.test/deploy/api/x?host=a+b"}


class TestLogon:
    @pytest.mark.parametrize(
        ("settings", "header", "value"),
        [
            ({}, "X-Octopus-ApiKey", API_KEY),
            ({"api_key": None, "access_token": "ey.J"}, "Authorization", "Bearer ey.J"),
        ],
    )
    def test_key_or_token_goes_into_a_header(
        self, waiter: VirtualWaiter, settings: dict[str, str], header: str, value: str
    ) -> None:
        server = Server(waiter, GOOD)
        client(server, waiter, **settings).get("/api", "ask")
        assert server.requests[0].headers[header] == value

    def test_secrets_stay_out_of_what_is_printed(self) -> None:
        settings = OctopusSettings("https://octopus.test", api_key=API_KEY, access_token="ey.J")
        assert API_KEY not in repr(settings)
        assert "ey.J" not in repr(settings)

    def test_a_redirect_does_not_get_the_key(self, waiter: VirtualWaiter) -> None:
        server = Server(waiter, httpx.Response(302, headers={"Location": "https://elsewhere.test/"}))
        with pytest.raises(Unreachable, match="elsewhere"):
            client(server, waiter).get("/api", "ask")
        assert [r.url.host for r in server.requests] == ["octopus.test"]


class TestRepetition:
    @pytest.mark.parametrize("failure", [STARTING, httpx.ConnectError("refused"), httpx.RemoteProtocolError("closed")])
    def test_a_read_goes_on_when_the_server_comes_back(
        self, waiter: VirtualWaiter, failure: httpx.Response | Exception
    ) -> None:
        server = Server(waiter, failure, failure, GOOD)
        assert client(server, waiter).get("/api", "ask") == {"good": True}
        assert len(server.requests) == 3
        assert waiter.waits[1] != waiter.waits[0] > 0

    def test_and_gives_up_after_a_while(self, waiter: VirtualWaiter) -> None:
        with pytest.raises(Unreachable, match=r"to ask.*cannot be reached.*refused"):
            client(Server(waiter, httpx.ConnectError("refused")), waiter).get("/api", "ask")
        assert 8 < waiter.now() - 1000 <= 20  # the last wait that would not fit is 12 s at most

    def test_a_post_that_was_never_sent_is_sent_again(self, waiter: VirtualWaiter) -> None:
        server = Server(waiter, httpx.ConnectTimeout("no answer"), GOOD)
        assert client(server, waiter).post("/api/x", {}, "make it") == {"good": True}

    @pytest.mark.parametrize(
        "failure",
        [STARTING, httpx.ReadError("reset"), httpx.ReadTimeout("slow"), httpx.RemoteProtocolError("closed")],
    )
    def test_u98_a_post_whose_reply_is_lost_is_not_sent_again(
        self, waiter: VirtualWaiter, failure: httpx.Response | Exception
    ) -> None:
        server = Server(waiter, failure, GOOD)
        with pytest.raises(Lost, match=r"make it.*not known"):
            client(server, waiter).post("/api/x", {}, "make it")
        assert len(server.requests) == 1

    def test_a_slow_read_is_not_repeated(self, waiter: VirtualWaiter) -> None:
        server = Server(waiter, httpx.ReadTimeout("slow"), GOOD)
        with pytest.raises(DeadlineExceeded, match="operationTimeout"):
            client(server, waiter).get("/api", "ask")
        assert len(server.requests) == 1

    def test_a_list_that_is_kept_is_asked_once(self, waiter: VirtualWaiter) -> None:
        server = Server(waiter, httpx.Response(200, json=[1]), httpx.Response(200, json=[1, 2]))
        octopus = client(server, waiter)
        assert [octopus.kept("/api/l", "list"), octopus.kept("/api/l", "list")] == [[1], [1]]
        assert octopus.kept("/api/l", "list", fresh=True) == [1, 2]
        assert octopus.kept("/api/l", "list") == [1, 2]
        assert len(server.requests) == 2


class TestRateLimit:
    def test_u65_the_wait_that_octopus_asks_for_is_obeyed(self, waiter: VirtualWaiter) -> None:
        server = Server(waiter, limited(30), GOOD)
        client(server, waiter).post("/api/x", {}, "make it")
        assert server.times[1] - server.times[0] >= 30

    def test_u65_nobody_else_asks_in_the_forbidden_window(self) -> None:
        """Another resource asks while the one that got the 429 waits: it shares the wait."""

        class Meanwhile(VirtualWaiter):
            def wait(self, seconds: float) -> None:
                if len(server.requests) == 1 and not self.waits:
                    self.waits.append(0)
                    octopus.get("/api/other", "ask")
                super().wait(seconds)

        waiter = Meanwhile()
        server = Server(waiter, limited(30), GOOD)
        octopus = client(server, waiter)
        octopus.get("/api/first", "ask")
        assert [r.url.path for r in server.requests] == ["/api/first", "/api/other", "/api/first"]
        assert server.times[1] - server.times[0] >= 30

    def test_u65_many_requests_under_a_limit_end_with_few_refusals(self, waiter: VirtualWaiter) -> None:
        """Ten requests a minute allowed, forty wanted; none falls into a closed window."""
        sent: list[float] = []
        refused: list[float] = []
        window = [0.0]

        def bucket(request: httpx.Request) -> httpx.Response:
            now = waiter.now()
            assert now >= window[0], "asked although Octopus said to wait"
            recent = [t for t in sent if t > now - 60]
            if len(recent) >= 10:
                refused.append(now)
                left = int(recent[0] + 60 - now) + 1
                window[0] = now + left
                return limited(left)
            sent.append(now)
            return GOOD

        octopus = client(bucket, waiter)
        for n in range(40):
            octopus.get(f"/api/{n}", "ask")
        assert len(refused) <= 4

    def test_u65_in_the_end_the_limit_and_the_wait_are_told(self, waiter: VirtualWaiter) -> None:
        with pytest.raises(DeadlineExceeded, match=r"10 requests a minute.*600 seconds"):
            client(Server(waiter, limited()), waiter).get("/api", "ask")
        assert waiter.now() - 1000 <= 620


class TestCancellation:
    def test_a_wait_ends_at_once(self) -> None:
        cancelled = threading.Event()
        octopus = Octopus(
            OctopusSettings("https://octopus.test", api_key=API_KEY),
            cancelled,
            transport=httpx.MockTransport(lambda request: limited(300)),
        )
        with ThreadPoolExecutor(1) as executor:
            asking = executor.submit(octopus.get, "/api", "ask")
            cancelled.set()
            started = time.monotonic()
            with pytest.raises(Cancelled):
                asking.result(timeout=10)
        assert time.monotonic() - started < 1

    def test_nothing_is_asked_after_it(self, waiter: VirtualWaiter) -> None:
        server = Server(waiter, GOOD)
        waiter.cancelled.set()
        with pytest.raises(Cancelled):
            client(server, waiter).get("/api", "ask")
        assert server.requests == []


def test_what_httpx_raises_ends_as_our_errors(waiter: VirtualWaiter) -> None:
    """Every error of a request, whatever httpx may add."""
    kinds = [k for k in vars(httpx).values() if isinstance(k, type) and issubclass(k, httpx.RequestError)]
    assert len(kinds) > 10
    for kind in kinds:
        with pytest.raises(TentacleError):
            client(Server(waiter, kind("x")), waiter).get("/api", "ask")


def test_delete_of_what_is_gone_says_so(waiter: VirtualWaiter) -> None:
    server = Server(waiter, httpx.Response(404, json={"ErrorMessage": "The resource was not found."}))
    with pytest.raises(NotFound):
        client(server, waiter).delete("/api/x", "delete it")


def test_a_ca_certificate_that_is_none_names_its_setting(waiter: VirtualWaiter) -> None:
    for given in ("/no/such/file.pem", "-----BEGIN CERTIFICATE-----\nrubbish"):
        with pytest.raises(InvalidInput, match="octopusCaCertificate"):
            client(ok, waiter, ca_certificate=given).get("/api", "ask")


def test_the_http_client_is_loaded_at_the_first_request_only() -> None:
    """The plugin must start fast, also for programs without Octopus."""
    code = (
        "import sys, threading; from pulumi_tentacle.octopus.client import Octopus, OctopusSettings; "
        "Octopus(OctopusSettings('https://x'), threading.Event()); "
        "print([m for m in ('httpx', 'tenacity', 'ssl', 'asyncio') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "[]"
