"""The HTTP API, the live WebSocket and the console's files. Start reading at `app`."""
