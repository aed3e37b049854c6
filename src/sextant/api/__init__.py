"""The HTTP API: routes only, one file per resource. Nothing here talks to a network or writes SQL."""
