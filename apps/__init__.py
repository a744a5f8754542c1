"""The product: one package for each part of the domain; imports run downwards only, upwards goes an event."""
