"""Where files are looked for, what is offered without one, and `--host`."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from console.config.choose import choose_hosts
from console.config.offers import Offers, find_offers, offered_fleet, ssh_aliases
from console.config.paths import Homes, find_hosts_file
from console.errors import UsageError
from console.model.hosts import HostSpec


def test_homes_follow_the_standard(tmp_path: Path) -> None:
    plain = Homes.of({"HOME": "/home/ops"})
    assert plain.settings == Path("/home/ops/.config/dockcon/settings.yml")
    assert plain.log == Path("/home/ops/.local/state/dockcon/log")
    stated = Homes.of({"HOME": "/home/ops", "XDG_CONFIG_HOME": "/c", "XDG_STATE_HOME": "relative"})
    assert stated.themes == Path("/c/dockcon/themes")
    assert stated.state == Path("/home/ops/.local/state/dockcon")


def test_the_working_directory_comes_first(tmp_path: Path) -> None:
    homes = Homes.of({"HOME": str(tmp_path / "home")})
    here, there = tmp_path / "hosts.yml", homes.config / "hosts.yml"
    assert find_hosts_file(homes, tmp_path) == (None, (here, there))
    there.parent.mkdir(parents=True)
    there.touch()
    assert find_hosts_file(homes, tmp_path)[0] == there
    here.touch()
    assert find_hosts_file(homes, tmp_path)[0] == here


SSH_CONFIG = """
Include conf.d/*.conf nothing/here
Host bastion gate  # the way in
    HostName 198.51.100.7
host *.example.com !secret db-?
Host "db-1"
Host=db-2
Host github.com
  User git
Match host app-1 exec "true"
  User git
Host late bad/name
Host unclosed "quote
"""


def test_aliases_of_an_ssh_config(tmp_path: Path) -> None:
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf.d" / "a.conf").write_text("Host included\nInclude ../config\n")
    (tmp_path / "config").write_text(SSH_CONFIG)
    expected = ("included", "bastion", "gate", "db-1", "db-2", "late", "unclosed")
    assert ssh_aliases(tmp_path / "config") == expected
    assert ssh_aliases(tmp_path / "none") == ()


def test_offers(tmp_path: Path) -> None:
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "config").write_text("Host db-1\n")
    path = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX) as listening:
        here = os.getcwd()
        os.chdir(tmp_path)  # a socket's path is short
        try:
            listening.bind("docker.sock")
        finally:
            os.chdir(here)
        homes = Homes.of({"HOME": str(tmp_path)})
        offers = find_offers(homes, {"XDG_RUNTIME_DIR": str(tmp_path), "DOCKER_HOST": "tcp://10.0.0.1:2375"})
    assert offers.ssh == ("db-1",)
    assert offers.local[-1] == str(path)


def test_a_fleet_of_what_is_offered() -> None:
    offers = Offers(("/run/a.sock", "/run/b.sock"), ("db-1",))
    both = offered_fleet(offers, local=True, ssh=True)
    assert [(h.name, h.local, h.ssh) for h in both.hosts] == [
        ("here", "/run/a.sock", ""),
        ("here-2", "/run/b.sock", ""),
        ("db-1", "", "db-1"),
    ]
    assert (both.file, both.fleet) == (None, "ssh")
    assert [h.name for h in offered_fleet(offers, local=True, ssh=False).hosts] == ["here", "here-2"]


HOSTS = (
    HostSpec(name="app-1", address="a", labels={"tier": "web"}),
    HostSpec(name="app-2", address="b", labels={"tier": "web", "old": ""}),
    HostSpec(name="db-1", address="c", labels={"tier": "data"}),
)


@pytest.mark.parametrize(
    ("patterns", "chosen"),
    [
        ([], ["app-1", "app-2", "db-1"]),
        (["app-*"], ["app-1", "app-2"]),
        (["db-1", "app-1"], ["app-1", "db-1"]),
        (["label:tier=web"], ["app-1", "app-2"]),
        (["label:tier=d*"], ["db-1"]),
        (["label:old"], ["app-2"]),
    ],
)
def test_hosts_are_chosen(patterns: list[str], chosen: list[str]) -> None:
    assert [h.name for h in choose_hosts(HOSTS, patterns)] == chosen


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("ap-1", "did you mean `app-1`?"),
        ("label:tire=web", "`label:tier=web`"),
        ("zzzzz", "there are app-1, app-2"),
    ],
)
def test_a_pattern_that_matches_nothing(pattern: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        choose_hosts(HOSTS, ["db-1", pattern])
    assert said in str(caught.value)
