"""Moving a database along the migrations, as the owner, one at a time."""

from django.apps import apps
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from tests.schema.catalogue import Connection

Key = tuple[str, str]


def ours(label: str) -> bool:
    """Say whether an app is of this repository."""
    return apps.get_app_config(label).name.partition(".")[0] in ("apps", "diana")


def plan() -> list[Key]:
    """Return all migrations, Django's too, in the order in which an empty database takes them."""
    graph = MigrationExecutor(connections["owner"]).loader.graph
    order: dict[Key, None] = {}
    for leaf in graph.leaf_nodes():
        order |= dict.fromkeys(graph.forwards_plan(leaf))
    return list(order)


def apply(*keys: Key) -> None:
    """Migrate forward by these, in their order; what comes before must be there."""
    executor = MigrationExecutor(connections["owner"])
    executor.migrate(None, plan=[(executor.loader.graph.nodes[key], False) for key in keys])


def take_back(*keys: Key) -> None:
    """Undo these, in their order; what came after must be gone."""
    executor = MigrationExecutor(connections["owner"])
    executor.migrate(None, plan=[(executor.loader.graph.nodes[key], True) for key in keys])


class Walk:
    """A walk from an empty database along the migrations. It keeps Django's models of where it stands: to make them anew at
    each step is most of what a step costs.
    """

    def __init__(self) -> None:
        self._executor = MigrationExecutor(connections["owner"])
        self._executor.recorder.ensure_schema()
        self._state = self._executor.loader.project_state([])
        self._before = self._state

    def apply(self, key: Key) -> None:
        """Migrate forward by this one."""
        self._before = self._state
        self._state = self._executor.apply_migration(self._before.clone(), self._executor.loader.graph.nodes[key])

    def take_back(self, key: Key) -> None:
        """Undo the last one."""
        self._executor.unapply_migration(self._before, self._executor.loader.graph.nodes[key])
        self._state = self._before


def owner() -> Connection:
    """Return the owner's connection as the driver has it."""
    connections["owner"].ensure_connection()
    return connections["owner"].connection
