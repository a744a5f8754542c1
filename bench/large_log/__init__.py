"""Delivery with millions of rows in the log beside delivery with an empty one, also to a subscriber that wants few of them."""
