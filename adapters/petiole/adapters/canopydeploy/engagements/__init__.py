"""What recipients did: pushed by the store app, or fetched over SOAP or from Analytics."""
