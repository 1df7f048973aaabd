"""The MQTT broker: one that we start and supervise, or one that is there."""

from gateway.broker.service import Broker, Client, open_broker
from gateway.broker.verdict import Verdict

__all__ = ["Broker", "Client", "Verdict", "open_broker"]
