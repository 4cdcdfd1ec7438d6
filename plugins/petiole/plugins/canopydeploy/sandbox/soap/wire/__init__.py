"""The CRM's values as the structures of the wire, and back; one module per object."""
