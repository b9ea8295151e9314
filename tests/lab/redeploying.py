"""Redeploys by a real process on a real engine, struck at a step, and the promise they have to keep."""

from __future__ import annotations

import contextlib
import copy
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from console.model.redeploy.course import LABELS, NEXT, PREV
from tests.lab.host import LabHost
from tests.lab.machine import LabError, wait_for
from tests.lab.options import QUICK, make_image
from tests.lab.sameness import differences

NAME = "web"
LIMIT = 90.0
"""Seconds that a redeploy may take, whatever strikes it."""

FORWARDS = ("create", "hold", "stop old", "shelve", "promote", "start", "wait")
BACKWARDS = ("disarm", "stop new", "demote", "unshelve", "release", "start old", "discard")


@dataclass(frozen=True, slots=True)
class Case:
    """One container, and the image that it is to get."""

    words: tuple[str, ...]
    image: str = "good:2"
    steps: tuple[str, ...] = FORWARDS
    then: tuple[tuple[str, ...], ...] = ()
    """docker commands after it was started."""
    runs: bool = True
    policy: str = "no"
    port: bool = False
    paused: bool = False
    before: bool = False
    """Whether it was redeployed once already, so that a previous one is there."""


WITHOUT_POLICY = tuple(step for step in FORWARDS if step != "hold")
BACK = tuple(step for step in BACKWARDS if step not in ("disarm", "release"))
RICH = (
    *("--restart=always", "--network", "one", "--ip", "10.211.1.77", "--network-alias", "al"),
    *("-p", "8080:80", "-v", "/anon", "-v", "given:/given", "-e", "A=secret", "-h", "shop"),
)
JOIN = (("network", "connect", "--alias", "b", "--ip", "10.211.2.77", "two", NAME),)

CASES: Mapping[str, Case] = {
    "plain": Case((), steps=WITHOUT_POLICY),
    "rich": Case(RICH, then=JOIN, policy="always", port=True, steps=("connect", *FORWARDS)),
    "checked": Case(
        ("--restart=unless-stopped", "--health-cmd", "true", "--health-interval=1s", "-p", "8080:80"),
        policy="unless-stopped",
        port=True,
    ),
    "again": Case(
        (*RICH, "-l", "again=1"),
        then=JOIN,
        policy="always",
        port=True,
        before=True,
        steps=("clear", *FORWARDS),
    ),
    "ends at once": Case(
        ("--restart=on-failure:3",),
        image="bad:1",
        policy="on-failure:3",
        steps=(*FORWARDS[1:], *BACKWARDS[:1], *BACKWARDS[2:]),
    ),
    "sick": Case(RICH, then=JOIN, image="sick:1", policy="always", port=True, steps=FORWARDS + BACKWARDS),
    "sick, plain": Case((), image="sick:1", steps=(*WITHOUT_POLICY[3:], *BACK)),
    "paused": Case(
        ("--restart=always",), policy="always", image="sick:1", then=(("pause", NAME),), paused=True,
        steps=("create", "hold", "stop old", "start", "disarm", "start old", "pause old"),
    ),
    "did not run": Case(
        (), steps=("create", "shelve", "promote", "start"), then=(("stop", NAME),), runs=False
    ),
}  # fmt: skip


class Redeploying:
    """The container of one case on a host, and processes that redeploy it."""

    def __init__(self, host: LabHost, hosts_yml: Path, home: Path, case: Case) -> None:
        self.host, self.case = host, case
        self.home = home
        self._hosts_yml = hosts_yml
        self.process: subprocess.Popen[str] | None = None
        self.seen: list[dict[str, Any]] = []
        self._step = threading.Condition()
        self._reader: threading.Thread | None = None
        host.docker("run", "-d", "--name", NAME, "--stop-timeout", "2", *case.words, "good:1")
        for words in case.then:
            host.docker(*words)
        if case.before:
            done = self.dockcon("redeploy", "--image", "good:1", *self.words)
            assert done.returncode == 0, done.stderr + done.stdout
        self.old: dict[str, Any] = host.engine.inspect(NAME)

    words: tuple[str, ...] = ("--no-pull", "--yes", f"h1/{NAME}")

    def command(self, *argv: str) -> list[str]:
        return [sys.executable, "-W", "error", "-m", "console", "-c", str(self._hosts_yml), *argv]

    @property
    def environment(self) -> dict[str, str]:
        root = Path(__file__).parents[2]
        return {"PATH": "/usr/bin:/bin", "HOME": str(self.home), "PYTHONPATH": str(root), "LANG": "C.UTF-8"}

    def dockcon(self, *argv: str) -> subprocess.CompletedProcess[str]:
        """Run a verb to its end."""
        return subprocess.run(
            self.command(*argv),
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )

    def beside(self) -> Redeploying:
        """Another process on the same container."""
        made = copy.copy(self)
        made.seen, made.process, made._step = [], None, threading.Condition()
        return made

    # ---- one redeploy

    def begin(self) -> None:
        """Start to redeploy, in a process of its own."""
        self.process = subprocess.Popen(
            self.command("redeploy", "--json", "--image", self.case.image, *self.words),
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # Whoever runs the tests in the background has had it ignored, and that is inherited.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        self._reader = threading.Thread(target=self._read, args=(self.process,))
        self._reader.start()

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                told = json.loads(line) if line.startswith("{") else {"said": line}
                with self._step:
                    self.seen.append(told)
                    self._step.notify_all()
        with self._step:
            self.seen.append({"step": "end"})
            self._step.notify_all()

    def at(self, step: str) -> bool:
        """Wait until it is about to take a step; False where it ended without it."""

        def there() -> bool:
            return any(told.get("step") in (step, "end") for told in self.seen)

        with self._step:
            assert self._step.wait_for(there, LIMIT), self.log
            return any(told.get("step") == step for told in self.seen)

    def end(self) -> int:
        """Wait for the end; its exit code."""
        assert self.process is not None
        assert self._reader is not None
        try:
            code = self.process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"no end after {LIMIT:.0f} s\n{self.log}") from None
        finally:
            self._reader.join()
        return code

    @property
    def log(self) -> str:
        """What it said."""
        return "\n".join(str(told.get("said") or told.get("text") or told) for told in self.seen)

    # ---- the truth

    def named(self, name: str) -> dict[str, Any] | None:
        try:
            return self.host.engine.inspect(name)
        except LabError:
            return None

    def half_done(self) -> bool:
        """Whether `recover` finds something."""
        done = self.dockcon("recover", "--json")
        assert done.returncode in (0, 5), done.stderr
        return any(json.loads(line)["result"] == "interrupted" for line in done.stdout.splitlines())

    def never_two(self) -> None:
        """The old and the new one must not run side by side, not even half way."""
        family = [self.named(name) for name in (NAME, NAME + NEXT, NAME + PREV)]
        running = [one["Name"] for one in family if one is not None and one["State"]["Running"]]
        assert len(running) <= 1, running

    def check(self, *, may_rest: bool = False, restarted: bool = False) -> str:
        """The promise; returns `old` or `new`. `restarted`: the engine was; `may_rest`: and a container
        without a policy is not started by that.
        """
        now = self.named(NAME)
        assert now is not None, "nothing has the name"
        assert self.named(NAME + NEXT) is None, "a half one is left"
        kept = self.named(NAME + PREV)
        assert policy(now) == self.case.policy
        if now["Id"] == self.old["Id"]:
            assert now["State"]["Running"] or not self.case.runs or may_rest, "the old one does not run"
            assert not (now["State"]["Running"] and not self.case.runs), "the old one did not run before"
            assert kept is None or self.case.before, "the old one has its name, and something is kept"
            # An engine that is restarted starts what was paused, as its restart policy says.
            assert now["State"]["Paused"] is self.case.paused or restarted, "it was paused"
            if now["State"]["Running"] and self.case.runs and not self.case.paused:
                found = differences(self.old, now)
                assert not found, found
            return "old"
        assert image(now) == image_id(self.host, self.case.image)
        assert now["State"]["Running"] or may_rest, "the new one does not run"
        assert kept is not None, "the old one is not kept"
        assert (kept["Id"], kept["State"]["Running"], policy(kept)) == (self.old["Id"], False, "no")
        assert surroundings_of(now) == surroundings_of(self.old)
        return "new"


def policy(document: Mapping[str, Any]) -> str:
    stated = document["HostConfig"]["RestartPolicy"]
    return str(stated["Name"]) + (f":{stated['MaximumRetryCount']}" if stated["MaximumRetryCount"] else "")


def image(document: Mapping[str, Any]) -> str:
    return str(document["Image"])


def image_id(host: LabHost, name: str) -> str:
    return host.docker("image", "inspect", "-f", "{{.Id}}", name)


def surroundings_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """What must go over from the old one to the new one."""
    short = document["Id"][:12]
    networks = document["NetworkSettings"]["Networks"]
    config = document["Config"]
    return {
        "networks": {
            name: (sorted(set(e["Aliases"] or ()) - {short}), (e["IPAMConfig"] or {}).get("IPv4Address"))
            for name, e in networks.items()
        },
        "mounts": sorted((m["Destination"], m.get("Name"), m["Source"], m["RW"]) for m in document["Mounts"]),
        "ports": document["HostConfig"]["PortBindings"],
        "env": sorted(entry for entry in config["Env"] if not entry.startswith("VERSION=")),
        "labels": {k: v for k, v in config["Labels"].items() if k not in (*LABELS, "version")},
        "hostname": "" if config["Hostname"] == short else config["Hostname"],
    }


@contextlib.contextmanager
def images_and_networks(host: LabHost) -> Iterator[None]:
    """What the cases need; gone afterwards."""
    command = f'CMD ["sh", "-c", "{QUICK}"]'
    names = ("one", "two")
    try:
        make_image(host, "good:1", command, "ENV VERSION=1", "LABEL version=1", "EXPOSE 80")
        make_image(host, "good:2", command, "ENV VERSION=2", "LABEL version=2", "EXPOSE 80")
        make_image(host, "bad:1", 'CMD ["sh", "-c", "echo no database; exit 3"]')
        make_image(host, "sick:1", command, "HEALTHCHECK --interval=1s --retries=1 CMD echo not well; false")
        for number, name in enumerate(names, 1):
            host.docker("network", "create", "--subnet", f"10.211.{number}.0/24", name)
        yield
    finally:
        host.mend()
        host.docker("image", "rm", "-f", "good:1", "good:2", "bad:1", "sick:1", check=False)
        host.docker("network", "rm", *names, check=False)
        host.docker("volume", "prune", "-f", check=False)


def settled(at: Redeploying) -> None:
    """Wait until nothing restarts any more."""

    def calm() -> bool:
        found = [at.named(name) for name in (NAME, NAME + NEXT, NAME + PREV)]
        return not any(one is not None and one["State"]["Restarting"] for one in found)

    wait_for(calm, "no container to restart", limit=30, every=0.2)
