"""Reading Telegram's own list of Star transactions, page by page."""

from collections.abc import Callable

from telegram import AffiliateInfo, Bot, StarTransaction, TransactionPartnerUser

from apps.bot.application import application
from apps.bot.telegram_errors import translated
from apps.payments.services import Transaction

PAGE = 100
OURS = "invoice_payment"
NANOSTARS = 1_000_000_000


async def fetch(progress: Callable[[str], None] = lambda text: None) -> list[Transaction]:
    """Return all payments and refunds of people, the oldest first. Raises Retry or Permanent."""
    bot: Bot = (await application()).bot
    found: list[Transaction] = []
    offset = 0
    while True:
        with translated():
            page = (await bot.get_star_transactions(offset=offset, limit=PAGE)).transactions
        found += [line for line in map(_line, page) if line is not None]
        offset += len(page)
        progress(f"{offset} transactions read")
        if len(page) < PAGE:
            return found


def _line(transaction: StarTransaction) -> Transaction | None:
    """Return what concerns a bill of ours: withdrawals, gifts and advertisements do not."""
    partner = transaction.source or transaction.receiver
    if not isinstance(partner, TransactionPartnerUser) or partner.transaction_type != OURS:
        return None
    return Transaction(
        charge=transaction.id,
        telegram_id=partner.user.id,
        stars=transaction.amount,
        at=transaction.date,
        payload=partner.invoice_payload or "",
        refund=transaction.source is None,
        recurring=bool(partner.subscription_period),
        commission=_commission(transaction, partner.affiliate),
    )


def _commission(transaction: StarTransaction, affiliate: AffiliateInfo | None) -> int:
    """Return the Stars by which an affiliate's part, which has fractions, makes up for those of the amount."""
    if affiliate is None:
        return 0
    fractions = (transaction.nanostar_amount or 0) + abs(affiliate.nanostar_amount or 0)
    return abs(affiliate.amount) + fractions // NANOSTARS
