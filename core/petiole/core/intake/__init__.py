"""Use cases inwards: fetch engagements, hand them on, and keep those suppressed out of a sync."""
