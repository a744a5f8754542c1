"""What staff need across apps: roles, logins, the second factor."""
