"""Broken adapters: every way in which one may fail its port, put on like a glove over a good one.

Each mutant names the sentence that it breaks, and must be killed by a test: `pytest
--petiole-mutants` lets them loose on the adapters in your contract suites.
"""
