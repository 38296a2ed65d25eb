"""Real hosts for the tests and the demo: a private Docker engine, a Linux server in it, and SSH daemons that fail."""
