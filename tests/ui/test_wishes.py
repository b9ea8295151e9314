"""Wishes for logs: what they are called, and whose logs they bring."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.model.query import parse
from console.model.text import safe
from console.ui.wishes import AFTER, BEFORE, around, of_containers, of_host, of_project, of_query
from tests.ui.fleet import container

PROJECT = "com.docker.compose.project"

WEB = container("app-1", "web", labels={PROJECT: safe("shop")})
WORKER = container("app-2", "worker", labels={PROJECT: safe("shop")})
CRON = container("app-1", "cron")
ALL = (WEB, WORKER, CRON)


def brought(wish) -> set[str]:
    assert wish is not None
    return {c.ref for c in ALL if wish.wants(c)}


def test_one_and_several() -> None:
    one, several = of_containers([WEB]), of_containers([WEB, WORKER], "marked")
    assert one is not None
    assert several is not None
    assert (one.title, brought(one)) == ("web@app-1", {"web@app-1"})
    assert (several.title, brought(several)) == ("2 marked", {"web@app-1", "worker@app-2"})
    assert of_containers([]) is None


def test_a_recreated_container_goes_on_and_a_renamed_one_too() -> None:
    wish = of_containers([WEB])
    assert wish is not None
    assert wish.wants(replace(WEB, id="f" * 64))
    assert wish.wants(replace(WEB, name=safe("web-old")))
    assert not wish.wants(container("app-2", "web"))


def test_hosts_and_projects() -> None:
    assert (of_host("app-1").title, brought(of_host("app-1"))) == ("host app-1", {"web@app-1", "cron@app-1"})
    assert of_host("app-1").may_want("app-1")
    assert not of_host("app-1").may_want("app-2")
    shop = of_project(safe("shop"))
    assert (shop.title, brought(shop)) == ("project shop", {"web@app-1", "worker@app-2"})
    assert shop.may_want("db-1")
    assert (of_project(safe("")).title, brought(of_project(safe("")))) == ("no project", {"cron@app-1"})


@pytest.mark.parametrize("name", ["my shop", 'a"b', "*", "!x", "sh?p"])
def test_a_project_of_any_name_is_that_one_and_no_other(name: str) -> None:
    odd = container("app-1", "odd", labels={PROJECT: safe(name)})
    wish = of_project(safe(name))
    assert wish.wants(odd)
    assert not any(wish.wants(other) for other in ALL)


def test_whatever_matches() -> None:
    wish = of_query(parse(" host:app-* web "))
    assert (wish.title, brought(wish)) == ("/ host:app-* web", {"web@app-1"})
    everything = of_query(parse(""))
    assert (everything.title, len(brought(everything))) == ("everything", 3)


def test_around_a_moment_up_to_now_or_not_far_beyond() -> None:
    wish = of_host("app-1")
    recent = around(wish, 1000 + AFTER, AFTER + 1001)
    assert (recent.since_ns, recent.until_ns, recent.tail) == (1000 + AFTER - BEFORE, None, None)
    old = around(wish, 1000, 1001 + AFTER)
    assert (old.since_ns, old.until_ns) == (1000 - BEFORE, 1000 + AFTER)
    assert old.title == wish.title
