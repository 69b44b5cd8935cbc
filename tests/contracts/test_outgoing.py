"""What every way out keeps to: the one in memory, and HTTP against a real server."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress

import pytest

from errata.adapters.apprise.relays import AppriseRelays
from errata.adapters.http.guard import Guard, is_public
from errata.adapters.http.outgoing import GuardedHttp
from errata.adapters.memory.outgoing import MemoryOutgoing
from errata.ports.outgoing import Outbound, Outgoing, OutgoingFailed, OutgoingRefused
from tests.receivers import Slow, WebhookReceiver, certified, slow_receiver, webhook_receiver

HERE = Guard(["127.0.0.1"])


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with webhook_receiver() as running:
        yield running


@pytest.fixture
def tls(tmp_path, monkeypatch) -> ssl.SSLContext:
    """What a server over HTTPS speaks, with a certificate that is believed."""
    context, believed = certified(tmp_path)
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.setenv(name, str(believed))
    return context


@pytest.fixture(params=["memory", "http"])
def outgoing(request) -> Outgoing:
    return MemoryOutgoing() if request.param == "memory" else GuardedHttp(HERE)


def test_a_request_is_answered(outgoing, receiver):
    answer = outgoing.send(Outbound(url=f"{receiver.url}/x?y=1", body=b"{}", headers={"webhook-id": "1"}))

    assert answer.status == 200
    assert answer.body


def test_the_request_arrives_as_it_was_given(receiver):
    GuardedHttp(HERE).send(Outbound(url=f"{receiver.url}/x?y=1", body=b'{"a":1}', headers={"webhook-id": "7"}))

    (taken,) = receiver.taken
    assert (taken.path, taken.body, taken.headers["webhook-id"]) == ("/x?y=1", b'{"a":1}', "7")
    assert taken.headers["content-type"] == "application/json"


def test_without_the_operators_leave_nothing_reaches_this_machine(receiver):
    for host in ("127.0.0.1", "localhost", "[::1]", "0.0.0.0", "[::ffff:127.0.0.1]", "127.1", "2130706433"):
        with pytest.raises((OutgoingRefused, OutgoingFailed)):
            GuardedHttp(Guard()).send(Outbound(url=receiver.url.replace("127.0.0.1", host), body=b""))

    assert receiver.taken == []


def test_a_redirect_is_not_followed(receiver):
    receiver.statuses, receiver.headers = [302], {"Location": f"{receiver.url}/secret"}

    answer = GuardedHttp(HERE).send(Outbound(url=receiver.url, body=b""))

    assert answer.status == 302
    assert "not followed" in answer.body
    assert [taken.path for taken in receiver.taken] == ["/"]


def test_a_receiver_may_ask_for_time(receiver):
    receiver.statuses, receiver.headers = [429], {"Retry-After": "30"}

    assert GuardedHttp(HERE).send(Outbound(url=receiver.url, body=b"")).retry_after_s == 30


def test_an_address_that_was_allowed_by_name_is_reached_by_that_name_alone(receiver):
    by_name = GuardedHttp(Guard(["localhost"]))

    with pytest.raises(OutgoingRefused):
        by_name.send(Outbound(url=receiver.url, body=b""))
    assert by_name.send(Outbound(url=receiver.url.replace("127.0.0.1", "localhost"), body=b"")).status == 200


@pytest.mark.parametrize("url", [
    "ftp://example.org", "https://", "file:///etc/passwd", "https://user:password@example.org/", "https://[::1",
    "http://example.org/\r\nX: y", "gopher://127.0.0.1:25/", "http://example.org:0/", "http://example.org:99999/",
])  # fmt: skip
def test_what_is_no_address_is_refused(url):
    with pytest.raises(OutgoingRefused):
        GuardedHttp(Guard()).send(Outbound(url=url, body=b""))


@pytest.mark.parametrize("address", [
    "10.0.0.1", "172.16.0.1", "192.168.1.1", "127.0.0.1", "169.254.169.254", "100.100.100.200", "0.0.0.0",
    "255.255.255.255", "224.0.0.1", "168.63.129.16", "192.0.0.192", "::1", "::", "fe80::1", "fd00:ec2::254",
    "64:ff9b::7f00:1", "2002:7f00:1::", "ff02::1", "198.18.0.1",
])  # fmt: skip
def test_addresses_that_are_nobody_elses_are_not_public(address):
    import ipaddress

    assert not is_public(ipaddress.ip_address(address))
    with pytest.raises(OutgoingRefused):
        Guard().check(address)


def test_public_addresses_are():
    for address in ("93.184.216.34", "2606:2800:220:1::1"):
        Guard().check(address)


def test_a_mapped_address_is_what_it_maps():
    with pytest.raises(OutgoingRefused):
        Guard().check("::ffff:10.0.0.1")
    Guard(["10.0.0.0/8"]).check("::ffff:10.0.0.1")


# What a server says in two seconds, to whom gives it 0.3: each would be an answer for whoever waited.
_A_HEADER = Slow(b"HTTP/1.1 200 OK\r\nX: ", b"a" * 100, b"\r\nContent-Length: 0\r\n\r\n")
_A_STATUS = Slow(b"", b"HTTP/1.1 200 " + b"K" * 100, b"\r\nContent-Length: 0\r\n\r\n")
_SILENCE = Slow(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", silent_s=2.0)
_A_BODY = Slow(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"a" * 1_000)


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("slow", [_A_HEADER, _A_STATUS, _SILENCE], ids=["header", "status", "silence"])
def test_a_server_that_never_comes_to_an_end_is_left(scheme, slow, tls):
    with slow_receiver(slow, tls=tls if scheme == "https" else None) as port:
        with pytest.raises(OutgoingFailed):
            GuardedHttp(HERE, total_s=0.3).send(Outbound(url=f"{scheme}://127.0.0.1:{port}/", body=b""))


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_of_a_body_that_never_ends_is_taken_what_came_in_time(scheme, tls):
    with slow_receiver(_A_BODY, tls=tls if scheme == "https" else None) as port:
        # Long enough for the header on a machine under load; the body would take twenty seconds.
        answer = GuardedHttp(HERE, total_s=1.5).send(Outbound(url=f"{scheme}://127.0.0.1:{port}/", body=b""))

    assert answer.status == 200
    assert len(answer.body) < 1_000


def test_an_answer_stands_when_the_connection_breaks_within_its_body():
    with slow_receiver(Slow(opening=b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome", breaks=True)) as port:
        answer = GuardedHttp(HERE).send(Outbound(url=f"http://127.0.0.1:{port}/", body=b""))

    assert (answer.status, answer.body) == (200, "some")


def test_nobody_there_is_a_failure_that_may_pass():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(OutgoingFailed):
        GuardedHttp(HERE).send(Outbound(url=f"http://127.0.0.1:{port}/", body=b""))


def test_apprise_tells_a_service(receiver):
    AppriseRelays(HERE).send(url=receiver.url.replace("http://", "json://"), title="Hello", text="there")

    (taken,) = receiver.taken
    assert b"Hello" in taken.body


@pytest.mark.parametrize("scheme", ["json", "jsons"])
def test_apprise_is_not_held_by_a_server_that_never_comes_to_an_end(scheme, tls):
    """Nor by an address that asks for more time."""
    with slow_receiver(_A_HEADER, tls=tls if scheme == "jsons" else None) as port:
        with pytest.raises(OutgoingFailed):
            AppriseRelays(HERE, total_s=0.3).send(
                url=f"{scheme}://127.0.0.1:{port}/?rto=60", title="Hello", text="there"
            )


def test_an_answer_that_apprise_stumbles_over_is_a_failure_of_that_message(receiver):
    receiver.body = b"[]"

    with pytest.raises(OutgoingFailed, match="answered what apprise can't read"):
        AppriseRelays(HERE).send(url=receiver.url.replace("http://", "emby://user:pass@"), title="Hello", text="there")


def test_apprise_reaches_nothing_that_is_not_allowed(receiver):
    with pytest.raises(OutgoingRefused, match="not a public address"):
        AppriseRelays(Guard()).send(url=receiver.url.replace("http://", "json://"), title="Hello", text="there")

    assert receiver.taken == []


def test_apprise_is_not_led_elsewhere_by_a_redirect(receiver):
    with webhook_receiver() as other:
        receiver.statuses = [307]
        receiver.headers = {"Location": other.url.replace("127.0.0.1", "[::1]")}
        with pytest.raises((OutgoingRefused, OutgoingFailed)):
            AppriseRelays(HERE).send(url=receiver.url.replace("http://", "json://"), title="Hello", text="there")

        assert other.taken == []


@pytest.mark.parametrize(
    "url",
    ["syslog://", "mailto://user:password@example.org", "dbus://", "macosx://", "rsyslog://127.0.0.1", "nonsense"],
)
def test_apprise_offers_nothing_but_services_over_http(url):
    with pytest.raises(OutgoingRefused):
        AppriseRelays(HERE).send(url=url, title="Hello", text="there")


def test_apprise_reads_no_files_of_this_machine(receiver, tmp_path):
    secret = tmp_path / "secret.json"
    secret.write_text('{"text": "very-secret"}')
    url = receiver.url.replace("http://", "json://") + f"/?attach=file://{secret}"
    with suppress(OutgoingRefused, OutgoingFailed):
        AppriseRelays(HERE).send(url=url, title="Hello", text="there")

    assert not [taken for taken in receiver.taken if b"very-secret" in taken.body]


def test_what_other_threads_do_meanwhile_is_not_watched(receiver):
    """The digest's own connections go on, whatever a channel is refused."""
    AppriseRelays(HERE).send(url=receiver.url.replace("http://", "json://"), title="Hello", text="there")
    with socket.create_connection(("127.0.0.1", int(receiver.url.rpartition(":")[2]))):
        pass
