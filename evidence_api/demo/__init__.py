"""The demonstration office: fictional people, places and media, marked as such."""
