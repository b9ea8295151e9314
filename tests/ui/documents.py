"""Inspect documents as an engine sends them: with secrets, and with text that wants to harm a terminal."""

from __future__ import annotations

from collections.abc import Mapping

from console.model.containers import Container, Inspection

SECRET = "hunter2-and-more"
EVIL = "\x1b]52;c;aGk=\x07[bold]x[/nope]\u202e[@click=app.quit]y[/]"


HEALTH = {
    "Status": "unhealthy",
    "FailingStreak": 3,
    "Log": [
        {"End": f"2023-11-14T22:1{n}:00.000000001+00:00", "ExitCode": int(n > 0), "Output": output}
        for n, output in enumerate(["pong", "curl: (7) refused\n", f"{EVIL} after 5 s", "no answer"])
    ],
}

HOST_CONFIG = {
    "NetworkMode": "shop_default",
    "Memory": 512 << 20,
    "NanoCpus": 1_500_000_000,
    "Privileged": False,
    "AutoRemove": False,
    "ReadonlyRootfs": True,
    "ExtraHosts": ["db:10.0.0.21"],
    "LogConfig": {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}},
}

MOUNTS = [
    {"Type": "volume", "Name": "shop_uploads", "Source": "/x", "Destination": "/srv/uploads", "RW": True},
    {"Type": "bind", "Source": "/etc/shop", "Destination": "/etc/shop", "RW": False},
]

LABELS = {
    "com.docker.compose.project": "shop",
    "com.docker.compose.service": "web",
    "traefik.http.routers.shop.rule": "Host(`shop.example`) && PathPrefix(`/`)",
    "backup.token": SECRET,
}


def document(container: Container, **env: str) -> Mapping[str, object]:
    """The inspect document of a web server with a database password."""
    variables = {
        "PATH": "/usr/local/bin:/usr/bin",
        "DB_HOST": "db",
        "DB_PASSWORD": SECRET,
        "EVIL": EVIL,
        **env,
    }
    short = container.id[:12]
    return {
        "Id": container.id,
        "Created": "2023-11-10T11:06:40.123456789Z",
        "Path": "/usr/local/bin/serve",
        "Args": ["--listen", "0.0.0.0:80", f"--db=postgres://shop:{SECRET}@db:5432/shop", "--workers", "4"],
        "State": {
            "Status": "running",
            "Running": True,
            "ExitCode": 0,
            "Error": "",
            "StartedAt": "2023-11-11T10:53:20.5Z",
            "FinishedAt": "0001-01-01T00:00:00Z",
            "Health": HEALTH,
        },
        "Image": container.image_id,
        "Name": f"/{container.name}",
        "RestartCount": 0,
        "HostConfig": HOST_CONFIG,
        "Mounts": MOUNTS,
        "Config": {
            "Hostname": short,
            "User": "shop",
            "WorkingDir": "/srv",
            "Image": container.image,
            "Env": [f"{name}={value}" for name, value in variables.items()],
            "Labels": LABELS,
            "Healthcheck": {"Test": ["CMD-SHELL", "curl -fsS http://127.0.0.1/health"]},
        },
        "NetworkSettings": {
            "Networks": {
                "shop_default": {"IPAddress": "172.18.0.5", "Aliases": ["web", short]},
                "edge": {"IPAddress": "172.19.0.2", "GlobalIPv6Address": "fd00::2", "Aliases": None},
            }
        },
    }


def inspection(container: Container, **env: str) -> Inspection:
    """The answer to an inspect of it."""
    return Inspection(container, document(container, **env))
