"""For migrations: the triggers that record what is changed in a table past the services, or refuse what leaves no record."""

from django.db import migrations


def never_emptied(table: str) -> migrations.RunSQL:
    """Return a migration step: TRUNCATE, at which no trigger for rows fires, is refused on an audited table."""
    name = f"{table}_not_emptied"
    return migrations.RunSQL(
        f"CREATE TRIGGER {name} BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();"
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name};",
        f"DROP TRIGGER {name} ON {table}",
    )


def audited(
    table: str,
    operations: str,
    *,
    kind: str,
    named_by: str,
    when: str = "",
    shown: str = "",
    function: str = "audit_past_services",
) -> migrations.RunSQL:
    """Return a migration step: these operations on the table leave an audit record, whoever does them.

    `kind` and the column `named_by` are the target that the services name in audit.record(); `when` is SQL over OLD and
    NEW; `shown` names the columns that before and after may show, all if it is empty. The trigger is deferred, so that
    services may write the record after the row; `function` is another one than most tables use. A migration that writes
    such rows is recorded as well.
    """
    name = f"{table}_audited"
    arguments = ", ".join(f"'{argument}'" for argument in (kind, named_by, shown) if argument)
    condition = f"WHEN ({when}) " if when else ""
    return migrations.RunSQL(
        f"CREATE CONSTRAINT TRIGGER {name} AFTER {operations} ON {table} DEFERRABLE INITIALLY DEFERRED"
        f" FOR EACH ROW {condition}EXECUTE FUNCTION {function}({arguments});"
        f" ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name};",
        f"DROP TRIGGER {name} ON {table}",
    )
