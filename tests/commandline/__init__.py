"""What is typed, and what a TAB offers."""
