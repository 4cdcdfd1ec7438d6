"""The demo: a made-up audience, a stand-in platform that misbehaves, and the sums."""
