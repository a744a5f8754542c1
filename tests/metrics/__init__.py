"""The numbers that processes keep, and who may see them."""
