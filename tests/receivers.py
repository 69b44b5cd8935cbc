"""Real servers on this machine, for what leaves it: one that takes webhooks, one that is slow, one that takes mail."""

import ipaddress
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.running import free_port


class Taken(NamedTuple):
    """A request as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes


class WebhookReceiver:
    """Keeps what is posted to it. Answers with `statuses` in turn, then 200."""

    def __init__(self) -> None:
        self.taken: list[Taken] = []
        self.statuses: list[int] = []
        self.headers: dict[str, str] = {}
        self.body = b"thanks"
        self.answering = threading.Event()  # cleared, it takes requests and answers none
        self.answering.set()
        self.url = ""


@contextmanager
def webhook_receiver() -> Iterator[WebhookReceiver]:
    receiver = WebhookReceiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.taken.append(Taken(self.path, headers, body))
            receiver.answering.wait(60)
            self.send_response(receiver.statuses.pop(0) if receiver.statuses else 200)
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            with suppress(BrokenPipeError, ConnectionResetError):  # who asked may be dead by now
                self.end_headers()
                self.wfile.write(receiver.body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Slow(NamedTuple):
    """A server's answer that takes its time: it does come to an end, for whoever waits."""

    opening: bytes
    dripped: bytes = b""  # a byte every 20 ms
    ending: bytes = b""
    breaks: bool = False  # resets the connection behind the opening
    silent_s: float = 0.0  # before it says anything, or shakes hands


@contextmanager
def slow_receiver(answer: Slow, *, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """A server that answers every request like this. Its port."""
    over = threading.Event()
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):  # it hangs up, which is what is tested; or the test is over
            while True:
                _answer_slowly(listening.accept()[0], answer, tls, over)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        over.set()
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


def _answer_slowly(link: socket.socket, answer: Slow, tls: ssl.SSLContext | None, over: threading.Event) -> None:
    over.wait(answer.silent_s)
    with suppress(OSError), tls.wrap_socket(link, server_side=True) if tls else link as talking:
        talking.recv(65_536)
        talking.sendall(answer.opening)
        if answer.breaks:
            talking.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return
        for byte in answer.dripped:
            if over.wait(0.02):
                return
            talking.sendall(bytes([byte]))
        talking.sendall(answer.ending)


def certified(directory: Path) -> tuple[ssl.SSLContext, Path]:
    """TLS for a server at 127.0.0.1, and the file with the certificate that makes it believed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    today = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(today - timedelta(days=1))
    made = made.not_valid_after(today + timedelta(days=2))
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    signed = made.add_extension(here, critical=False).sign(key, hashes.SHA256())
    believed, private = directory / "certificate.pem", directory / "key.pem"
    believed.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(believed, private)
    return context, believed


class MailReceiver:
    """Keeps the mails it is handed."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.port = 0

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.mails.append(BytesParser(policy=policy.default).parsebytes(envelope.content))
        return "250 OK"


@contextmanager
def mail_receiver() -> Iterator[MailReceiver]:
    receiver = MailReceiver()
    receiver.port = free_port()
    controller = Controller(receiver, hostname="127.0.0.1", port=receiver.port)
    controller.start()
    try:
        yield receiver
    finally:
        controller.stop()
