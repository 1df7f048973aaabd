"""From the broker into the store: what units say, checked, committed, and only then acknowledged."""

from gateway.ingest.link import Delivery, Link
from gateway.ingest.service import Ingest

__all__ = ["Delivery", "Ingest", "Link"]
