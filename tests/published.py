"""What is in a published release (field book: osprey-release, 1)."""

FILES = {
    "README.md",
    "LICENSE.txt",
    "osprey-service",
    "install.sh",
    "uninstall.sh",
    "osprey-service-docker-0.3.tar.bz2",
}
"""The members of osprey-service-docker-0.3.tar."""
