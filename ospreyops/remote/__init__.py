"""How a shell line runs on a host: on this computer or over SSH, and always under a limit that the host keeps."""
