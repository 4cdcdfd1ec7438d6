"""The host around the core: finds plugins, reads settings, wires adapters to ports, runs."""
