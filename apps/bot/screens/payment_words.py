"""The words for how a payment stands, and for why it cannot be asked back."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

STATES: dict[str, Promise] = {
    "credited": _("✅ paid"),
    "owed": _("⚠️ gave nothing yet; we will make it good or give it back"),
    "asked": _("⏳ you asked for it back; you get the answer here"),
    "declined": _("❌ it is not given back: %(answer)s"),
    "returning": _("⏳ it is being given back"),
    "refunded": _("↩️ given back"),
}
REFUSALS: dict[str, Promise] = {
    "open": _("You have asked for one payment back already. When that is answered, you can ask for another."),
    "late": _("Only payments of the last 30 days can be asked back here. Write to us about older ones."),
}
