"""Telegram Stars: what is sold, bills, payments, refunds, gift codes. Knows people, and neither points nor the bot."""
