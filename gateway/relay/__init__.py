"""What units send live, to those who watch: `Relay` is the one owner of every live unit.

blocks of a unit (gateway.evidence.live)
  owner.py       of one unit: what it sends now, its newest picture, its viewers
  placing.py     when a block was taken, on the gateway's clock
  link.py        whether the unit's link carries all of it
  viewer.py      one viewer: a bounded queue; old pictures go first
  pace.py        which pictures go to who wants fewer
  transcode.py   smaller pictures and H.264, for thin viewers
  form.py        what a segment consists of, by its head
  telling.py     what a viewer is told, and how it goes over a wire
  asking.py      LIVE commands to the unit, as long as somebody watches
  ledger.py      who watched what, in the audit
  relay.py       all of them together

The other way, speech to the officer, is `talk.py`, which says the same of its own files.
"""

from gateway.relay.relay import Relay
from gateway.relay.telling import Who, Wish
from gateway.relay.viewer import Viewer

__all__ = ["Relay", "Viewer", "Who", "Wish"]
