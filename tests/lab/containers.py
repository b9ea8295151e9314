"""Believable containers: every state and health an operator meets, and text written by an enemy."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tests.lab.host import LabHost
from tests.lab.image import IMAGE
from tests.lab.machine import LabError

SLEEP = "trap 'exit 0' TERM; while :; do sleep 1; done"
"""A main process that ends at once when told to."""
STILL = "exec sleep 1000000"
"""One process that never forks: cgroup v1 cannot always freeze one that does. Deaf to TERM."""
TALK = "trap 'exit 0' TERM; i=0; while :; do i=$((i+1)); echo line $i; sleep 1; done"
BUSY = "trap 'exit 0' TERM; while :; do i=$((i+1)); done"
EAT = "tail /dev/zero"

HOSTILE = (
    "\x1b]52;c;aGFja2Vk\x07\x1b[2J\x1b[?1049l[red]fat[/] \u202eevil\u202c \u200bzero\nsecond\r\x00".replace(
        "\x00", ""
    )
)
"""Clipboard write, clear, leave the alternate screen, markup, right-to-left, zero width, lines. No NUL:
no argument can hold one."""
LONG = "x" * 10_000


@dataclass(frozen=True, slots=True)
class Recipe:
    """One container: words for `docker run -d`, and what the main process runs."""

    name: str
    words: tuple[str, ...] = ()
    script: str = SLEEP
    state: str = "running"
    """What `docker inspect` says once it has settled; also a health."""
    then: tuple[tuple[str, ...], ...] = ()
    """docker commands to run afterwards, the name appended."""


def _health(command: str) -> tuple[str, ...]:
    return ("--health-cmd", command, "--health-interval=1s", "--health-retries=1")


def _compose(project: str, service: str) -> tuple[str, ...]:
    return (
        *("--label", f"com.docker.compose.project={project}"),
        *("--label", f"com.docker.compose.service={service}"),
        *("--label", "com.docker.compose.container-number=1"),
    )


def _hostile_health() -> tuple[str, ...]:
    octal = "".join(f"\\{byte:03o}" for byte in HOSTILE.encode())
    return _health(f"printf '{octal}'; head -c 10000 /dev/zero | tr '\\0' y; exit 1")


RECIPES: tuple[Recipe, ...] = (
    Recipe("web", (*_compose("shop", "web"), "-p", "8080:80", *_health("true")), TALK, "healthy"),
    Recipe("worker", _compose("shop", "worker"), TALK),
    Recipe("sick", _health("echo no database; false"), SLEEP, "unhealthy"),
    Recipe("looping", ("--restart=always",), "sleep 1; exit 1", "restarting"),
    Recipe("done", (), "exit 0", "exited"),
    Recipe("killed", (), SLEEP, "exited", (("kill",),)),
    Recipe("oom", ("-m", "16m", "--memory-swap", "16m"), EAT, "exited"),
    Recipe("paused", (), STILL, "paused", (("pause",),)),
    Recipe("failed", ("--restart=on-failure:1",), "echo giving up >&2; exit 3", "exited"),
    Recipe(
        "hostile",
        ("--label", f"note={HOSTILE}", "--label", f"long={LONG}", *_hostile_health()),
        TALK,
        "unhealthy",
    ),
    Recipe("limited", ("-m", "64m", "--cpus", "0.5"), TALK),
    Recipe("starting", ("--health-cmd", "true", "--health-interval=1h"), SLEEP, "starting"),
)


def recipe(name: str) -> Recipe:
    return next(r for r in RECIPES if r.name == name)


def start(host: LabHost, what: Recipe, name: str = "", *, wait: bool = True) -> str:
    """Start one container and, with `wait`, return when it has settled. Returns its full id."""
    name = name or what.name
    container = host.docker(
        *("run", "-d", "--stop-timeout", "1", "--name", name, *what.words, IMAGE, "sh", "-c", what.script)
    )
    for words in what.then:
        _insist(host, (*words, name))
    if wait:
        host.wait_for(name, what.state)
    return container


def _insist(host: LabHost, words: tuple[str, ...]) -> None:
    """Run a docker command up to five times: runc cannot always freeze a cgroup on a busy machine."""
    for last in (False, False, False, False, True):
        try:
            host.docker(*words)
        except LabError:
            if last:
                raise
        else:
            return


def start_plain(host: LabHost, name: str, *words: str, script: str = SLEEP) -> str:
    """Start a container that runs until it is stopped. Returns its full id."""
    return start(host, Recipe(name, words, script))


def start_believable(hosts: Sequence[LabHost], count: int) -> None:
    """`count` containers on every host: one of each kind, then plain ones. They have not settled yet."""

    def one(job: tuple[LabHost, int]) -> None:
        host, number = job
        if number < len(RECIPES):
            start(host, RECIPES[number], wait=False)
        else:
            start(host, Recipe(f"app-{number}", _compose("bulk", f"app-{number}"), TALK), wait=False)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(one, [(host, number) for number in range(count) for host in hosts]))
