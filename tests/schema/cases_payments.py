"""Invoices, payments, gift codes: a row of each, and what their tables refuse."""

from datetime import timedelta

from tests.gamification.acts import NOON, person
from tests.schema.cases import Case, Effect, Wall, add, append_only

INVOICE, PAYMENT, GIFT, QUESTION = "payments_invoice", "payments_payment", "payments_giftcode", "payments_precheckout"
REQUEST = "payments_refundrequest"
SUBSCRIPTION, TOLD = "payments_subscription", "payments_toldrefund"
TO_END = {"end_reason": "'refund'", "end_requested_at": "now()"}
NOT_CREDITED = {"problem": "'amount'", "credited_at": "NULL", "vip_grant": "NULL"}
REDEEMED = {"redeemed_by_id": "buyer_id", "redeemed_at": "now()", "vip_grant": "1"}

CASES = {
    "payments_giftguesses_count_positive": Case("payments_giftguesses", {"count": "0"}),
    "payments_invoice_payload_key": Case(INVOICE, {"id": "-id"}),
    "payments_invoice_payload": Case(INVOICE, {"payload": "'short'"}, {"payload": "repeat('.', 40)"}),
    "payments_invoice_product": Case(INVOICE, {"product": "''"}),
    "payments_invoice_kind_known": Case(INVOICE, {"kind": "'loan'"}),
    "payments_invoice_days": Case(INVOICE, {"days": "0"}, {"days": "3661"}),
    "payments_invoice_stars": Case(INVOICE, {"stars": "0"}, {"stars": "10001"}),
    "payments_invoice_expires_later": Case(INVOICE, {"expires_at": "created_at"}),
    "payments_invoice_told_state_known": Case(
        INVOICE,
        {"told_state": "'paused'", "told_state_at": "now()"},
        {"told_state": "'failed'", "told_state_at": "NULL"},
        {"told_state": "''", "told_state_at": "now()"},
    ),
    "payments_payment_charge_key": Case(PAYMENT, {"id": "-id"}),
    "payments_payment_charge_named": Case(PAYMENT, {"charge": "''"}),
    "payments_payment_stars_not_negative": Case(PAYMENT, {"stars": "-1"}),
    "payments_payment_payer_positive": Case(PAYMENT, {"payer": "0"}),
    "payments_payment_source": Case(PAYMENT, {"source": "'hearsay'"}),
    "payments_payment_problem_known": Case(PAYMENT, NOT_CREDITED | {"problem": "'another'"}),
    "payments_payment_credited_or_problem": Case(
        PAYMENT,
        {"credited_at": "NULL"},
        {"problem": "'amount'"},
        {"currency": "'EUR'"},
        {"invoice_id": "NULL"},
        NOT_CREDITED | {"vip_grant": "1"},
        of="problem = ''",
    ),
    "payments_payment_once_is_first": Case(PAYMENT, {"recurring": "false", "first": "false"}),
    "payments_payment_refund_keyed": Case(
        PAYMENT,
        {"refund_requested_at": "now()", "refund_key": "NULL"},
        {"refund_requested_at": "now()", "refund_key": "''"},
        {"refund_requested_at": "NULL", "refund_key": "'r'"},
    ),
    "payments_subscription_charge_key": Case(SUBSCRIPTION, TO_END | {"id": "-id"}),
    "payments_subscription_charge_named": Case(SUBSCRIPTION, TO_END | {"charge": "''"}),
    "payments_subscription_state_known": Case(SUBSCRIPTION, TO_END | {"state": "'paused'"}),
    "payments_subscription_ends_for_a_reason": Case(
        SUBSCRIPTION,
        TO_END | {"end_reason": "''"},
        TO_END | {"end_reason": "'whim'"},
        {"end_reason": "'refund'", "end_requested_at": "NULL"},
        {"ended_at": "now()"},
    ),
    "payments_subscription_payer_until_ended": Case(SUBSCRIPTION, TO_END | {"payer": "0"}, TO_END | {"payer": "NULL"}),
    "payments_subscription_one_open": Case(SUBSCRIPTION, {"id": "-id", "charge": "'again'"}),
    "payments_toldrefund_charge_named": Case(TOLD, {"charge": "''"}),
    "payments_toldrefund_problem_known": Case(TOLD, {"problem": "'another'"}),
    "payments_toldrefund_source": Case(TOLD, {"source": "'hearsay'"}),
    "payments_toldrefund_once": Case(TOLD, {"id": "-id"}, of="payer IS NULL"),
    "payments_refundrequest_payment_id_key": Case(REQUEST, {"id": "-id", "state": "'declined'", "decided_at": "now()"}),
    "payments_refundrequest_one_open": Case(
        REQUEST, {"id": "-id", "payment_id": "(SELECT max(id) FROM payments_payment)"}
    ),
    "payments_refundrequest_open_or_decided": Case(
        REQUEST, {"decided_at": "now()"}, {"state": "'declined'"}, {"state": "'another'", "decided_at": "now()"}
    ),
    "payments_refundrequest_answer_declines": Case(REQUEST, {"answer": "'no'"}),
    "payments_giftcode_payment_id_key": Case(GIFT, {"id": "-id", "digest": "'\\x00'"}),
    "payments_giftcode_digest_key": Case(GIFT, {"id": "-id", "payment_id": "(SELECT max(id) FROM payments_payment)"}),
    "payments_giftcode_days": Case(GIFT, {"days": "0"}, {"days": "3661"}),
    "payments_giftcode_redeemed_by_somebody": Case(
        GIFT, *(REDEEMED | {column: "NULL"} for column in REDEEMED), of="redeemed_at IS NULL"
    ),
    "payments_precheckout_query_key": Case(QUESTION, {"id": "-id"}),
    "payments_precheckout_answered": Case(QUESTION, {"verdict": "''"}),
    "payments_precheckout_ok_for_a_bill": Case(
        QUESTION, {"verdict": "'ok'", "invoice_id": "NULL"}, {"verdict": "'ok'", "person_id": "NULL"}
    ),
}

TRIGGERS: dict[str, Wall | Effect] = {
    "payments_payment_guard": Wall(
        PAYMENT,
        "stays as it came, is credited once",
        *(
            f"UPDATE {PAYMENT} SET {change}"
            for change in (
                "charge = charge || 'x'",
                "person_id = person_id + 1",
                "stars = stars + 1",
                "currency = 'EUR'",
                "source = 'reconciled'",
                "paid_at = now()",
                "received_at = now()",
                "recurring = NOT recurring, first = true",
                "payer = 8",
                "credited_at = now()",
                "credited_at = NULL, problem = 'amount', vip_grant = NULL",
                "product = 'another'",
                "vip_grant = 99",
                "vip_grant = NULL",
            )
        ),
        f"UPDATE {PAYMENT} SET refunded_at = now(); UPDATE {PAYMENT} SET refunded_at = NULL",
    ),
    "payments_giftcode_guard": Wall(
        GIFT,
        "is redeemed once",
        *(
            f"UPDATE {GIFT} SET {change}"
            for change in ("days = days + 1", "buyer_id = buyer_id + 1", "salt = '\\x01'", "digest = '\\x01'")
        ),
        f"UPDATE {GIFT} SET redeemed_by_id = buyer_id, redeemed_at = now(), vip_grant = 1;"
        f" UPDATE {GIFT} SET redeemed_by_id = NULL, redeemed_at = NULL, vip_grant = NULL",
        f"UPDATE {GIFT} SET voided_at = now(); UPDATE {GIFT} SET voided_at = NULL",
        f"UPDATE {GIFT} SET voided_at = now();"
        f" UPDATE {GIFT} SET redeemed_by_id = buyer_id, redeemed_at = now(), vip_grant = 1",
    ),
    "payments_refundrequest_guard": Wall(
        REQUEST,
        "is decided once",
        f"UPDATE {REQUEST} SET payment_id = payment_id + 1",
        f"UPDATE {REQUEST} SET person_id = person_id + 1",
        f"UPDATE {REQUEST} SET asked_at = now()",
        *(
            f"UPDATE {REQUEST} SET state = 'declined', decided_at = now(), answer = 'no'; UPDATE {REQUEST} SET {change}"
            for change in (
                "state = 'open', decided_at = NULL, answer = ''",
                "state = 'accepted', answer = ''",
                "decided_at = decided_at + interval '1 day'",
                "answer = 'yes'",
            )
        ),
    ),
    "payments_refundrequest_stays": append_only(REQUEST, "DELETE", "TRUNCATE"),
    "payments_invoice_stays": append_only(INVOICE, "DELETE", "TRUNCATE"),
    "payments_payment_stays": append_only(PAYMENT, "DELETE", "TRUNCATE"),
    "payments_giftcode_stays": append_only(GIFT, "DELETE", "TRUNCATE"),
    "payments_subscription_stays": append_only(SUBSCRIPTION, "DELETE", "TRUNCATE"),
    "payments_toldrefund_stays": append_only(TOLD, "DELETE", "TRUNCATE"),
}


def fill() -> None:
    """Make a row in each of the tables: two payments that were credited, one of them for a gift code, an open subscription,
    a refund that waits for its payment, a request for a refund.
    """
    buyer = person()
    invoice = add(
        INVOICE, person_id=buyer, payload="a" * 32, product="vip_30", kind="gift", days=30, stars=100, created_at=NOON,
        expires_at=NOON + timedelta(days=1),
    )  # fmt: skip
    payments = [
        add(
            PAYMENT, charge=charge, person_id=buyer, payer=7, payload="a" * 32, product="vip_30", stars=100, currency="XTR",
            recurring=False, first=True, source="telegram", paid_at=NOON, received_at=NOON, problem="", credited_at=NOON,
            invoice_id=invoice, vip_grant=1, refund_problem="",
        )
        for charge in ("one", "two")
    ]  # fmt: skip
    add(GIFT, payment_id=payments[0], buyer_id=buyer, days=30, salt=b"s", digest=b"d", created_at=NOON)
    add(QUESTION, query="q", verdict="ok", answered_at=NOON, invoice_id=invoice, person_id=buyer)
    add("payments_giftguesses", person_id=buyer, since=NOON, count=1)
    add(
        SUBSCRIPTION, charge="sub", person_id=buyer, payer=7, payload="a" * 32, began_at=NOON, paid_until=NOON, state="active",
        end_reason="", end_attempts=0, end_problem="",
    )  # fmt: skip
    add(REQUEST, payment_id=payments[0], person_id=buyer, asked_at=NOON, state="open", answer="")
    add(TOLD, charge="sub", problem="unknown_charge", source="telegram", told_at=NOON)
