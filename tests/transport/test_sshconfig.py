"""From hosts.yml and `ssh -G` to a route."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.errors import HostRefused, HostUnreachable
from console.model.hosts import HostSpec
from console.transport.quoting import command_line
from console.transport.sshconfig import METHODS, Hop, Route, Surroundings, from_settings, parse, parse_jump
from console.transport.sshroute import Resolver
from tests.transport.sshd import Home, require

AROUND = Surroundings(
    ssh=None, home="/home/ops", user="ops", environ={"SSH_AUTH_SOCK": "/agent", "KEYS": "/keys"}
)
DB = HostSpec(name="db-1", ssh="db")


async def hop_of(home: Home, config: str, spec: HostSpec = DB) -> Hop:
    """The last hop of the way to `spec` under `config`."""
    return (await route_of(home, config, spec)).target


async def route_of(home: Home, config: str, spec: HostSpec = DB) -> Route:
    require("ssh")
    home.config.write_text(config)
    around = replace(
        home.around, environ={**home.around.environ, "SSH_AUTH_SOCK": "/agent", "OTHER": "/other"}
    )
    return await Resolver(around).resolve(spec)


async def test_an_alias_gives_all_its_settings(home: Home) -> None:
    (home.ssh / "a b").touch()
    hop = await hop_of(
        home,
        f"""Host db
  HostName 10.0.0.14
  User dba
  Port 2222
  HostKeyAlias cluster
  IdentityFile ~/.ssh/%h-key
  IdentityFile "{home.ssh}/a b"
  IdentityFile none
  CertificateFile %d/cert.pub
  IdentitiesOnly yes
  UserKnownHostsFile ~/.ssh/one "{home.ssh}/a b"
  GlobalKnownHostsFile /etc/two /etc/three
  HashKnownHosts yes
  AddressFamily inet6
  PasswordAuthentication no
  PreferredAuthentications keyboard-interactive,publickey,password
""",
    )
    assert (hop.address, hop.user, hop.port, hop.key_alias) == ("10.0.0.14", "dba", 2222, "cluster")
    assert hop.identities == (f"{home.path}/.ssh/10.0.0.14-key", f"{home.ssh}/a b")
    assert hop.certificates == (f"{home.path}/cert.pub",)
    assert hop.known_hosts[1:] == (f"{home.ssh}/a b",)
    assert hop.known_hosts[0].endswith("/.ssh/one")
    assert hop.global_known_hosts == ("/etc/two", "/etc/three")
    assert (hop.identities_only, hop.hash_names, hop.inet) == (True, True, 6)
    assert hop.methods == ("keyboard-interactive", "publickey")
    assert "ssh-ed25519" in hop.key_algorithms


async def test_what_hosts_yml_says_wins(home: Home) -> None:
    config = "Host db\n  User x\n  Port 9\n  IdentityFile /x\n  UserKnownHostsFile /x\n"
    spec = HostSpec(name="db-1", ssh="db", user="ops", port=22, identity=("/mine",), known_hosts=("/kh",))
    hop = await hop_of(home, config, spec)
    assert (hop.user, hop.port, hop.identities, hop.known_hosts) == ("ops", 22, ("/mine",), ("/kh",))


async def test_settings_for_a_user_or_an_address_hold_as_for_ssh_itself(home: Home) -> None:
    config = "Match user dba\n  Port 77\nHost 10.*\n  HostKeyAlias net\n"
    hop = await hop_of(home, config, HostSpec(name="x", address="10.0.0.9", user="dba"))
    assert (hop.port, hop.key_alias, hop.address) == (77, "net", "10.0.0.9")


@pytest.mark.parametrize(
    ("setting", "agent"),
    [
        ("", "/agent"),
        ("none", ""),
        ("SSH_AUTH_SOCK", "/agent"),
        ("$OTHER", "/other"),
        ("$MISSING", ""),
        ("/a/%r", "/a/u"),
    ],
)
async def test_which_agent_is_asked(home: Home, setting: str, agent: str) -> None:
    line = f"  IdentityAgent {setting}\n" if setting else ""
    assert (await hop_of(home, f"Host db\n  User u\n{line}")).agent == agent


async def test_a_chain_of_jump_hosts_is_followed_and_the_first_ones_own_jump_too(home: Home) -> None:
    config = """Host db
  ProxyJump ops@mid:2222,last
Host mid
  HostName 10.1.1.1
  ProxyJump outer
Host last
  ProxyJump never
"""
    route = await route_of(home, config)
    assert [hop.address for hop in route.hops] == ["outer", "10.1.1.1", "last", "db"]
    assert [(hop.user, hop.port) for hop in route.hops[1:2]] == [("ops", 2222)]
    assert str(route).endswith("@db:22 via outer, ops@mid:2222, last")


async def test_jump_of_hosts_yml_replaces_what_the_configuration_says(home: Home) -> None:
    config = "Host db\n  ProxyJump never\nHost app\n  ProxyCommand nc %h %p\n"
    bastion = HostSpec(name="bastion", address="10.9.9.9")
    for alias in ("db", "app"):
        route = await route_of(home, config, HostSpec(name="x", ssh=alias, jump=(bastion,)))
        assert [hop.label for hop in route.hops] == ["bastion", alias]
        assert not any(hop.proxy_command for hop in route.hops)


@pytest.mark.parametrize(
    "config", ["Host *\n  ProxyJump loop\n", "Host db\n  ProxyJump a\nHost a\n  ProxyJump db\n"]
)
async def test_a_jump_that_leads_back_to_itself_is_refused(home: Home, config: str) -> None:
    with pytest.raises(HostRefused, match=r"leads back to itself|jumphost loop"):
        await route_of(home, config)


async def test_a_proxy_command_is_expanded(home: Home) -> None:
    hop = await hop_of(
        home, "Host db\n  HostName 10.0.0.1\n  User u\n  ProxyCommand nc -X 5 %h %p %r %n %%\n"
    )
    assert hop.proxy_command == "nc -X 5 10.0.0.1 22 u db %"
    assert hop.proxy_template == "nc -X 5 %h %p %r %n %%"


@pytest.mark.parametrize("user", ["$(id)", "a;b", "`id`", "a b", "'", "a|b", "a\nb"])
async def test_nothing_of_hosts_yml_gets_into_the_shell_of_a_proxy_command(home: Home, user: str) -> None:
    with pytest.raises(HostRefused):
        await hop_of(home, "Host db\n  ProxyCommand nc %h %p %r\n", replace(DB, user=user))


@pytest.mark.parametrize("name", ["-oProxyCommand=touch x", "-F", "", "a b", "a\0b", "a\nb"])
async def test_no_name_of_a_host_becomes_an_option(home: Home, name: str) -> None:
    with pytest.raises(HostRefused):
        await Resolver(home.around).resolve(HostSpec(name="x", address=name or " "))


async def test_a_user_that_looks_like_an_option_is_none(home: Home) -> None:
    try:
        hop = await hop_of(home, "", replace(DB, user="-oProxyCommand=id"))
    except HostRefused:
        return  # newer ones of ssh refuse such a name themselves
    assert (hop.user, hop.proxy_command) == ("-oProxyCommand=id", "")


async def test_a_configuration_ssh_rejects_is_refused_in_its_words(home: Home) -> None:
    with pytest.raises(HostRefused, match=r"Bad configuration option: nonsense.*ssh -G db"):
        await route_of(home, "Nonsense yes\n")


async def test_a_configuration_that_hangs_is_cut_off(home: Home) -> None:
    require("ssh")
    home.config.write_text('Match exec "sleep 60"\n')
    with pytest.raises(HostUnreachable, match="Match exec"):
        await Resolver(replace(home.around, limit=0.3)).resolve(DB)


async def test_an_ssh_that_cannot_be_run_is_said(home: Home, tmp_path: Path) -> None:
    with pytest.raises(HostUnreachable, match="cannot be run"):
        await Resolver(replace(home.around, ssh=str(tmp_path / "ssh"))).resolve(DB)


async def test_hosts_of_one_fleet_ask_about_their_jump_host_once(home: Home, tmp_path: Path) -> None:
    require("ssh")
    counter, fake = tmp_path / "asked", tmp_path / "ssh"
    fake.write_text(
        f'#!/bin/sh\nfor last; do :; done; echo "$last" >> {counter}; exec {home.around.ssh} "$@"\n'
    )
    fake.chmod(0o755)
    resolver = Resolver(replace(home.around, ssh=str(fake)))
    bastion = HostSpec(name="bastion", address="10.9.9.9")
    for n in range(5):
        await resolver.resolve(HostSpec(name=f"app-{n}", address=f"10.0.0.{n}", jump=(bastion,)))
    assert counter.read_text().split().count("10.9.9.9") == 1
    assert len(counter.read_text().split()) == 6


async def test_without_an_ssh_the_usual_defaults_hold(home: Home) -> None:
    route = await Resolver(AROUND).resolve(HostSpec(name="x", address="10.0.0.1"))
    hop = route.target
    assert (hop.user, hop.port, hop.agent) == ("ops", 22, "/agent")
    assert "/home/ops/.ssh/id_ed25519" in hop.identities
    assert hop.known_hosts == ("/home/ops/.ssh/known_hosts",)
    assert hop.methods == METHODS
    assert str(route) == "ops@10.0.0.1:22"


async def test_without_an_ssh_an_alias_is_not_taken_for_a_name(home: Home) -> None:
    resolver = Resolver(replace(home.around, ssh=None))
    assert (await resolver.resolve(DB)).target.address == "db"
    (home.ssh / "config").touch()
    with pytest.raises(HostRefused, match=r"alias.*install the OpenSSH client"):
        await resolver.resolve(DB)


WORD = st.text(
    st.characters(codec="utf-8", exclude_characters="\n\r\0 ", exclude_categories=("Cs",)), min_size=1
)


@given(st.dictionaries(WORD.map(str.lower), st.lists(WORD, min_size=1, max_size=3), max_size=6))
def test_what_is_printed_is_what_is_read(settings: dict[str, list[str]]) -> None:
    lines = [f"{key} {value}" for key, values in settings.items() for value in values]
    wanted = {key: [value.strip() for value in values] for key, values in settings.items()}
    assert parse("\n".join(lines)) == wanted


KEYS = st.sampled_from(
    [
        *("hostname", "user", "port", "identityfile", "certificatefile", "identityagent", "identitiesonly"),
        *("userknownhostsfile", "globalknownhostsfile", "hostkeyalias", "proxyjump", "proxycommand"),
        *("preferredauthentications", "addressfamily", "hostkeyalgorithms"),
    ]
)


@given(st.lists(st.tuples(KEYS, st.text(max_size=12))))
def test_no_output_of_ssh_leaves_a_host_unchecked(lines: list[tuple[str, str]]) -> None:
    settings = parse("\n".join(f"{key} {value}" for key, value in lines))
    try:
        hop = from_settings(settings, DB, AROUND)
    except HostRefused:
        return
    assert hop.known_hosts
    assert not {"none", os.devnull, ""} & set(hop.known_hosts + hop.identities)
    assert 0 < hop.port < 65536


@given(st.text(max_size=30))
def test_a_jump_is_understood_or_refused(text: str) -> None:
    try:
        hops = parse_jump(text, "app-1")
    except HostRefused:
        return
    assert hops
    assert all(hop.ssh for hop in hops)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("bastion", [("", "bastion", 0)]),
        ("u@h:22, ssh://v@k:4/", [("u", "h", 22), ("v", "k", 4)]),
        ("[::1]:99", [("", "::1", 99)]),
        ("u@fe80::1", [("u", "fe80::1", 0)]),
        ("a@b@c", [("a@b", "c", 0)]),
    ],
)
def test_ways_to_write_a_jump(text: str, wanted: list[tuple[str, str, int]]) -> None:
    assert [(hop.user, hop.ssh, hop.port) for hop in parse_jump(text, "x")] == wanted


def test_a_command_line_is_quoted_or_refused() -> None:
    assert command_line(["sudo", "-n", "a b", "$(x)", "it's", ""]) == """sudo -n 'a b' '$(x)' 'it'"'"'s' ''"""
    for argv in ([], [""], ["a", "b\0"], ["a", "b\nc"]):
        with pytest.raises(ValueError, match="command"):
            command_line(argv)
