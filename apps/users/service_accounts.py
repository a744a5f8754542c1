"""Accounts at Telegram behind which no person stands, though some of them are not said to be bots; pure."""

# Who "writes" in groups for others: posts of a linked channel and messages of Telegram itself, admins who are anonymous,
# people who write as a channel.
POSTS, ANONYMOUS_ADMINS, CHANNELS = 777_000, 1_087_968_824, 136_817_688
SERVICE_ACCOUNTS = frozenset({POSTS, ANONYMOUS_ADMINS, CHANNELS})
