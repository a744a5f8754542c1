"""Who may give VIP in the code: a closed list. Whoever adds to it says here why."""

import ast
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
ACTS = {"grant_vip", "extend_vip", "grant_to_many", "override_vip"}
ROWS = {"Grant", "VipOverride"}

# The services themselves; the acts of staff with their limits; manage.py, which is the operators' own; and what is paid.
MAY_ACT = {
    "apps/users/services/grants.py",
    "apps/users/services/vip_limits.py",
    "apps/users/management/commands/grant_vip.py",
    "apps/users/management/commands/override_vip.py",
}
MAY_ACT_BELOW = ("apps/payments/services",)
MAY_MAKE_ROWS = {
    "apps/users/services/grants.py",
    "apps/users/services/many_grants.py",
    "apps/users/services/overrides.py",
}


def sources() -> Iterator[tuple[str, ast.Module]]:
    """Yield path and tree of every module that runs in production, migrations left out: they run once, as the owner."""
    for folder in ("apps", "config", "diana"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text())


def called(tree: ast.Module) -> Iterator[str]:
    """Yield what is called, by its last names, as in `services.grant_vip` or `Grant.objects.create`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


def named(tree: ast.Module) -> Iterator[str]:
    """Yield every name, attribute and import: an act could be handed on without being called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.alias):
            yield node.name


def test_only_the_doors_of_staff_and_payments_give_vip() -> None:
    users = {path for path, tree in sources() if path != "apps/users/services/__init__.py" and ACTS & set(named(tree))}
    assert {path for path in users if not path.startswith(MAY_ACT_BELOW)} == MAY_ACT


def test_only_pages_that_ask_for_a_permission_do_limited_acts() -> None:
    doors = ("second_person.act_or_ask", "give_or_ask")
    pages = {path for path, tree in sources() for call in called(tree) if call in doors}
    assert pages == {
        "apps/payments/admin/payments.py",
        "apps/users/admin/giving.py",
        "apps/users/admin/grants.py",
        "apps/users/admin/vip.py",
    }


def test_only_the_services_make_rows_of_vip() -> None:
    writing = ("create", "bulk_create", "get_or_create", "update_or_create", "abulk_create", "acreate")
    makers = set()
    for path, tree in sources():
        for call in called(tree):
            parts = call.split(".")
            if parts[-1] in ROWS or (parts[0] in ROWS and parts[-1] in writing):
                makers.add(path)
    assert makers == MAY_MAKE_ROWS


def test_no_sql_past_the_services_writes_them() -> None:
    for path, tree in sources():
        texts = [
            node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ]
        for table in ("users_grant", "users_vipoverride"):
            assert not any(f"{verb} {table}" in text for text in texts for verb in ("INTO", "UPDATE")), path


def test_the_bot_gives_none() -> None:
    for path, tree in sources():
        if path.startswith("apps/bot"):
            assert not (ACTS | ROWS | {"clear_overrides", "revoke_grant", "VipStanding"}) & set(named(tree)), path
