"""Real hosts for the tests and the demo: a Docker engine, a Linux server in it, SSH daemons that fail."""
