"""PowerShell Remoting with a real client."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from psrpcore.types import ErrorCategory, PSSecureString
from pypsrp.complex_objects import ObjectMeta
from pypsrp.complex_objects import PSInvocationState as State
from pypsrp.exceptions import WSManFaultError
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.serializer import TaggedValue

from pulumi_tentacle.lab.powershell.cmdlet import Call, Failure, Parameter, anything, cmdlet
from pulumi_tentacle.lab.wire.server import NodeServer
from tests.lab.wire.conftest import ADMIN, LOCAL, Client

SHELL_GONE, OPERATION_TIMEOUT, NO_SUCH_RESOURCE = 2150858843, 2150858793, 2150858811


@pytest.fixture
def pool(client: Client, ran: list[str]) -> Iterator[RunspacePool]:
    wsman = client.wsman()
    with wsman, RunspacePool(wsman) as opened:
        yield opened


def shell(pool: RunspacePool, *commands: tuple[str, dict[str, Any]]) -> PowerShell:
    made = PowerShell(pool)
    for name, parameters in commands:
        made.add_cmdlet(name)
        for key, value in parameters.items():
            made.add_parameter(key, value)
    return made


HOSTILE = "quotes ' \" $(x) `n %PATH% \0 \r\n\t _x0041_ 😀"


@pytest.mark.parametrize(
    ("sent", "received"),
    [
        (HOSTILE, HOSTILE),
        (7, 7),
        (TaggedValue("U64", 2**64 - 1), 2**64 - 1),
        (False, False),
        (["a", [1, None], {"k": "v"}], ["a", [1, None], {"k": "v"}]),
        (b"\0\xff", b"\0\xff"),
        (None, None),
    ],
    ids=["text", "int", "uint64", "bool", "nested", "bytes", "null"],
)
def test_typed_parameters_arrive_as_they_were_sent(pool: RunspacePool, sent: Any, received: Any) -> None:
    got: list[Any] = []

    @cmdlet("Test-Echo", Value=Parameter(anything))
    def test_echo(call: Call) -> Iterator[Any]:
        got.append(call.parameters["Value"])
        yield from ()

    shell(pool, ("Test-Echo", {"Value": sent})).invoke()
    assert got == [received]
    assert type(got[0]) is type(received)


def test_secure_strings_are_encrypted_on_their_way(pool: RunspacePool) -> None:
    got: list[Any] = []

    @cmdlet("Test-Secret", Secret=Parameter(anything))
    def test_secret(call: Call) -> Iterator[Any]:
        got.append(call.parameters["Secret"])
        yield from ()

    pool.exchange_keys()
    secret = pool.serialize("höchst geheim", ObjectMeta("SS"))
    shell(pool, ("Test-Secret", {"Secret": secret})).invoke()
    assert isinstance(got[0], PSSecureString)
    assert got[0].decrypt() == "höchst geheim"


def test_objects_travel_through_a_pipeline_and_come_back_selected(pool: RunspacePool) -> None:
    (thing,) = shell(pool, ("Get-Thing", {"Name": ["b"]}), ("Select-Object", {"Property": ["Name", "State"]})).invoke()
    assert thing.extended_properties["Name"] == "b"
    state = thing.extended_properties["State"]
    assert (state.to_string, state.property_sets) == ("Offline", [3])


def test_a_null_is_an_empty_message(pool: RunspacePool) -> None:
    assert shell(pool, ("Get-Value", {"Value": None})).invoke() == [""]  # what pypsrp makes of no data


def test_errors_and_warnings_have_their_streams(pool: RunspacePool) -> None:
    failing = shell(pool, ("Get-Thing", {"Name": "no1", "Fail": True}))
    assert failing.invoke() == []
    assert failing.state == State.COMPLETED
    record: Any = failing.streams.error[0]  # pypsrp declares less than it gives
    assert (record.fq_error, record.category, record.target_object) == ("ThingNotFound,GetThing", 13, "no1")
    assert record.exception.adapted_properties["HResult"] == -2146233087
    careful = shell(pool, ("Write-Careful", {}))
    careful.invoke()
    assert [warning.message for warning in careful.streams.warning] == ["careful"]


def test_a_terminating_error_fails_the_pipeline_after_its_output(pool: RunspacePool) -> None:
    failing = shell(pool, ("Get-Thing", {"Throw": True}))
    assert failing.invoke() == ["before"]
    assert failing.state == State.FAILED
    assert failing.streams.error[0].fq_error == "AccessDenied,GetThing"


def test_statements_that_a_client_does_not_see_run(pool: RunspacePool, ran: list[str]) -> None:
    batch = PowerShell(pool)
    batch.add_cmdlet("Write-Thing").add_argument("1").add_statement()
    batch.add_cmdlet("Get-Nothing").add_statement()
    batch.add_cmdlet("Write-Thing").add_argument("3")
    assert batch.invoke() == ["1"]
    assert batch.state == State.FAILED
    assert shell(pool, ("Write-Thing", {"Text": "4"})).invoke() == ["4"]  # waits for the pool's only runspace
    assert ran == ["1", "3", "4"]


def test_input_of_the_client(pool: RunspacePool) -> None:
    reading = PowerShell(pool)
    reading.add_cmdlet("ForEach-Object").add_parameter("MemberName", "k")
    given: Any = [{"k": 1}, {"k": 2}]
    assert reading.invoke(input=given) == [1, 2]


def test_a_large_parameter_comes_in_pieces(pool: RunspacePool) -> None:
    text = "x" * 1_500_000
    (back,) = shell(pool, ("Get-Value", {"Value": text})).invoke()
    assert back == text


def test_a_large_output_respects_the_clients_envelope_size(
    client: Client, ran: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with client.wsman(max_envelope_size=65536) as wsman, RunspacePool(wsman) as pool:
        sizes: list[int] = []
        send = wsman.transport.send

        def measured(message: bytes, **options: Any) -> Any:
            answer = send(message, **options)
            sizes.append(len(answer))
            return answer

        monkeypatch.setattr(wsman.transport, "send", measured)
        many = shell(pool, ("Write-Output", {"InputObject": ["x" * 1000] * 400}))
        assert len(many.invoke()) == 400
        assert max(sizes) <= 65536
        assert len(sizes) > 5


def test_stop_ends_a_running_pipeline_and_leaves_the_runspace_usable(pool: RunspacePool, ran: list[str]) -> None:
    running = shell(pool, ("Get-Number", {}), ("Out-Null", {}))
    running.begin_invoke()
    running.stop()
    assert running.state == State.STOPPED
    assert running.streams.error == []
    assert shell(pool, ("Write-Output", {"InputObject": 1})).invoke() == [1]


def test_deleting_the_shell_stops_what_runs_in_it(client: Client, ran: list[str]) -> None:
    with client.wsman() as wsman:
        pool = RunspacePool(wsman)
        pool.open()
        shell(pool, ("Get-Number", {}), ("Out-Null", {})).begin_invoke()
        pool.close()
        with RunspacePool(wsman) as other:  # cmdlets of a node run one at a time: this one gets its turn
            assert shell(other, ("Write-Output", {"InputObject": 1})).invoke() == [1]


def test_a_receive_without_news_times_out_and_loses_nothing(pool: RunspacePool) -> None:
    go_on = threading.Event()

    @cmdlet("Wait-Event")
    def wait_event(call: Call) -> Iterator[Any]:
        go_on.wait(20)
        yield "late"

    waiting = shell(pool, ("Wait-Event", {}))
    waiting.begin_invoke()
    with pytest.raises(WSManFaultError) as caught:
        pool.shell.receive("stdout", command_id=waiting.id, timeout=1)
    assert caught.value.code == OPERATION_TIMEOUT
    go_on.set()
    assert waiting.end_invoke() == ["late"]


def test_a_defect_of_a_cmdlet_ends_the_pipeline(pool: RunspacePool, monkeypatch: pytest.MonkeyPatch) -> None:
    raised: list[str] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: raised.append(repr(args.exc_value)))

    @cmdlet("Get-Defect")
    def get_defect(call: Call) -> Iterator[Any]:
        raise KeyError("defect")

    failing = shell(pool, ("Get-Defect", {}))
    failing.invoke()
    assert (failing.state, failing.streams.error[0].fq_error) == (State.FAILED, "LabDefect")
    assert shell(pool, ("Write-Output", {"InputObject": 1})).invoke() == [1]
    assert raised == ["KeyError('defect')"]


def test_merged_streams_are_refused(pool: RunspacePool) -> None:
    merging = PowerShell(pool)
    merging.add_cmdlet("Get-Thing").merge_error("output")
    with pytest.raises(WSManFaultError, match="merged"):
        merging.invoke()


def test_an_unreadable_message_is_a_fault(pool: RunspacePool) -> None:
    """pypsrp sends integers beyond 32 bits as I32 (reference/psrp.md §1.1)."""
    with pytest.raises(WSManFaultError) as caught:
        shell(pool, ("Get-Value", {"Value": 2**40})).invoke()
    assert caught.value.code == 2150858817


def test_several_runspaces_run_side_by_side(client: Client, ran: list[str]) -> None:
    with client.wsman() as wsman, RunspacePool(wsman, max_runspaces=3) as pool:
        shells = [shell(pool, ("Write-Thing", {"Text": str(number)})) for number in range(3)]
        for each in shells:
            each.begin_invoke()
        assert [each.end_invoke() for each in shells] == [["0"], ["1"], ["2"]]


def test_the_pool_tells_its_runspaces_and_keeps_them(client: Client) -> None:
    with client.wsman() as wsman, RunspacePool(wsman, max_runspaces=3) as pool:
        assert pool.get_available_runspaces() == 3
        with pytest.raises(WSManFaultError):
            pool.max_runspaces = 5
        assert pool.max_runspaces == 3


def test_command_metadata_are_not_known(pool: RunspacePool) -> None:
    with pytest.raises(WSManFaultError, match="GetCommandMetadata"):
        pool.get_command_metadata("Get-Thing")


def test_forty_sessions_at_once(client: Client, ran: list[str]) -> None:
    def session(number: int) -> Any:
        with client.wsman(ssl=number % 2 == 0) as wsman, RunspacePool(wsman) as pool:
            return shell(pool, ("Get-Value", {"Value": number})).invoke()

    with ThreadPoolExecutor(40) as executor:
        assert list(executor.map(session, range(40))) == [[number] for number in range(40)]


def test_a_shell_belongs_to_its_account(client: Client) -> None:
    with client.wsman() as mine, client.wsman(user=LOCAL) as theirs, RunspacePool(mine) as pool:
        pool.connection = pool.shell.wsman = theirs
        with pytest.raises(WSManFaultError) as caught:
            shell(pool, ("Write-Output", {"InputObject": 1})).invoke()
        assert caught.value.code == SHELL_GONE
        pool.connection = pool.shell.wsman = mine


def test_another_session_configuration_is_not_there(client: Client) -> None:
    with client.wsman() as wsman, pytest.raises(WSManFaultError) as caught:
        RunspacePool(wsman, configuration_name="Microsoft.Exchange").open()
    assert caught.value.code == NO_SUCH_RESOURCE


def test_the_envelope_size_can_be_asked_for(client: Client) -> None:
    with client.wsman() as wsman:
        wsman.update_max_payload_size()
        assert wsman.max_envelope_size == 512000


def test_closing_the_server_ends_waiting_clients_and_threads(
    server: NodeServer, client: Client, ran: list[str]
) -> None:
    failures: list[BaseException] = []

    def wait_for_ever() -> None:
        with client.wsman() as wsman:
            pool = RunspacePool(wsman)
            pool.open()
            opened.set()
            try:
                shell(pool, ("Get-Number", {}), ("Out-Null", {})).invoke()
            except Exception as error:  # noqa: BLE001 - whatever a client makes of it
                failures.append(error)

    opened = threading.Event()
    thread = threading.Thread(target=wait_for_ever)
    thread.start()
    opened.wait()
    server.close()
    thread.join(10)
    assert not thread.is_alive()
    assert len(failures) == 1
    assert [each.name for each in threading.enumerate() if each.name.startswith("NODE1 WinRM")] == []


def test_error_details_survive_the_wire(pool: RunspacePool) -> None:
    @cmdlet("Stop-Broken", "Microsoft.FailoverClusters.PowerShell.StopBrokenCommand")
    def stop_broken(call: Call) -> Iterator[Any]:
        call.throw(
            Failure(
                "An error occurred.",
                "ClusterAccessDenied",
                ErrorCategory.PermissionDenied,
                exception="Microsoft.FailoverClusters.PowerShell.ClusterCmdletException",
                hresult=-2147024891,
                inner="Access is denied",
            )
        )
        yield

    failing = shell(pool, ("Stop-Broken", {}))
    failing.invoke()
    record: Any = failing.streams.error[0]  # pypsrp declares less than it gives
    properties = record.exception.adapted_properties
    assert record.exception.types[0] == "Microsoft.FailoverClusters.PowerShell.ClusterCmdletException"
    assert (properties["HResult"], properties["InnerException"]) == (-2147024891, "Access is denied")
    assert record.fq_error == "ClusterAccessDenied,Microsoft.FailoverClusters.PowerShell.StopBrokenCommand"


def test_the_logon_is_known_to_cmdlets(pool: RunspacePool) -> None:
    @cmdlet("Get-Logon")
    def get_logon(call: Call) -> Iterator[Any]:
        yield call.logon.user

    assert shell(pool, ("Get-Logon", {})).invoke() == [ADMIN.name]
