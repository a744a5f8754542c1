"""Tests of the local services, on the real servers."""
