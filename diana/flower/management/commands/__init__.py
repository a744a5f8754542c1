"""The command of Flower."""
