"""The sample loads as it is shipped, and with every line that is commented out put in."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from console.config.load import load_fleet
from console.model.hosts import Guard

SAMPLE = Path(__file__).parents[2] / "sample_hosts.yml"


def test_the_sample_loads() -> None:
    config = load_fleet(SAMPLE)
    hosts = {h.name: h for h in config.hosts}
    assert config.fleet == "sample"
    assert config.warnings == ()
    assert [j.name for j in hosts["app-2"].jump] == ["bastion"]
    assert hosts["db-1"].guard is Guard.TYPED


def test_what_is_commented_out_loads_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    text, count = re.subn(r"(?m)^( *)# (?=[a-z_]+: [^|]*(?:#|$))", r"\1", SAMPLE.read_text(encoding="utf-8"))
    file = tmp_path / "hosts.yml"
    file.write_text(text, encoding="utf-8")
    config = load_fleet(file)
    assert count >= 8
    assert config.hosts[-1].local == "/var/run/docker.sock"
    assert config.hosts[0].known_hosts == (f"{tmp_path}/.ssh/known_hosts",)
