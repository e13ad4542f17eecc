"""A real SSH server in this process, on 127.0.0.1: paramiko's server side, each command run by /bin/sh.

with Server(password="secret") as server:
    SSHTransport(SSHOptions("127.0.0.1", port=server.port, password="secret", …)).run("echo hello", timeout=5)
"""

from __future__ import annotations

import base64
import contextlib
import functools
import os
import socket
import subprocess
import threading
import time
from dataclasses import dataclass, field

import paramiko

RELAY = """\
import os, socket, sys, threading
there = socket.create_connection((sys.argv[1], int(sys.argv[2])))
def up():
    while data := os.read(0, 65536):
        there.sendall(data)
    there.shutdown(socket.SHUT_WR)
threading.Thread(target=up, daemon=True).start()
while data := there.recv(65536):
    os.write(1, data)
"""
"""A program for ProxyCommand: HOST PORT."""


@functools.cache
def key(kind="ecdsa", number=0):
    """A throw-away key; the same one for the same arguments."""
    if kind == "rsa":
        return paramiko.RSAKey.generate(2048)
    if kind == "ed25519":
        return ed25519()
    return paramiko.ECDSAKey.generate(bits={"ecdsa": 256, "ecdsa384": 384}[kind])


def ed25519():
    """paramiko generates no Ed25519 keys itself."""
    import io

    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    text = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    made = paramiko.Ed25519Key.from_private_key(io.StringIO(text.decode()))
    made.text = text.decode()
    return made


def write_key(which, path):
    """paramiko 5 writes Ed25519 keys, too, 3 and 4 do not."""
    if hasattr(which, "text"):
        path.write_text(which.text)
    else:
        which.write_private_key_file(str(path))


class Certified:
    """A host key that is shown in a certificate."""

    def __init__(self, key, certificate):
        self.key = key
        self.name, blob, *_ = certificate.split()
        self.blob = base64.b64decode(blob)

    def get_name(self):
        return self.name

    def asbytes(self):
        return self.blob

    def sign_ssh_data(self, data, algorithm=None):
        return self.key.sign_ssh_data(data, algorithm and algorithm.removesuffix("-cert-v01@openssh.com"))


def certified(which, authority, folder, *arguments, identity="host", principals="127.0.0.1"):
    """Return a host key in a certificate that ssh-keygen makes; more arguments make it another one."""
    write_key(authority, folder / "authority")
    (folder / "authority").chmod(0o600)
    (folder / "host.pub").write_text(f"{which.get_name()} {which.get_base64()}\n")
    names = ("-n", principals) if principals else ()
    subprocess.run(
        [
            "ssh-keygen",
            "-q",
            "-s",
            folder / "authority",
            "-I",
            identity,
            *names,
            *(arguments or ("-h",)),
            folder / "host.pub",
        ],
        check=True,
        capture_output=True,
    )
    return Certified(which, (folder / "host-cert.pub").read_text())


@dataclass
class Server:
    """What the server allows and does; all of it may be changed while it runs."""

    password: str | None = None
    keys: tuple[paramiko.PKey, ...] = ()
    prompts: tuple[str, ...] = ()  # keyboard-interactive: these questions, the first answered by `password`
    both: bool = False  # a key and then the password
    user: str = "user"
    host_keys: tuple[paramiko.PKey, ...] = ()
    shell: tuple[str, ...] = ("/bin/sh", "-c")
    family: int = socket.AF_INET
    silent: bool = False  # accepts TCP and says nothing
    hang_ups: int = 0  # connections closed at once, as with MaxStartups
    sessions: bool = True
    commands: bool = True
    status: bool = True  # False: the channel ends without an exit status
    drop_after: int | None = None  # bytes of output before the connection breaks
    version: str | None = None  # instead of paramiko's own
    transport_options: dict = field(default_factory=dict)
    attempts: list[str] = field(default_factory=list)
    certificates: list[bool] = field(default_factory=list)  # was a key shown in one? For each key of `attempts`
    connections: int = 0
    executed: list[str] = field(default_factory=list)

    def __enter__(self):
        self.host_keys = self.host_keys or (key(),)
        self._listener = socket.socket(self.family, socket.SOCK_STREAM)
        self._listener.bind(("::1" if self.family == socket.AF_INET6 else "127.0.0.1", 0))
        self._listener.listen(64)
        self.port = self._listener.getsockname()[1]
        self._open = []
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join(2)
        self.drop()

    def drop(self):
        """Break all connections."""
        for each in self._open:
            each.close()
        for each in self._open:
            if isinstance(each, paramiko.Transport):
                with contextlib.suppress(RuntimeError):  # it was closed before its thread began
                    each.join(2)
        self._open.clear()

    def known_hosts(self, *names):
        names = names or (f"[127.0.0.1]:{self.port}",)
        return "".join(f"{','.join(names)} {each.get_name()} {each.get_base64()}\n" for each in self.host_keys)

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            if self.silent:
                self._open.append(client)
            elif self.connections <= self.hang_ups:
                client.close()
            else:
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        transport = paramiko.Transport(client, **self.transport_options)
        if self.version:
            transport.local_version = self.version
        for each in self.host_keys:
            transport.add_server_key(each)
        self._open.append(transport)
        with contextlib.suppress(paramiko.SSHException, EOFError, OSError):
            transport.start_server(server=_Interface(self, transport))


class _Interface(paramiko.ServerInterface):
    def __init__(self, server, transport):
        self.server = server
        self.transport = transport
        self.key_taken = False

    def get_allowed_auths(self, username):
        server = self.server
        if server.both:
            return "password" if self.key_taken else "publickey"
        methods = ["publickey"] * bool(server.keys) + ["keyboard-interactive"] * bool(server.prompts)
        if server.password is not None and not server.prompts:
            methods.append("password")
        return ",".join(methods) or "publickey"

    def check_auth_publickey(self, username, offered):
        self.server.attempts.append(f"publickey {offered.get_name()}")
        self.server.certificates.append(bool(getattr(offered, "public_blob", None)))
        if username != self.server.user or offered not in self.server.keys:
            return paramiko.AUTH_FAILED
        self.key_taken = True
        return paramiko.AUTH_PARTIALLY_SUCCESSFUL if self.server.both else paramiko.AUTH_SUCCESSFUL

    def check_auth_password(self, username, password):
        self.server.attempts.append("password")
        good = username == self.server.user and password == self.server.password and not self.server.prompts
        if self.server.both and not self.key_taken:
            good = False
        return paramiko.AUTH_SUCCESSFUL if good else paramiko.AUTH_FAILED

    def check_auth_interactive(self, username, submethods):
        self.server.attempts.append("keyboard-interactive")
        if not self.server.prompts:
            return paramiko.AUTH_FAILED
        self.waiting = list(self.server.prompts)
        return paramiko.InteractiveQuery("", "", (self.waiting.pop(0), False))

    def check_auth_interactive_response(self, responses):
        if list(responses) != [self.server.password]:
            return paramiko.AUTH_FAILED
        if self.waiting:
            return paramiko.InteractiveQuery("", "", (self.waiting.pop(0), False))
        return paramiko.AUTH_SUCCESSFUL

    def check_channel_request(self, kind, chanid):
        if kind == "session" and self.server.sessions:
            return paramiko.OPEN_SUCCEEDED
        return paramiko.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED

    def check_channel_direct_tcpip_request(self, chanid, origin, destination):
        try:
            there = socket.create_connection(destination, 5)
        except OSError:
            return paramiko.OPEN_FAILED_CONNECT_FAILED
        there.settimeout(None)
        threading.Thread(target=self._forward, args=(chanid, there), daemon=True).start()
        return paramiko.OPEN_SUCCEEDED

    def _forward(self, chanid, there):
        channel = self.transport.accept(5)
        if channel is None:
            there.close()
            return

        def back():
            with contextlib.suppress(OSError, EOFError):
                while data := there.recv(65536):
                    channel.sendall(data)
            with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
                channel.close()

        threading.Thread(target=back, daemon=True).start()
        with contextlib.suppress(OSError, EOFError):
            while data := channel.recv(65536):
                there.sendall(data)
        with contextlib.suppress(OSError):
            there.shutdown(socket.SHUT_RDWR)
        there.close()

    def check_channel_exec_request(self, channel, command):
        self.server.executed.append(command.decode())
        if not self.server.commands:
            return False
        threading.Thread(target=self._execute, args=(channel, command.decode()), daemon=True).start()
        return True

    def _execute(self, channel, command):
        server = self.server
        time.sleep(0.01)  # the reply to the request goes first
        process = subprocess.Popen(
            [*server.shell, f"exec {command}" if command == "sh -s" else command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        sent = 0

        def feed():
            with contextlib.suppress(OSError, EOFError):
                while data := channel.recv(65536):
                    process.stdin.write(data)
                    process.stdin.flush()
            with contextlib.suppress(OSError):
                process.stdin.close()

        def drain(stream, send):
            nonlocal sent
            with contextlib.suppress(OSError, EOFError):
                while data := os.read(stream.fileno(), 65536):
                    if server.drop_after is not None and sent + len(data) >= server.drop_after:
                        send(data[: server.drop_after - sent])
                        time.sleep(0.1)
                        self.transport.close()
                        return
                    send(data)
                    sent += len(data)

        feeding = threading.Thread(target=feed, daemon=True)
        feeding.start()
        errors = threading.Thread(target=drain, args=(process.stderr, channel.sendall_stderr), daemon=True)
        errors.start()
        drain(process.stdout, channel.sendall)
        errors.join()
        if not self.transport.is_active():
            process.kill()
        status = process.wait()
        with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
            channel.shutdown_write()
            if server.status and status >= 0:
                channel.send_exit_status(status)
            channel.close()
        feeding.join(2)
        for stream in (process.stdin, process.stdout, process.stderr):
            with contextlib.suppress(OSError):
                stream.close()
