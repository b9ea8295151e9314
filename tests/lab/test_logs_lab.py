"""Logs of real engines: every numbered line arrives exactly once, or inside a gap that is said."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.cli.exits import Exit
from console.model.logs.wish import LogWish
from console.model.query import parse
from console.model.text import SafeText
from console.service.tap import SourceState
from tests.lab.fleet import LabFleet
from tests.lab.host import LabHost
from tests.lab.lab import Lab
from tests.lab.logcheck import compare
from tests.lab.logreaders import Reader, TapReader, VerbReader
from tests.lab.logscene import SELECTOR, Scene, happen
from tests.lab.logtruth import Keeper
from tests.lab.logwriters import ALWAYS, ROTATED, Writer, start, start_all
from tests.lab.machine import wait_for
from tests.lab.test_verbs import Verbs

WISH = LogWish(title=SafeText("all writers"), query=parse(SELECTOR), tail=None)


@pytest.fixture
def keeper(lab: Lab) -> Iterator[Keeper]:
    with Keeper(lab) as keeper:
        yield keeper


@pytest.fixture
def verb(lab: Lab, tmp_path: Path) -> VerbReader:
    """Not started yet."""
    verbs = Verbs(tmp_path, lab.hosts_yml)
    # Other tests may have added hosts to the lab, one of them with the engine of another.
    words = ("--host", "h?", "logs", "-f", "--json", SELECTOR)
    return VerbReader(verbs.command(*words), verbs.environment, tmp_path)


@contextlib.contextmanager
def reading(lab: Lab, verb: VerbReader) -> Iterator[tuple[Reader, Reader]]:
    """Both readers at work."""
    with LabFleet(lab.specs()).at_work() as fleet, TapReader(fleet, WISH).at_work() as tap, verb.at_work():
        fleet.all_up()
        yield tap, verb
    assert verb.code == Exit.INTERRUPTED
    assert "Traceback" not in verb.errors.read_text()


def test_faults_lose_no_line_and_repeat_none(lab: Lab, keeper: Keeper, verb: VerbReader) -> None:
    suffer(lab, keeper, verb, seed=1, rounds=1)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(2, 8))
def test_many_faults_lose_no_line_and_repeat_none(
    lab: Lab, keeper: Keeper, verb: VerbReader, seed: int
) -> None:
    suffer(lab, keeper, verb, seed, rounds=4)


def suffer(lab: Lab, keeper: Keeper, verb: VerbReader, seed: int, rounds: int) -> None:
    """Some writers are there before the readers, some come later."""
    scene = Scene(lab, keeper)
    scene.start("h1", "h2")
    with reading(lab, verb) as readers:
        scene.start("h3")
        scene.alive(readers)
        happen(scene, seed, rounds)
        scene.alive(readers)
        scene.stop()
        scene.exact(readers)


def test_where_nothing_is_cut_there_is_no_gap(lab: Lab, keeper: Keeper, verb: VerbReader) -> None:
    scene = Scene(lab, keeper)
    scene.start("h1", "h2")
    with reading(lab, verb) as readers:
        scene.start("h3")
        scene.alive(readers)
        for host in (lab[name] for name in lab.names):
            scene.restart(host)
            scene.recreate(host)
        scene.alive(readers)
        scene.stop()
        scene.exact(readers, may_have_gaps=False)


@pytest.mark.soak
def test_what_a_new_container_wrote_and_rotated_away_while_nobody_could_read_is_a_gap(
    lab: Lab, h1: LabHost, keeper: Keeper, verb: VerbReader
) -> None:
    writer = Writer("w-new", 500, (*ALWAYS, *ROTATED))
    here = start(h1, Writer("w-here", 10))
    with reading(lab, verb) as readers:
        # Both have reached the host: from now on they answer for what is made there.
        for reader in readers:
            wait_for(lambda r=reader: here in r.newest(), f"{reader.name} to read")
        h1.link_down()
        full = start(h1, writer)
        time.sleep(20)
        h1.link_up()
        since = time.time_ns()
        for reader in readers:
            wait_for(lambda r=reader: r.newest().get(full, 0) > since, f"{reader.name} to follow", 60)
        h1.docker("stop", "-t", "1", "w-new", "w-here")
        written = [*keeper.lines(here), *keeper.lines(full)]
        for reader in readers:
            last = written[-1].ns
            wait_for(lambda r=reader, n=last: r.newest().get(full, 0) >= n, f"{reader.name} to end")
            report = compare(written, reader.lines(), reader.gaps(), [full])
            assert report.good, f"{report}\n{reader.story()}"
            assert report.excused, "nothing was rotated away: the test proves nothing"


SYSLOG = ("--log-driver", "syslog", "--log-opt", "syslog-address=udp://127.0.0.1:514")
DRIVERS = {
    "w-local": ("--log-driver", "local"),
    "w-syslog": SYSLOG,
    "w-remote": (*SYSLOG, "--log-opt", "cache-disabled=true"),
    "w-none": ("--log-driver", "none"),
}
"""journald is not on hosts like these: the engine refuses to start such a container."""


def test_what_log_drivers_keep_is_read_and_what_they_do_not_is_explained(
    lab: Lab, h1: LabHost, verb: VerbReader
) -> None:
    writers = [Writer(name, 50, words, err=0) for name, words in DRIVERS.items()]
    ids = start_all([(h1, writer) for writer in writers])
    kept = {ids["h1", name]: name for name in ("w-local", "w-syslog")}
    with reading(lab, verb) as (tap, _):
        for reader in (tap, verb):
            wait_for(lambda r=reader: r.newest().keys() == kept.keys(), f"{reader.name} to have lines")
        h1.docker("stop", "-t", "1", *DRIVERS)
        for full, name in kept.items():
            truth = h1.docker("logs", name).encode().splitlines()
            for reader in (tap, verb):
                wait_for(lambda r=reader, f=full, t=truth: texts(r, f) == t, f"{reader.name}: {name}")
        views = {str(view.source.name): view for view in tap.sources}
    for name, driver in (("w-remote", "syslog"), ("w-none", "none")):
        assert views[name].state is SourceState.NOTHING
        assert driver in views[name].why
        assert driver in next(note.text for note in tap.notes if note.source == views[name].source.index)
        assert f"{name}" in verb.story()


def texts(reader: Reader, container: str) -> list[bytes]:
    """What came of one container."""
    return [line.text for line in reader.lines() if line.container == container]
