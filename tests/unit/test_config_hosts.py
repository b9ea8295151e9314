"""hosts.yml: what good files say, and that each defect is named with its line, key and remedy."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from console.config.load import fleet_of, load_fleet
from console.config.schema import Ambassador, FleetConfig, Redeploy, Repair
from console.config.yamldoc import MAX_BYTES
from console.errors import ConfigError, ConfigProblem
from console.model.hosts import EngineChoice, EngineKind, Guard, HostSpec, ObserveMode

DATA = Path(__file__).parents[1] / "data"
BAD = sorted(DATA.glob("bad_*.yml"))


def load(tmp_path: Path, text: str) -> FleetConfig:
    file = tmp_path / "hosts.yml"
    file.write_text(text, encoding="utf-8")
    return load_fleet(file)


def problems(tmp_path: Path, text: str) -> tuple[ConfigProblem, ...]:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    return caught.value.problems


def hosts(config: FleetConfig) -> dict[str, HostSpec]:
    return {h.name: h for h in config.hosts}


def test_everything_that_can_be_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ops")
    config = load_fleet(DATA / "good_full.yml")
    assert (config.fleet, config.repair, config.audit) == ("prod", Repair.NEVER, None)
    assert config.ambassador == Ambassador("haproxy:lts", None)
    assert config.redeploy == Redeploy(10, 120, 0)
    by_name = hosts(config)
    assert list(by_name) == ["app-1", "app-2", "bastion", "db-1", "old-1", "v6", "here"]
    login = {"identity": ("/home/ops/.ssh/id_ed25519",), "known_hosts": ("/home/ops/.ssh/known_hosts",)}
    assert by_name["app-1"] == HostSpec(
        name="app-1", address="10.0.0.11", user="ops", labels={"site": "a", "tier": "web"}, **login
    )
    gate = HostSpec(name="gate", ssh="gate")
    outer = HostSpec(name="root@198.51.100.7:2200", address="198.51.100.7", user="root", port=2200, **login)
    bastion = HostSpec(
        name="bastion",
        address="bastion.example.com",
        user="ops",
        labels={"site": "a"},
        disabled=True,
        **login,
    )
    assert by_name["app-2"].jump == (gate, outer, bastion)
    assert (by_name["app-2"].user, by_name["app-2"].port) == ("deploy", 2222)
    # An alias keeps the login of ~/.ssh/config; other defaults hold.
    assert by_name["db-1"] == HostSpec(
        name="db-1", ssh="db-1", guard=Guard.TYPED, observe=ObserveMode.OFF, labels={"site": "a"}
    )
    assert by_name["old-1"].engine == EngineChoice(EngineKind.SUDO)
    assert by_name["old-1"].identity == (str(DATA / "keys/a"), "/keys/b")
    assert by_name["v6"].engine == EngineChoice(EngineKind.UNIX, "/run/user/1000/docker.sock")
    assert by_name["v6"].guard is Guard.OBSERVE
    assert by_name["here"] == HostSpec(name="here", local="/var/run/docker.sock", labels={"site": "a"})


def test_a_small_file_gets_the_defaults() -> None:
    config = load_fleet(DATA / "good_minimal.yml")
    assert config == FleetConfig(
        file=DATA / "good_minimal.yml",
        fleet="data",
        hosts=(HostSpec(name="one", address="one.example.com"),),
    )


def test_reach_is_an_ip_address_and_belongs_to_one_host(tmp_path: Path) -> None:
    file = tmp_path / "hosts.yml"
    file.write_text(
        "hosts:\n  a: {address: a.example.com, reach: 10.0.0.1}\n  b: {local: 'unix:///x', reach: '::1'}\n"
    )
    assert [host.reach for host in load_fleet(file).hosts] == ["10.0.0.1", "::1"]
    file.write_text("defaults: {reach: 10.0.0.1}\nhosts:\n  a: {address: a.example.com, reach: a.lan}\n")
    with pytest.raises(ConfigError) as refused:
        load_fleet(file)
    assert [(problem.line, problem.key) for problem in refused.value.problems] == [
        (1, "defaults.reach"),
        (3, "hosts.a.reach"),
    ]
    assert "expected an IP address" in str(refused.value)


def test_words_stay_what_was_written() -> None:
    by_name = hosts(load_fleet(DATA / "good_traps.yml"))
    assert list(by_name) == ["no", "on", "null", "1e3"]
    assert by_name["no"].observe is ObserveMode.OFF
    assert by_name["no"].disabled is True
    assert by_name["on"].port == 2222
    assert by_name["on"].user == "1000"
    assert by_name["on"].labels == {"rack": "012", "spare": "on", "since": "2024-01-01"}
    assert by_name["null"].disabled is False
    assert by_name["1e3"].ssh == "0x10"


def test_anchors_and_merges() -> None:
    by_name = hosts(load_fleet(DATA / "good_anchors.yml"))
    assert by_name["b"] == HostSpec(name="b", address="10.0.0.2", user="ops", labels={"tier": "web"})
    assert by_name["c"] == HostSpec(
        name="c", address="10.0.0.3", user="ops", port=2200, labels={"tier": "web"}
    )


@pytest.mark.parametrize("file", BAD, ids=lambda p: p.stem)
def test_each_defect_is_named(file: Path) -> None:
    first = file.read_bytes().split(b"\n")[0].decode() or "# expect: 0 : is empty"
    expected = re.fullmatch(r"# expect: (\d+) (.*?): (.*)", first)
    assert expected is not None
    with pytest.raises(ConfigError) as caught:
        load_fleet(file)
    assert len(caught.value.problems) == 1, caught.value
    problem = caught.value.problems[0]
    assert problem.file == str(file)
    assert problem.line == int(expected[1])
    assert problem.key == expected[2]
    assert expected[3] in problem.message


def test_no_problem_repeats_a_secret() -> None:
    said = []
    for file in BAD:
        with pytest.raises(ConfigError) as caught:
            load_fleet(file)
        said.append(str(caught.value))
    assert "hunter2hunter2" not in "\n".join(said)


def test_a_secret_in_a_url_is_not_repeated(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, "hosts: {a: {address: 'ssh://ops:hunter2@h'}}")
    assert "hunter2" not in str(problem)


def test_all_problems_come_at_once_in_order(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        "fleet: a b\nhosts:\n  a: {address: x, prot: 1}\n  b: {engine: tcp://h}\n"
        "  c: {address: y, guard: no}\nx: 1\n",
    )
    assert [(p.line, p.key) for p in found] == [
        (1, "fleet"),
        (3, "hosts.a.prot"),
        (4, "hosts.b"),
        (4, "hosts.b.engine"),
        (5, "hosts.c.guard"),
        (6, "x"),
    ]


@pytest.mark.parametrize(
    "bad", ["tcp://h:1", "ssh://h", "npipe:////./pipe/x", "http://h", "fd://", "UNIX:///x", "//x"]
)
@pytest.mark.parametrize("key", ["engine", "local"])
def test_an_unknown_scheme_never_means_the_local_engine(tmp_path: Path, key: str, bad: str) -> None:
    place = "" if key == "local" else "address: x, "
    (problem,) = problems(tmp_path, f"hosts: {{a: {{{place}{key}: '{bad}'}}}}")
    assert problem.key == f"hosts.a.{key}"


def test_a_default_way_does_not_lead_to_the_bastion_itself(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        "defaults: {jump: gate}\nhosts: {a: {address: x}, gate: {address: g}, b: {address: y, jump: []}}",
    )
    assert {h.name: [j.name for j in h.jump] for h in config.hosts} == {"a": ["gate"], "gate": [], "b": []}


def test_a_hop_may_change_the_login_of_a_host(tmp_path: Path) -> None:
    config = load(tmp_path, "hosts: {a: {address: x, jump: 'root@gate:2200'}, gate: {address: g, user: u}}")
    (hop,) = hosts(config)["a"].jump
    assert (hop.name, hop.address, hop.user, hop.port) == ("gate", "g", "root", 2200)


def test_hops_by_address(tmp_path: Path) -> None:
    config = load(
        tmp_path, "defaults: {user: ops}\nhosts: {a: {address: x, jump: ['[2001:db8::1]:22', 10.0.0.9]}}"
    )
    assert [(h.address, h.port, h.user) for h in config.hosts[0].jump] == [
        ("2001:db8::1", 22, "ops"),
        ("10.0.0.9", 0, "ops"),
    ]


def test_what_is_only_doubtful_is_a_warning(tmp_path: Path) -> None:
    config = load(
        tmp_path, "hosts:\n  a: {address: x, identity: none.key,\n    jump: bastoin}\n  bastion: {address: b}"
    )
    assert [(w.line, w.key) for w in config.warnings] == [(2, "hosts.a.identity"), (3, "hosts.a.jump")]
    assert "did you mean `bastion`?" in config.warnings[1].message
    assert config.hosts[0].jump == (HostSpec(name="bastoin", ssh="bastoin"),)


@pytest.mark.parametrize(
    ("directory", "fleet"),
    [("/srv/prod", "prod"), ("/srv/My Fleet!", "My-Fleet"), ("/srv/é", "fleet"), ("/", "fleet")],
)
def test_the_directory_names_the_fleet(directory: str, fleet: str) -> None:
    assert fleet_of(Path(directory)) == fleet


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        load_fleet(DATA / "nowhere.yml")
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load_fleet(DATA)


def test_a_file_that_is_far_too_large(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, "hosts: {}\n" + "#" * MAX_BYTES)
    assert "larger than 1 MiB" in problem.message


def test_a_bomb_of_aliases_is_refused_quickly(tmp_path: Path) -> None:
    lines = ["x0: &x0 {user: ops}"]
    lines += [f"x{n}: &x{n} {{<<: [{', '.join([f'*x{n - 1}'] * 9)}]}}" for n in range(1, 12)]
    lines += ["hosts: {a: {address: x, <<: *x11}}"]
    assert "hosts.a: merges far too much" in "\n".join(str(p) for p in problems(tmp_path, "\n".join(lines)))


@pytest.mark.parametrize("deep", ["[" * 50_000, "a: " + "{a: " * 5_000])
def test_a_deep_file_is_refused(tmp_path: Path, deep: str) -> None:
    assert len(problems(tmp_path, deep)) == 1


def test_nothing_is_said_for_the_fifth_time(tmp_path: Path) -> None:
    found = problems(tmp_path, "defaults: {port: x}\nhosts: {a: {address: x}, b: {address: y}}")
    assert len(found) == 1


@given(st.text(st.sampled_from("ahost:s {}[]&*!<\"'\n\t-#|>,%@x1é\x00\u2028") | st.characters(), max_size=80))
def test_no_text_breaks_the_loader(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    file = tmp_path_factory.getbasetemp() / "any.yml"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(ConfigError) as caught:
        load_fleet(file)
    assert caught.value.problems


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=10)
    | st.sampled_from(["auto", "10s", "unix:///x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
KEYS = st.sampled_from(
    "address ssh local user port identity known_hosts jump engine guard labels observe disabled reach".split()  # noqa: SIM905
)


@given(
    st.dictionaries(
        st.sampled_from(["a", "b", "c"]), st.dictionaries(KEYS, VALUES, max_size=5) | VALUES, max_size=3
    )
)
def test_any_hosts_load_or_are_refused(
    tmp_path_factory: pytest.TempPathFactory, stated: dict[str, object]
) -> None:
    file = tmp_path_factory.getbasetemp() / "any-hosts.yml"
    file.write_text(yaml.safe_dump({"hosts": stated}, allow_unicode=True), encoding="utf-8")
    try:
        config = load_fleet(file)
    except ConfigError:
        return
    for spec in config.hosts:
        assert sum(map(bool, (spec.address, spec.ssh, spec.local))) == 1
        assert all(not hop.jump for hop in spec.jump)
