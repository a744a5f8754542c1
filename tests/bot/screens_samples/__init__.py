"""Samples of every screen: typical ones, empty ones, the longest, and each variant that says something else."""

from tests.bot.screens_samples import joining, paying, people, playing, telling
from tests.bot.screens_samples.sample import Sample

SAMPLES: list[Sample] = [*joining.SAMPLES, *people.SAMPLES, *playing.SAMPLES, *paying.SAMPLES, *telling.SAMPLES]
