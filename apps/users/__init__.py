"""People: who they are, when they are active, what VIP they hold; and the staff's logins."""
