"""CanopyDeploy's wire, once: what the vendor calls things and how it answers."""
