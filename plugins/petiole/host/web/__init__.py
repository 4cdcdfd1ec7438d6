"""The web part of the host: what platforms push, and how the host is; async lives here only."""
