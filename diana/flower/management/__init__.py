"""Holds the command of Flower."""
