"""Tests of what there is to do."""
