"""The control connection: topics, what goes out, and what comes in to whom. Nothing that comes in can stop it."""

from bodyunit.bell import Bell
from bodyunit.commands import shortened
from bodyunit.wire import encoded
from protocol import messages, topics
from protocol.cbor import decode
from protocol.errors import ProtocolError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

WAITING_REPLIES = 16
IDLE_MS = 5000


class Uplink:
    """Speaks for the unit and listens for it.

    Args:
        court_id, unit_id: of the unit.
        count, note: as in Alarms.
        now_stamp: returns a messages.Stamp.

    Set after it is made: `client`, a mqtt.client.Client that calls `received`; `on_receipt`, `on_command` (returns
    outcome and detail) and `on_want`: each takes a decoded message; `on_talk`: takes a packet of speech as it came.
    """

    def __init__(self, court_id, unit_id, count, note, now_stamp) -> None:
        self.client: Any = None
        self.on_receipt: Any = None
        self.on_command: Any = None
        self.on_want: Any = None
        self.on_talk: Any = None
        self._topics = {leaf: topics.up(court_id, unit_id, leaf) for leaf in topics.UP_LEAVES}
        self.filter = topics.down_all(court_id, unit_id)
        self._downs = {topics.down(court_id, unit_id, leaf): leaf for leaf in topics.DOWN_LEAVES}
        self._count = count
        self._note = note
        self._now_stamp = now_stamp
        self._replies: list[messages.Reply] = []
        self.replies_dropped = 0
        self._bell = Bell()
        self._sessions = 0

    # Out

    @property
    def connected(self) -> bool:
        """Whether the broker has accepted this unit."""
        return self.client is not None and self.client.connected

    def topic(self, leaf: str) -> str:
        """The topic `up/<leaf>` of this unit."""
        return self._topics[leaf]

    async def publish(self, leaf: str, parts, qos: int, retain: bool = False) -> bool:
        """Sends to `up/<leaf>`. QoS 1: True when the broker has it, False when the link broke before."""
        return await self.client.publish(self._topics[leaf], parts, qos, retain)

    def hurry(self, on: bool) -> None:
        """While on, an alarm waits for the link: no long pause before the next attempt."""
        self.client.hurry(on)

    def reply(self, reply: messages.Reply) -> None:
        """Queues a reply in place of an older one for the same ref; when full the oldest goes."""
        for i, waiting in enumerate(self._replies):
            if waiting.ref == reply.ref:
                self._replies.pop(i)
                break
        if len(self._replies) >= WAITING_REPLIES:
            self._replies.pop(0)
            self.replies_dropped += 1
        self._replies.append(reply)
        self._bell.ring()

    async def send_replies(self, heart) -> None:
        """Task: sends replies in order. One that the broker did not take is lost: who asked asks again."""
        while True:
            heart.beat()
            while self._replies and self.connected:
                heart.rest()
                if not await self.publish("reply", (encoded(self._replies.pop(0)),), 1):
                    self._count("publishes_failed")
                heart.beat()
            await self._bell.wait(IDLE_MS)

    # In

    def connected_again(self) -> None:
        """After each connection, once it listens."""
        self._sessions += 1
        if self._sessions > 1:
            self._count("reconnects")
        self._bell.ring()

    def received(self, topic: str, payload, qos: int) -> None:
        """Takes one message; `payload` is valid only during this call. Never raises."""
        try:
            leaf = self._downs.get(topic)
            if leaf == "talk":
                self._speech(payload)
                return
            kind = messages.BY_LEAF.get(("down", leaf)) if leaf is not None else None
            if kind is None:
                raise ProtocolError("nothing is expected on %s" % topic[:80])
            self._dispatch(leaf, kind.decode(payload))
        except ProtocolError as error:
            self._refuse(payload, str(error))
        except Exception as error:
            # A fault of ours in carrying it out must not end the connection.
            self._count("inbound_refused")
            self._note("inbound %s: %s %s" % (topic[-40:], type(error).__name__, error))

    def _speech(self, payload) -> None:
        """Fifty a second: whatever is wrong with one is counted, and neither noted nor answered."""
        try:
            self.on_talk(payload)
        except ProtocolError:
            self._count("inbound_refused")

    def _dispatch(self, leaf: "str | None", message) -> None:
        if leaf == "alarm":
            self.on_receipt(message)
        elif leaf == "want":
            self.on_want(message)
        elif leaf == "command":
            try:
                outcome, detail = self.on_command(message)
            except Exception as error:
                self._note("command %d: %s %s" % (message.kind, type(error).__name__, error))
                outcome, detail = messages.REFUSED, type(error).__name__
            self._answer(message.command_id, outcome, detail)

    def _refuse(self, payload, why: str) -> None:
        """Counts what is not a message of ours, and answers when it can be seen whom."""
        self._count("inbound_refused")
        self._note("inbound refused: %s" % why)
        ref = reference(payload)
        if ref is not None:
            self._answer(ref, messages.REFUSED, why)

    def _answer(self, ref: bytes, outcome: int, detail: "str | None") -> None:
        detail = shortened(detail) if detail else None
        self.reply(messages.Reply(ref=ref, outcome=outcome, detail=detail, stamp=self._now_stamp()))


def reference(payload) -> "bytes | None":
    """The id (8 or 16 bytes under key 1) of a message that is otherwise not understood, or None."""
    try:
        value = decode(payload)
    except ProtocolError:
        return None
    found = value.get(1) if isinstance(value, dict) else None
    return found if isinstance(found, bytes) and len(found) in (8, 16) else None
