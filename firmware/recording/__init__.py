"""Picture and sound: recorded on the card, sealed, and brought to the gateway whole.

Reading order: ring (what was just seen and heard), capture (camera and microphone into it), segment (a file that
grows), shelf and room (the card), recorder (ring to segments), chain and sealer (hash, signature, what a power cut
left), live and sender (the media connection), media (puts them together).
"""
