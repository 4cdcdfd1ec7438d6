"""Use cases outwards: plan a sync, enqueue its changes, relay them to the platform."""
