"""The audit file: appended, private, shared between consoles, and never broken by one that was ended."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import stat
from pathlib import Path

import pytest

from console.errors import AuditFailed
from console.model.actions import Target
from console.model.audit import Actor, Phase, record_of
from console.model.text import safe
from console.service.audit import AuditFile, read_audit
from tests.service.loops import EPOCH

RESTART = "restart"
TARGET = Target(host="app-1", id="a" * 64, name=safe("web"))


class Clock:
    def now(self) -> float:
        return EPOCH

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


def audit(path: Path, attached: tuple[str, ...] = ()) -> AuditFile:
    return AuditFile(path, "prod", lambda: Actor(uid=1000, login="ops", attached=attached), Clock())


async def test_before_and_after(tmp_path: Path) -> None:
    path = tmp_path / "state" / "audit.jsonl"
    file = audit(path, ("ops", "dba"))
    await file.before("op1", RESTART, TARGET)
    first = json.loads(path.read_text())
    assert first == {
        "time": EPOCH,
        "phase": "before",
        "operation": "op1",
        "actor": {"uid": 1000, "login": "ops", "attached": ["ops", "dba"]},
        "fleet": "prod",
        "host": "app-1",
        "container": {"id": "a" * 64, "name": "web"},
        "action": "restart",
    }
    await file.after("op1", RESTART, TARGET, "failed", "no such container")
    await file.aclose()
    records = list(read_audit(path))
    assert [(r.phase, r.result, r.text) for r in records] == [
        (Phase.BEFORE, "", ""),
        (Phase.AFTER, "failed", "no such container"),
    ]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_secrets_and_escapes_do_not_reach_the_file(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    file = audit(path)
    text = "login --password=hunter2\x1b]52;c;eA==\x07 failed"
    await file.after("op", RESTART, TARGET, "failed", text)
    await file.aclose()
    assert "hunter2" not in path.read_text()
    assert "\\u001b" not in path.read_text()
    assert "\x1b" not in path.read_text()


async def test_a_line_cut_short_does_not_spoil_the_next(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    path.write_text('{"time": 1, "phase": "bef')
    file = audit(path)
    await file.before("op", RESTART, TARGET)
    await file.aclose()
    assert [r.operation for r in read_audit(path)] == ["op"]


@pytest.mark.parametrize("obstacle", ["directory", "link", "fifo", "parent"])
async def test_what_cannot_be_written_is_said(tmp_path: Path, obstacle: str) -> None:
    path = tmp_path / "audit.jsonl"
    if obstacle == "directory":
        path.mkdir()
    elif obstacle == "link":
        path.symlink_to(tmp_path / "elsewhere")
    elif obstacle == "fifo":
        os.mkfifo(path)
    else:
        (tmp_path / "file").write_text("")
        path = tmp_path / "file" / "audit.jsonl"
    file = audit(path)
    with pytest.raises(AuditFailed, match="cannot be written"):
        await file.before("op", RESTART, TARGET)
    await file.aclose()
    assert not (tmp_path / "elsewhere").exists()


async def test_a_full_disk_is_said() -> None:
    file = audit(Path("/dev/full"))
    with pytest.raises(AuditFailed):
        await file.before("op", RESTART, TARGET)
    await file.aclose()


def _write_many(path: Path, name: str) -> None:
    async def run() -> None:
        file = audit(path)
        for number in range(50):
            await file.before(f"{name}-{number}", RESTART, TARGET)
        await file.aclose()

    asyncio.run(run())


def test_several_consoles_write_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write_many, args=(path, name)) for name in "abc"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
        assert writer.exitcode == 0
    found = [r.operation for r in read_audit(path)]
    assert sorted(found) == sorted(f"{name}-{number}" for name in "abc" for number in range(50))
    assert len(path.read_text().splitlines()) == 150


def test_only_what_is_new_enough_is_read(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    assert list(read_audit(path)) == []
    line = '{"time": %d, "phase": "after", "operation": "o", "actor": {"login": "x\\u001b[2J"},'
    line += ' "container": {}}\n'
    path.write_text(line % 10 + "nonsense\n[1]\n" + line % 20)
    records = list(read_audit(path, since=15))
    assert [(r.time, r.actor.login) for r in records] == [(20.0, "x")]


@pytest.mark.parametrize(
    "line", [{}, {"time": "x"}, {"time": 1, "actor": {}, "container": {}, "phase": "during"}]
)
def test_what_is_no_record_is_none(line: dict[str, object]) -> None:
    assert record_of(line) is None
