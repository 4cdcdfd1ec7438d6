"""The inside of the hexagon: values, rules, ports and use cases, on the standard library alone."""
