"""Findings: what a check says, and what is made of many."""
