"""The simulated world around the real firmware: boards, sensors, links, scenarios and fleets.

Reading order: `unit` (one body-worn unit), which is made of `process` (the interpreter that runs the
firmware), `board` (button, motor, battery and GNSS over loopback sockets), `gnss` (what the receiver
says) and `link` (the radio path to the broker); then `fleet` (many units) and `scenario` (a timeline
with expectations). Nothing here imports the gateway.
"""
