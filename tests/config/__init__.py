"""Where settings come from, what is wrong with them, and the user's own file."""
