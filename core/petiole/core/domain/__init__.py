"""Frozen values and pure rules; no clock, no chance, no I/O."""
