"""Our MQTT client for the unit: 3.1.1 (version 4) and 5, QoS 0 and 1, TLS with a client certificate.

Reading order: options, packets (what is sent), decoder and properties (what comes), stream (the socket),
window (what waits for an acknowledgement), writer, connection (one of them), client (one after the other).
`options`, `packets`, `decoder`, `properties`, `backoff` and `errors` run on CPython too.
"""
