"""mappings.yml: read and written, and what is wrong with it said at once."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.config.mapping_edits import edited, with_mapping
from console.config.mappings import parse, read, render
from console.errors import ConfigError
from console.model.mappings.mapping import Book, Check, CheckKind, Endpoint, Mapping, Party, Via
from tests.unit.mapping_samples import a_mapping, books, mappings

FULL = """
mappings:
  db:
    name: db
    port: 5432
    to:   [{host: db-1, container: postgres, port: 15432, weight: 1}]
    for:  [{host: app-1, container: web}, {host: app-2, project: shop, service: worker}]
    via: auto
    check: {pgsql: dockcon}
    secure: none
  mq:
    port: [5672, 15672]
    to: {host: app-2, container: rabbit}
    for: {host: app-1, container: web}
    via: ambassador
    check: tcp
"""

CANONICAL = """\
mappings:
  db:
    port: 5432
    to:
      - {host: db-1, container: postgres, port: 15432}
    for:
      - {host: app-1, container: web}
      - {host: app-2, project: shop, service: worker}
    check: {pgsql: dockcon}
  mq:
    port: [5672, 15672]
    to:
      - {host: app-2, container: rabbit}
    for:
      - {host: app-1, container: web}
    via: ambassador
"""


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse(text, "mappings.yml")
    assert all(p.file == "mappings.yml" for p in caught.value.problems)
    return [f"{p.line} {p.key}: {p.message}" for p in caught.value.problems]


def problems_of(lines: str) -> list[str]:
    """Of one mapping `db` that is right but for `lines`, which replace those of the same key."""
    given = {line.split(":")[0].strip(): line for line in lines.splitlines()}
    right = {"port": "port: 1", "to": "to: {host: a, container: b}", "for": "for: {host: a, container: c}"}
    wanted = {**right, **given}
    return problems("mappings:\n db:\n" + "".join(f"  {line}\n" for line in wanted.values()))


def test_the_whole_of_it_is_read() -> None:
    book = parse(FULL, "mappings.yml")
    assert book == Book(
        {
            "db": Mapping(
                id="db",
                name="db",
                ports=(5432,),
                to=(Endpoint(host="db-1", container="postgres", ports=(15432,)),),
                consumers=(
                    Party(host="app-1", container="web"),
                    Party(host="app-2", project="shop", service="worker"),
                ),
                check=Check(CheckKind.PGSQL, "dockcon"),
            ),
            "mq": Mapping(
                id="mq",
                name="mq",
                ports=(5672, 15672),
                to=(Endpoint(host="app-2", container="rabbit", ports=(5672, 15672)),),
                consumers=(Party(host="app-1", container="web"),),
                via=Via.AMBASSADOR,
            ),
        }
    )
    assert list(book.mappings) == ["db", "mq"]


def test_it_is_written_in_one_form() -> None:
    assert render(parse(FULL, "mappings.yml")) == CANONICAL


@given(books)
def test_what_is_written_is_read_back(book: Book) -> None:
    text = render(book)
    again = parse(text, "mappings.yml")
    assert again == book
    assert list(again.mappings) == list(book.mappings)
    assert render(again) == text


@pytest.mark.parametrize("text", ["", "# nothing yet\n\n", "mappings:\n", "mappings: {}\n", "---\n"])
def test_an_empty_file_is_an_empty_book(text: str) -> None:
    assert parse(text, "mappings.yml") == Book()


def test_every_problem_is_told_with_its_line_and_key() -> None:
    text = """\
mappings:
  db:
    ports: 5432
    to:
      - {host: db-1, container: postgres, wieght: 2}
      - {host: db-1, container: postgres}
      - {hots: db-1, project: shop}
    for: [web]
    via: ambasador
    check: pgsql
    secure: mtls
  "a b": {port: 99999, to: [], for: [{host: app-1, container: web, service: x}]}
  empty:
mapping: {}
"""
    assert problems(text) == [
        "2 mappings.db: `port` is missing",
        "3 mappings.db.ports: no such key; did you mean `port`?",
        "5 mappings.db.to[0].wieght: no such key; did you mean `weight`?",
        "6 mappings.db.to[1]: postgres@db-1 stands here twice; `weight` gives it more",
        "7 mappings.db.to[2].hots: no such key; did you mean `host`?",
        "7 mappings.db.to[2]: this endpoint has no `host`",
        "7 mappings.db.to[2]: this endpoint has no `service`",
        "8 mappings.db.for[0]: expected {host: HOST, container: CONTAINER}, or host, project and service",
        "9 mappings.db.via: `ambasador` is none of auto, alias, ambassador, hosts, env, dns, overlay; "
        "did you mean `ambassador`?",
        "10 mappings.db.check: the check needs a login that may connect without a password: {pgsql: USER}",
        "11 mappings.db.secure: mtls is not possible yet: only `none` is",
        "12 mappings.a b: `a b`: a mapping's id has letters, digits and . _ - only, and begins with a letter "
        "or digit",
        "12 mappings.a b.port: `99999` is not a whole number from 1 to 65535",
        "12 mappings.a b.to: no endpoint stands here",
        "12 mappings.a b.for[0]: either container, or project and service",
        "13 mappings.empty: needs port, to and for",
        "14 mapping: no such key; did you mean `mappings`?",
    ]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("port: [1, 1]", "the same port twice"),
        ("port: []", "expected a port"),
        ("port: [1, 2]\nto: {host: a, container: b, port: 3}", "1 port, but the mapping has 2"),
        ("name: 10.0.0.1", "an address cannot be mapped"),
        ("name: localhost", "means something else everywhere"),
        ("name: a..b", "a name that can be dialled"),
        ("name: -a", "a name that can be dialled"),
        ("name: " + "a" * 64, "a name that can be dialled"),
        ("to: {host: a/b, container: c}", "no host can be called `a/b`"),
        ("to: {host: a, container: -c}", "no container can be called `-c`"),
        ("to: {host: a, container: b, weight: 0}", "not a whole number from 1 to 256"),
        ("check: tpc", "did you mean `tcp`?"),
        ("check: {pgsql: 'a b'}", "is no login name"),
        ("check: {redis: x}", "no such key"),
        ("check: {}", "expected one of"),
        ("for: {host: a, container: ~}", "nothing is given here"),
        ("for:", "no consumer stands here"),
    ],
)
def test_what_cannot_be_is_refused(lines: str, told: str) -> None:
    assert any(told in problem for problem in problems_of(lines))


def test_an_id_that_cannot_be_dialled_wants_a_name() -> None:
    text = "mappings:\n  1.2: {port: 1, to: {host: a, container: b}, for: {host: a, container: c}}\n"
    assert problems(text) == [
        "2 mappings.1.2: a `name` is missing, and the id cannot be one: "
        "an address cannot be mapped, only a name"
    ]


def test_what_is_no_text_is_said() -> None:
    with pytest.raises(ConfigError, match=r"m.yml:2: is not UTF-8 text"):
        read(b"mappings:\n \xff", "m.yml")
    with pytest.raises(ConfigError, match=r"is larger than 1 MiB"):
        read(b"#" * (1 << 20) + b"#", "m.yml")
    assert read(b"\xef\xbb\xbfmappings: {}\r\n", "m.yml") == Book()


HAND = """\
# our addresses
mappings:
    # the shop's data base
    db:  # mind the replica
        port: 5432   # since March
        to: [{host: db-1, container: "postgres"}]
        # who dials it
        for:
        - {host: app-1, container: web}

    # the queue
    mq:
        name: |-
          mq
        port: 5672
        to: [{host: app-2, container: rabbit}]
        for: [{host: app-1, container: web}]   # only web
    # the end
"""


def test_an_edit_leaves_the_rest_as_it_was_and_loses_no_comment() -> None:
    changed = a_mapping("db", ports=(5433,), to=(Endpoint(host="db-2", container="pg", ports=(5433,)),))
    assert (
        edited(HAND, "db", changed)
        == """\
# our addresses
mappings:
    # the shop's data base
    # mind the replica
    # since March
    # who dials it
    db:
      port: 5433
      to:
        - {host: db-2, container: pg}
      for:
        - {host: app-1, container: web}

    # the queue
    mq:
        name: |-
          mq
        port: 5672
        to: [{host: app-2, container: rabbit}]
        for: [{host: app-1, container: web}]   # only web
    # the end
"""
    )


def test_a_new_mapping_comes_last_and_a_removed_one_leaves_its_neighbours() -> None:
    added = edited(HAND, "cache", a_mapping("cache"))
    start = HAND.index("    # the end")
    assert added.startswith(HAND[:start])
    assert added.endswith("    # the end\n")
    gone = edited(HAND, "mq", None)
    assert gone == HAND[: HAND.index("    mq:")] + "    # the end\n"
    assert edited(gone, "db", None) == (
        "# our addresses\nmappings:\n    # the shop's data base\n\n    # the queue\n    # the end\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        "mappings: {db: {port: 1, to: {host: a, container: b}, for: {host: a, container: c}}}  # one line\n",
        "mappings:\n  db: &it  # one line\n    port: 1\n    to: {host: a, container: b}\n"
        "    for: {host: a, container: c}\n  mq: *it\n",
    ],
)
def test_what_cannot_be_edited_in_place_is_written_anew_with_its_comments(text: str) -> None:
    made = edited(text, "db", a_mapping("db"))
    assert parse(made, "") == with_mapping(parse(text, ""), "db", a_mapping("db"))
    assert "# one line\n" in made


def test_an_edit_of_a_file_with_problems_is_refused() -> None:
    with pytest.raises(ConfigError):
        edited("mappings: [\n", "db", a_mapping())


@settings(max_examples=60)
@given(books, st.data())
def test_an_edit_of_the_canonical_form_stays_canonical(book: Book, data: st.DataObject) -> None:
    mapping_id = data.draw(st.sampled_from([*book.mappings, "new"]))
    mapping = data.draw(mappings(mapping_id) | st.none())
    wanted = with_mapping(book, mapping_id, mapping)
    assert edited(render(book), mapping_id, mapping) == render(wanted)
