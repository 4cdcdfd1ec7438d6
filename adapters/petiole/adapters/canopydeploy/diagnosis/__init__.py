"""Looks at a connection step by step, without writing anything on the platform."""
