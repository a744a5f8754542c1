"""The two steps in which staff give VIP: what it comes to and what is left of their limit, then the act or a request."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse

from apps.users import services
from diana import clock, second_person
from diana.acts import Preview
from diana.audit import Actor
from diana.confirming import confirm_and_act

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise as StrOrPromise

REFUSALS = (
    second_person.KeyUsed,
    services.InvalidGrant,
    services.InvalidOverride,
    services.NoOverride,
    services.NothingToExtend,
    services.PersonGone,
)


def give_or_ask(
    admin: ModelAdmin[Any],
    request: HttpRequest,
    form: forms.Form | forms.ModelForm[Any],
    *,
    act: str,
    parameters: Callable[[dict[str, Any]], dict[str, Any]],
    done: Callable[[Any], "StrOrPromise"],
    back: str,
    key_field: str = "key",
    password_again: bool = False,
) -> HttpResponse:
    """Show the form, then what the registered act would change, and do it when that is confirmed, or ask for it.

    `done` says in words what came of it; `password_again` as of confirm_and_act().
    """

    def preview(data: dict[str, Any], actor: Actor) -> Preview:
        return second_person.preview_act(act=act, parameters=parameters(data), actor=actor, now=clock.now())

    def do(data: dict[str, Any], actor: Actor, shown: str) -> "StrOrPromise":
        how = {"reason": data["reason"], "key": data[key_field], "actor": actor, "now": clock.now(), "shown": shown}
        outcome = second_person.act_or_ask(act=act, parameters=parameters(data), **how)
        return str(outcome) if isinstance(outcome, second_person.Asked) else done(outcome)

    return confirm_and_act(
        admin,
        request,
        form,
        title=second_person.ACTS[act].title,
        back=back,
        preview=preview,
        act=do,
        refusals=REFUSALS,
        password_again=password_again,
    )
