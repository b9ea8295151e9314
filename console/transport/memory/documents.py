"""Inspect documents of the memory engine, in the shape `GET /containers/{id}/json` has at API 1.47."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from console.model.containers import ContainerState, Port
from console.transport.memory.containers import MemoryContainer, Mount, stable_hex

PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
NEVER = "0001-01-01T00:00:00Z"


def document_of(container: MemoryContainer) -> Mapping[str, object]:
    """The whole document; every secret in it as an engine would show it, unmasked and unsanitised."""
    command = container.command
    return {
        "Id": container.id,
        "Created": timestamp(container.created),
        "Path": command[0] if command else "",
        "Args": list(command[1:]),
        "State": _state(container),
        "Image": container.image_id,
        "ResolvConfPath": f"/var/lib/docker/containers/{container.id}/resolv.conf",
        "HostnamePath": f"/var/lib/docker/containers/{container.id}/hostname",
        "HostsPath": f"/var/lib/docker/containers/{container.id}/hosts",
        "LogPath": f"/var/lib/docker/containers/{container.id}/{container.id}-json.log",
        "Name": f"/{container.name}",
        "RestartCount": container.restarts,
        "Driver": "overlay2",
        "Platform": "linux",
        "AppArmorProfile": "docker-default",
        "ExecIDs": None,
        "HostConfig": _host_config(container),
        "Mounts": [_mount(mount) for mount in container.mounts],
        "Config": _config(container),
        "NetworkSettings": _network_settings(container),
    }


def timestamp(at: float | None) -> str:
    """RFC 3339 with nine digits, as the engine writes it; `None` is Go's zero time."""
    if at is None:
        return NEVER
    moment = datetime.fromtimestamp(at, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06d}000Z"


def _state(container: MemoryContainer) -> dict[str, object]:
    state = container.state
    restarting = state is ContainerState.RESTARTING
    document: dict[str, object] = {
        "Status": str(state),
        "Running": container.alive or restarting,
        "Paused": state is ContainerState.PAUSED,
        "Restarting": restarting,
        "OOMKilled": container.oom,
        "Dead": state is ContainerState.DEAD,
        "Pid": container.pid,
        "ExitCode": container.exit_code,
        "Error": "",
        "StartedAt": timestamp(container.started),
        "FinishedAt": timestamp(container.finished),
    }
    if container.healthcheck:
        streak = 0
        for record in reversed(container.health_log):
            if not record.exit_code:
                break
            streak += 1
        document["Health"] = {
            "Status": str(container.health),
            "FailingStreak": streak,
            "Log": [
                {
                    "Start": timestamp(record.at),
                    "End": timestamp(record.at + 0.085),
                    "ExitCode": record.exit_code,
                    "Output": record.output,
                }
                for record in container.health_log
            ],
        }
    return document


def _host_config(container: MemoryContainer) -> dict[str, object]:
    policy, _, retries = container.restart_policy.partition(":")
    bindings: dict[str, list[dict[str, str]]] = {}
    for port in container.ports:
        if port.public:
            binding = {"HostIp": port.ip, "HostPort": str(port.public)}
            bindings.setdefault(_port_key(port), []).append(binding)
    return {
        "Binds": [f"{m.source}:{m.target}:{'rw' if m.writable else 'ro'}" for m in container.mounts] or None,
        "ContainerIDFile": "",
        "LogConfig": _log_config(container),
        "NetworkMode": next(iter(container.networks), "none"),
        "PortBindings": bindings,
        "RestartPolicy": {"Name": policy, "MaximumRetryCount": int(retries or 0)},
        "AutoRemove": False,
        "VolumesFrom": None,
        "CapAdd": None,
        "CapDrop": None,
        "Dns": [],
        "ExtraHosts": list(container.extra_hosts) or None,
        "IpcMode": "private",
        "OomScoreAdj": 0,
        "PidMode": "",
        "Privileged": False,
        "PublishAllPorts": False,
        "ReadonlyRootfs": False,
        "SecurityOpt": None,
        "ShmSize": 64 << 20,
        "Runtime": "runc",
        "CpuShares": 0,
        "Memory": container.memory_limit,
        "NanoCpus": 0,
        "MemorySwap": container.memory_limit * 2,
        "PidsLimit": None,
        "Ulimits": None,
    }


def _log_config(container: MemoryContainer) -> dict[str, object]:
    log = container.log
    options: dict[str, str] = {}
    if log.max_size is not None:
        megabytes, rest = divmod(log.max_size, 1_000_000)
        options = {
            "max-file": str(log.max_files),
            "max-size": f"{log.max_size}" if rest else f"{megabytes}m",
        }
    if not container.log_cached:
        options["cache-disabled"] = "true"
    return {"Type": log.driver, "Config": options}


def _mount(mount: Mount) -> dict[str, object]:
    if mount.bind:
        document: dict[str, object] = {"Type": "bind", "Source": mount.source, "Destination": mount.target}
    else:
        document = {
            "Type": "volume",
            "Name": mount.source,
            "Source": f"/var/lib/docker/volumes/{mount.source}/_data",
            "Destination": mount.target,
            "Driver": "local",
        }
    return {**document, "Mode": "z", "RW": mount.writable, "Propagation": "rprivate" if mount.bind else ""}


def _config(container: MemoryContainer) -> dict[str, object]:
    document: dict[str, object] = {
        "Hostname": container.id[:12],
        "Domainname": "",
        "User": "",
        "AttachStdin": False,
        "AttachStdout": False,
        "AttachStderr": False,
        "ExposedPorts": {_port_key(port): {} for port in container.ports},
        "Tty": container.log.tty,
        "OpenStdin": False,
        "StdinOnce": False,
        "Env": [PATH, *container.env],
        "Cmd": list(container.command),
        "Image": container.image,
        "Volumes": None,
        "WorkingDir": "",
        "Entrypoint": None,
        "OnBuild": None,
        "Labels": dict(container.labels),
        "StopSignal": "SIGTERM",
    }
    if container.healthcheck:
        document["Healthcheck"] = {
            "Test": ["CMD-SHELL", container.healthcheck],
            "Interval": 10_000_000_000,
            "Timeout": 3_000_000_000,
            "Retries": 3,
        }
    return document


def _network_settings(container: MemoryContainer) -> dict[str, object]:
    ports: dict[str, object] = {}
    for port in container.ports:
        if not port.public:
            ports.setdefault(_port_key(port), None)
            continue
        known = ports.get(_port_key(port))
        binding = {"HostIp": port.ip, "HostPort": str(port.public)}
        ports[_port_key(port)] = [*known, binding] if isinstance(known, list) else [binding]
    return {
        "Bridge": "",
        "SandboxID": stable_hex(f"sandbox/{container.id}"),
        "SandboxKey": f"/var/run/docker/netns/{container.id[:12]}",
        "Ports": ports if container.alive else {},
        "Networks": {name: _endpoint(container, name, ip) for name, ip in container.own_networks.items()},
    }


def _endpoint(container: MemoryContainer, network: str, address: str) -> dict[str, object]:
    live = container.alive
    service = container.labels.get("com.docker.compose.service", "")
    own = list(container.aliases.get(network, ()))
    own += [name for name in (container.name, service) if service and name not in own]
    octets = [int(part) for part in address.split(".")] if address else []
    live = live and bool(octets)
    return {
        "IPAMConfig": None,
        "Links": None,
        "Aliases": own or None,
        "MacAddress": "02:42:" + ":".join(f"{octet:02x}" for octet in octets) if live else "",
        "DriverOpts": None,
        "NetworkID": stable_hex(network),
        "EndpointID": stable_hex(f"{container.id}/{network}") if live else "",
        "Gateway": ".".join(str(octet) for octet in [*octets[:3], 1]) if live else "",
        "IPAddress": address if live else "",
        "IPPrefixLen": 16 if live else 0,
        "DNSNames": [name for name in (container.name, service, container.id[:12]) if name],
    }


def _port_key(port: Port) -> str:
    return f"{port.private}/{port.protocol}"
