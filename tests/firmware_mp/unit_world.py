"""A unit in a world of its own: time that is skipped, not waited for, and a broker and gateway in process.

The loop's clock is replaced: where the loop would sleep, the clock jumps. A day takes about a second.
"""

import asyncio
import gc
from asyncio import core

from boards.sim.scripted import ScriptedBoard
from bodyunit.unit import Unit

from protocol import messages, topics
from store.errors import JournalFull

AHEAD_MS = 86_400_000
_real_ticks = core.ticks


class VirtualTime(core.IOQueue):
    """Takes the place of the loop's poll queue; nothing in these tests waits for a real stream.

    Tasks that are made ready at once are stamped by the real clock all the same: this one is a day ahead of it, so that
    they are due whenever they are looked at, and a slow machine moves nothing.
    """

    def __init__(self):
        super().__init__()
        self.now = _real_ticks() + AHEAD_MS
        # How far the clock jumps at least where the loop would sleep: coarse time makes a week short.
        self.quantum_ms = 0

    def ticks(self):
        return self.now

    def wait_io_event(self, dt):
        if dt > 0:
            self.now += max(dt, self.quantum_ms)
        elif dt < 0:
            raise OSError("everything waits for ever")


def virtual_time(time=None):
    """Replaces the clock of the event loop that is, or will be, running; returns the new one."""
    time = time or VirtualTime()
    core._io_queue = time
    core.ticks = time.ticks
    return time


def no_room(kind, payload):
    """Takes the place of a journal's `append`: a flash that refuses everything."""
    raise JournalFull("disk error 28", 100, 65536)


class Heart:
    """For a task that runs alone."""

    def beat(self):
        pass

    def rest(self):
        pass


class Link:
    """What the unit's parts see of the uplink: records what is published; the test says how it ends."""

    def __init__(self):
        self.connected = True
        self.sent = []
        self.takes = True
        self.hurried = False
        self.stuck = False

    async def publish(self, leaf, parts, qos, retain=False):
        if self.stuck:
            await asyncio.Event().wait()
        if not self.connected:
            return False
        payload = b""
        for part in parts:
            payload += bytes(part)
        if not self.takes:
            return False
        self.sent.append((leaf, messages.BY_LEAF[("up", leaf)].decode(payload)))
        if len(self.sent) > 500:
            self.sent.pop(0)
        return True

    def hurry(self, on):
        self.hurried = on

    def of(self, leaf):
        """Messages published to one leaf, oldest first."""
        return [message for one, message in self.sent if one == leaf]


class Client:
    """A broker and a gateway behind one client: takes the place of mqtt.client.Client in a whole unit."""

    def __init__(self, unit):
        self.unit = unit
        self.connected = False
        self._link_up = True
        self._news = asyncio.Event()
        self.on_manifest = lambda manifest: None
        self.sent = []
        self.hurried = False
        self.answers = ()
        self.seq = 0
        self.sessions = 0
        self.most_sent = 150
        self.forget_batches = False
        self.asked = 0
        self.refuses = False

    @property
    def link_up(self):
        return self._link_up

    @link_up.setter
    def link_up(self, up):
        self._link_up = up
        self._news.set()

    async def _until(self, up):
        while self._link_up != up:
            self._news.clear()
            await self._news.wait()

    async def run(self):
        while True:
            await self._until(True)
            self.unit._will(self.unit.uplink)
            self.sessions += 1
            self.connected = True
            await self.unit._connected(False)
            await self._until(False)
            self.connected = False
            self.unit._disconnected("link lost")

    async def subscribe(self, topic, qos=1):
        self.asked += 1
        return not self.refuses

    async def publish(self, topic, parts, qos=0, retain=False):
        await asyncio.sleep_ms(1)
        if not self.connected:
            return False
        payload = b""
        for part in parts:
            payload += bytes(part)
        _, _, _, leaf = topics.parse(topic)
        message = messages.BY_LEAF[("up", leaf)].decode(payload)
        self.sent.append((leaf, message))
        if len(self.sent) > self.most_sent:
            self.sent.pop(0)
        if leaf == "alarm":
            for status in self.answers:
                self.tell(message.alarm_id, status)
        elif leaf == "manifest":
            self.on_manifest(message)
        elif leaf == "fix" and message.batch_id is not None and not self.forget_batches:
            self.down("want", messages.Want(stored_batches=[message.batch_id]).encode())
        return True

    def hurry(self, on):
        self.hurried = on

    def tell(self, alarm_id, status, seq=None, incident=None):
        """A receipt arrives; of the first incident when none is named."""
        # Made anew each time, as the decoder does: a literal would cost no heap.
        incident = incident or "I-20261124-%04d" % 1
        if seq is None:
            self.seq += 1
            seq = self.seq
        receipt = messages.Receipt(
            alarm_id=alarm_id, status=status, seq=seq, at_s=1_760_000_000, incident=incident
        )
        self.down("alarm", receipt.encode())

    def down(self, leaf, payload):
        """Bytes arrive."""
        settings = self.unit.settings
        topic = topics.down(settings.court_id, settings.unit_id, leaf)
        self.unit.uplink.received(topic, memoryview(payload), 1)

    def of(self, leaf):
        return [message for one, message in self.sent if one == leaf]


UNIT_JSON = (
    '{"unit_id": "u1001", "court_id": "350102", "broker_host": "127.0.0.1", "broker_port": 1883,'
    ' "broker_name": "localhost", "mqtt_version": 4, "hold_ms": 1000, "generation": 1}'
)


async def let_go():
    """Makes the loop forget the task that it cancelled last.

    Its frame keeps the coroutine in a slot that only the next cancelled one overwrites, and the collector reads frames
    word by word: through it a whole ended unit stayed in the heap until the loop's end.
    """

    async def nothing():
        await asyncio.sleep_ms(1000)

    task = asyncio.create_task(nothing())
    await asyncio.sleep_ms(0)
    task.cancel()
    await asyncio.sleep_ms(0)


class World:
    """A whole unit on a scripted board, with its broker and gateway, in the current directory."""

    def __init__(self, time, answers=(), prepare=None):
        gc.collect()
        self.time = virtual_time(time)
        try:
            open("unit.json").close()
        except OSError:
            with open("unit.json", "w") as file:
                file.write(UNIT_JSON)
        self.board = ScriptedBoard(".")
        if prepare is not None:
            prepare(self.board)
        self.unit = Unit(self.board, ticks_ms=time.ticks, ticks_diff=lambda a, b: a - b)
        self.client = Client(self.unit)
        self.client.answers = answers
        self.unit.uplink.client = self.client
        self.task = None

    def start(self):
        self.task = asyncio.create_task(self.unit.run())

    async def stop(self):
        """Power off: nothing is written any more, and nothing of the unit stays in the heap."""
        self.task.cancel()
        try:
            await self.task
        except asyncio.CancelledError:
            self.task = None
        await asyncio.sleep_ms(1)
        await let_go()

    async def press(self, hold_ms=1200):
        self.board.press(True)
        await asyncio.sleep_ms(hold_ms)
        self.board.press(False)
        await asyncio.sleep_ms(50)

    async def shorts(self, count):
        for _ in range(count):
            self.board.press(True)
            await asyncio.sleep_ms(120)
            self.board.press(False)
            await asyncio.sleep_ms(180)
        await asyncio.sleep_ms(1600)

    def felt(self):
        return self.board.felt()


async def begun(time, answers=(), wait_ms=1000):
    """A world that runs, and in which nothing has been felt."""
    world = World(time, answers)
    world.start()
    await asyncio.sleep_ms(wait_ms)
    # Not provisioned with certificates, as the self test says.
    world.board.shown.clear()
    world.felt().clear()
    return world
