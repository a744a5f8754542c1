"""Commands about what there is to do."""
