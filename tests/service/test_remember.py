"""`hosts.json`: what two consoles of one user share."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from console.service import remember
from console.service.remember import HostsFile


def test_what_is_kept_is_known_next_time(tmp_path: Path) -> None:
    path = tmp_path / "state" / "dockcon" / "hosts.json"
    first = HostsFile(path, "prod")
    first.keep_carrier("a", "streamlocal")
    first.keep_off("b", True)
    first.keep_off("c", True)
    first.keep_off("c", False)
    first.close()
    again = HostsFile(path, "prod")
    assert again.carrier("a") == "streamlocal"
    assert again.carrier("b") == ""
    assert [again.is_off(host) for host in "abc"] == [False, True, False]
    assert HostsFile(path, "staging").carrier("a") == ""
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_consoles_do_not_undo_each_other(tmp_path: Path) -> None:
    path = tmp_path / "hosts.json"
    consoles = [HostsFile(path, "prod") for _ in range(8)]

    def write(number: int) -> None:
        for host in range(10):
            consoles[number].keep_carrier(f"h{number}-{host}", "streamlocal")
        consoles[number].close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    again = HostsFile(path, "prod")
    assert all(again.carrier(f"h{n}-{h}") == "streamlocal" for n in range(8) for h in range(10))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["hosts.json", "hosts.json.lock"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"version": 99}',
        '{"version": 1, "fleets": 3}',
        '{"version": 1, "fleets": {"prod": [1]}}',
        '{"version": 1, "fleets": {"prod": {"a": {"carrier": 7, "off": "yes"}}}}',
        "\xff\x00",
    ],
)
def test_a_bad_file_counts_as_empty_and_can_be_written_again(tmp_path: Path, text: str) -> None:
    path = tmp_path / "hosts.json"
    path.write_bytes(text.encode("latin-1"))
    memory = HostsFile(path, "prod")
    assert memory.carrier("a") == ""
    assert not memory.is_off("a")
    memory.keep_carrier("a", "dial-stdio")
    memory.close()
    assert json.loads(path.read_text())["fleets"]["prod"]["a"]["carrier"] == "dial-stdio"


def test_a_bad_file_is_said_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "hosts.json"
    path.write_text("{")
    with caplog.at_level(logging.WARNING):
        HostsFile(path, "prod")
    assert str(path) in caplog.text


def test_a_lock_that_is_held_costs_the_caller_no_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(remember, "LOCK_PATIENCE", 0.05)
    path = tmp_path / "hosts.json"
    lock = os.open(tmp_path / "hosts.json.lock", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        memory = HostsFile(path, "prod")
        memory.keep_carrier("a", "dial-stdio")
        assert memory.carrier("a") == "dial-stdio"
        with caplog.at_level(logging.WARNING):
            memory.close()
        assert "not remembered" in caplog.text
        assert not path.exists()
    finally:
        os.close(lock)


def test_nothing_is_written_that_is_known_already(tmp_path: Path) -> None:
    path = tmp_path / "hosts.json"
    memory = HostsFile(path, "prod")
    memory.keep_carrier("a", "dial-stdio")
    memory.close()
    path.unlink()
    memory.keep_carrier("a", "dial-stdio")
    memory.keep_off("a", False)
    memory.close()
    assert not path.exists()
