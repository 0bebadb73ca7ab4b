"""Tests of the guard's scripts."""
