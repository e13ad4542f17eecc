"""Many hosts behind one SSH server, a process of its own: each login name is a host of `tests.fake_host`.

python -m tests.fleet_server FOLDER [SECONDS] writes there: key, known_hosts, port when it is ready, and a line in
`changes` whenever a host begins to change, which takes so many SECONDS. A host called fails-... fails.
"""

from __future__ import annotations

import socket
import sys
import threading
import time
from pathlib import Path

import paramiko

from tests.fake_host import FakeHost

HOSTS: dict[str, FakeHost] = {}
LOCK = threading.Lock()


class Fleet(paramiko.ServerInterface):
    """One connection; whoever shows a key may log in."""

    def __init__(self, folder: Path, seconds: float) -> None:
        self.folder, self.seconds, self.name = folder, seconds, ""

    def get_allowed_auths(self, username):
        return "publickey"

    def check_auth_publickey(self, username, key):
        self.name = username
        return paramiko.AUTH_SUCCESSFUL

    def check_channel_request(self, kind, chanid):
        return paramiko.OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel, command):
        threading.Thread(target=self.execute, args=(channel,), daemon=True).start()
        return True

    def execute(self, channel):
        """What has begun runs to its end, whether or not somebody still hears it."""
        script = b""
        while data := channel.recv(65536):
            script += data
        with LOCK:
            trouble = "fails" if self.name.startswith("fails-") else ""
            host = HOSTS.setdefault(self.name, FakeHost(self.name, trouble=trouble))
            changes = b"apply_script()" in script
            if changes:
                with (self.folder / "changes").open("a") as file:
                    file.write(f"{self.name}\n")
        if changes:
            time.sleep(self.seconds)
        completed = host.run(script.decode(), timeout=60, on_line=lambda _: None)
        channel.sendall(completed.stdout.encode())
        channel.send_exit_status(0)
        channel.close()


def main(folder: Path, seconds: float) -> None:
    key = paramiko.ECDSAKey.generate()
    key.write_private_key_file(str(folder / "key"))
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    port = listener.getsockname()[1]
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {key.get_name()} {key.get_base64()}\n")
    (folder / "changes").touch()
    (folder / "port.new").write_text(str(port))
    (folder / "port.new").rename(folder / "port")

    def serve(client):
        transport = paramiko.Transport(client)
        transport.add_server_key(key)
        try:
            transport.start_server(server=Fleet(folder, seconds))
        except (paramiko.SSHException, EOFError, OSError):
            transport.close()

    while True:
        client, _ = listener.accept()
        threading.Thread(target=serve, args=(client,), daemon=True).start()


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 0.0)
