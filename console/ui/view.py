"""What the operator wants to see of the containers."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from console.model.query import Query
from console.ui.present import COLUMNS


class Group(StrEnum):
    """What the headings are."""

    NONE = "none"
    HOST = "host"
    PROJECT = "project"


@dataclass(frozen=True, slots=True)
class View:
    """Order, headings, and what is left out."""

    sort: str = "host"
    """The key of a column."""
    reverse: bool = False
    group: Group = Group.NONE
    query: Query = field(default_factory=Query)
    problems_only: bool = False


DESCENDING = ("cpu", "mem", "restarts", "state", "health")
"""Columns whose first sorting puts the largest (of states and healths: the worst) on top."""

SORTABLE = tuple(column.key for column in COLUMNS)

VOLATILE = ("cpu", "mem")
"""Columns whose figures never stand still."""
