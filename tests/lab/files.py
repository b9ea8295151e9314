"""The files that tell others of a lab."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from tests.lab.host import LabHost
from tests.lab.keyring import Keyring
from tests.lab.machine import program


def write_files(folder: Path, fleet: str, keys: Keyring, hosts: Collection[LabHost]) -> None:
    """hosts.yml, known_hosts, and for other programs ssh_config with `bin/ssh`, an ssh that uses it."""
    keys.known_hosts.write_text("".join(host.sshd.known_as() for host in hosts))
    lines = [
        f"# {fleet}; made by tests/lab.",
        f"defaults: {{user: root, identity: {keys.key}, known_hosts: {keys.known_hosts}}}",
        f"fleet: {fleet}",
        "hosts:",
    ]
    config = []
    for host in hosts:
        jump = f", jump: {host.jump.name}" if host.jump else ""
        engine = f"'unix://{host.engine.socket}'"
        lines.append(f"  {host.name}: {{address: {host.address}, engine: {engine}{jump}}}")
        config += [f"Host {host.name}", f"  HostName {host.address}"]
        config += [f"  ProxyJump {host.jump.name}"] if host.jump else []
    config += ["Host *", "  User root", f"  IdentityFile {keys.key}", "  IdentitiesOnly yes"]
    config += [f"  UserKnownHostsFile {keys.known_hosts}", "  GlobalKnownHostsFile /dev/null"]
    (folder / "hosts.yml").write_text("\n".join(lines) + "\n")
    (folder / "ssh_config").write_text("\n".join(config) + "\n")
    wrapper = folder / "bin/ssh"
    wrapper.parent.mkdir(exist_ok=True)
    # ssh starts `ProxyJump` with the configuration it was given itself.
    wrapper.write_text(f'#!/bin/sh\nexec {program("ssh")} -F {folder}/ssh_config "$@"\n')
    wrapper.chmod(0o755)
