"""VIP, bills, gifts, and help with payments."""

from apps.bot.screens import paysupport, plans, vip
from apps.payments.products import PRODUCTS, saving_percent
from tests.bot.screens_samples.sample import HTML, LONGEST_ID, ME, NOON, Sample, Written, sample

OFFERS = [
    plans.Offer(product.key, product.kind, product.days, product.stars, saving_percent(product))
    for product in PRODUCTS.values()
]
# Staff may change what is sold: other days have other plurals.
OTHERS = [
    plans.Offer("vip_1", "once", 1, 1),
    plans.Offer("vip_365", "once", 365, 10_000),
    plans.Offer("g", "gift", 1000, 9_999),
]
PAYMENTS = [
    paysupport.Line(LONGEST_ID, kind, 30, 250, NOON.date(), state, answer, redeemed, True)
    for kind, state, answer, redeemed in (
        ("once", "credited", "", None),
        ("subscription", "asked", "", None),
        ("gift", "credited", "", False),
        ("gift", "returning", "", True),
        ("once", "declined", HTML, None),
        ("", "owed", "", None),
        ("once", "refunded", "", None),
    )
]
GIFT = {"code": Written("A" * 16), "link": Written("https://t.me/x?start=g_1&2"), "stars": 250, "number": LONGEST_ID}

SAMPLES: list[Sample] = [
    sample(vip.vip, "none", person_id=ME, until=None, subscribed_until=None, bonus=50, offers=OFFERS + OTHERS),
    sample(vip.vip, "until", person_id=ME, until=NOON, subscribed_until=None, bonus=50, offers=OFFERS),
    sample(vip.vip, "subscribed", person_id=ME, until=NOON, subscribed_until=NOON, bonus=50, offers=OFFERS),
    *(
        sample(
            vip.vip,
            case,
            person_id=ME,
            until=NOON,
            subscribed_until=NOON,
            bonus=50,
            offers=OFFERS,
            renews=False,
            failed=failed,
        )
        for case, failed in (("ends", False), ("not paid", True))
    ),
    *(
        sample(
            vip.subscribed_already,
            case,
            person_id=ME,
            subscribed_until=NOON,
            renews=renews,
            failed=failed,
            offers=OFFERS,
        )
        for case, renews, failed in (("renews", True, False), ("ends", False, False), ("not paid", False, True))
    ),
    sample(vip.vip, "nothing sold", person_id=ME, until=None, subscribed_until=None, bonus=100, offers=[]),
    sample(vip.vip, "grace", person_id=ME, until=None, kept_until=NOON, subscribed_until=None, bonus=50, offers=OFFERS),
    *(
        sample(vip.bill, offer.key, offer, person_id=ME, payload=Written("p" * 128), bonus=50)
        for offer in OFFERS + OTHERS
    ),
    sample(vip.bill_refused, "all", person_id=ME),
    *(sample(vip.gift_bought, str(days), person_id=ME, days=days, **GIFT) for days in (1, 2, 30)),
    *(sample(vip.gift_redeemed, str(days), person_id=ME, days=days, until=NOON, bonus=50) for days in (1, 2, 30)),
    sample(vip.gift_redeemed, "overridden", person_id=ME, days=30, until=None, bonus=50),
    sample(vip.gift_without_code, "all", person_id=ME, days=30, stars=250, number=LONGEST_ID),
    sample(vip.code_refused, "all", person_id=ME),
    sample(vip.too_many_codes, "all", person_id=ME),
    sample(paysupport.paysupport, "nothing paid", person_id=ME, contact="", lines=[]),
    sample(paysupport.paysupport, "paid", person_id=ME, contact=HTML, lines=PAYMENTS[:5]),
    sample(paysupport.paysupport, "owed and given back", person_id=ME, contact="", lines=PAYMENTS[5:]),
    *(
        sample(paysupport.paysupport, why, person_id=ME, contact=HTML, lines=[], why=why)
        for why in ("open", "late", "settled")
    ),
    *(sample(paysupport.confirm, str(n), person_id=ME, line=line) for n, line in enumerate(PAYMENTS)),
]
