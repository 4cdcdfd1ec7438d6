"""One suite for each port: subclass it and override its fixture `stand`.

Every sentence of the port's docstring has its test here.
"""
