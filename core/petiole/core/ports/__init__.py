"""What the core needs from the world: one Protocol a file, and its docstring is the contract."""
