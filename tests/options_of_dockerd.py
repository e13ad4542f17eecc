"""Hosts that give dockerd options in units and environment files."""

from __future__ import annotations

from dataclasses import replace

from provisioner.host_files.host_file import HostFile
from tests.hosts import INFO, RUNNING

LIB = "/usr/lib/systemd/system/docker.service"
ETC = "/etc/systemd/system/docker.service.d/m.conf"
ENV = "EnvironmentFile=-/etc/default/docker\nEnvironmentFile=-/etc/sysconfig/docker*\n"
PACKAGED = HostFile(LIB, "[Unit]\n# dockerd --registry-mirror=x\n[Service]\nExecStart=/usr/bin/dockerd -H fd://\n")


def host(*files, options=None, sysconfig=(), command_line=(), init="systemd", **changes):
    unit = replace(RUNNING.units["docker.service"], files=files)
    engine = replace(RUNNING.engine, command_line=("dockerd", *command_line))
    if "mirrors" in changes:
        engine = replace(engine, info=replace(INFO, mirrors=changes.pop("mirrors")))
    return replace(
        RUNNING,
        units={"docker.service": unit} if init == "systemd" else {},
        engine=engine,
        options_file=HostFile("/etc/default/docker", options) if options is not None else None,
        sysconfig_files=tuple(HostFile(path, text) for path, text in sysconfig),
        init=init,
        **changes,
    )


def drop_in(text, path=ETC):
    return HostFile(path, "[Service]\nExecStart=\n" + text)
