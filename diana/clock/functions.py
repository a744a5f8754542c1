"""Domain time as an expression of Django's ORM, for defaults of columns and for queries."""

from django.db.models import DateTimeField, Func


class DomainNow(Func):
    """The present moment of domain time at the beginning of the statement."""

    function = "diana_now"
    arity = 0
    output_field = DateTimeField()
