"""How the code and the tests are laid out."""
