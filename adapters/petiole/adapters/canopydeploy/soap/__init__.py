"""The platform's SOAP interface: campaigns are started, joined, left and listed through it.

This package imports nothing, so that settings can be read without paying for a SOAP library.
"""
