"""What staff need across apps: roles."""
