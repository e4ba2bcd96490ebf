"""The server as its own process, over HTTP and websockets, with signals and kills."""
