"""The platform's twin: a stateful, independent model of CanopyDeploy's wire on loopback."""
