"""A unit that records, its card, and a gateway that puts the chunks together again; all in process and virtual time."""

import asyncio
import hashlib
import os

import unit_world
from boards.sim.scripted import ScriptedCamera, ScriptedMicrophone
from protocol import ed25519, media, messages, sha512, topics
from protocol.blocks import Reader
from protocol.manifest import key_id
from protocol.ranges import Ranges

SEED = bytes.fromhex("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7")
PUBLIC = sha512.finish(ed25519.public_steps(SEED))
JPEG_HEAD = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffc000110800f0014003012200021101031101")


def picture(number, size=900):
    """A picture of 320 x 240 that carries its number; only its head is a JPEG."""
    return JPEG_HEAD + number.to_bytes(4, "big") + bytes([number & 255]) * (size - len(JPEG_HEAD) - 4)


class Gateway:
    """Writes chunks at their offsets, asks for what is missing, seals what hashes to its manifest."""

    def __init__(self, home="gw"):
        self.home = home
        self.there = {}
        self.manifests = {}
        self.sealed = []
        self.chunks = 0
        self.live = []
        self.lose = lambda count: False
        self.refuse = None
        self.deaf = False
        unit_world_mkdir(home)

    def chunk(self, topic, payload):
        self.chunks += 1
        if self.lose(self.chunks):
            return
        name = topics.parse(topic)[3]
        chunk = media.Chunk.decode(payload)
        if chunk.flags & media.LIVE:
            self.live.append((name, chunk.offset, chunk.time_ms, len(chunk.data)))
            if len(self.live) > 400:
                self.live.pop(0)
        with open(self._path(name), "r+b") as stream:
            stream.seek(chunk.offset)
            stream.write(chunk.data)
        self.there.setdefault(name, Ranges(4096)).add(chunk.offset, chunk.offset + len(chunk.data))

    def _path(self, name):
        """Of a segment's file, which is there afterwards."""
        path = self.home + "/" + name
        try:
            os.stat(path)
        except OSError:
            open(path, "wb").close()
        return path

    def manifest(self, manifest):
        """The Want that answers it, or None."""
        if self.deaf:
            return None
        name = media.segment_name(manifest.segment)
        if self.refuse is not None:
            return messages.Want(stored_batches=[], segment=manifest.segment, refused=self.refuse)
        self.manifests[name] = manifest
        missing = self.there.setdefault(name, Ranges(4096)).missing(manifest.size, 16)
        if not missing:
            if hash_of(self._path(name), manifest.size) == manifest.sha256:
                if name not in self.sealed:
                    self.sealed.append(name)
                return messages.Want(stored_batches=[], segment=manifest.segment, sealed=manifest.sha256)
            self.there[name] = Ranges(4096)
            missing = [(0, manifest.size)]
        numbers = []
        for start, end in missing:
            numbers += [start, end]
        return messages.Want(stored_batches=[], segment=manifest.segment, ranges=numbers)

    def check_chain(self):
        """Every manifest's place: seq from 0 without a gap, and the hash of the one before."""
        found = sorted(self.manifests.values(), key=lambda manifest: manifest.seq)
        previous = bytes(32)
        for seq, manifest in enumerate(found):
            assert manifest.seq == seq and manifest.previous == previous and manifest.key_id == key_id(PUBLIC)
            signed = sha512.finish(ed25519.sign_steps(SEED, PUBLIC, manifest.signed_bytes()))
            assert manifest.signature == signed
            previous = manifest.digest()
        return found


class MediaClient:
    """In the place of the media connection's MQTT client."""

    def __init__(self, gateway):
        self.gateway = gateway
        self.link_up = True
        self.bytes_s = 0
        # Made once: an allocation of 16 KiB is not a matter of course here either.
        self._view = memoryview(bytearray(media.MAX_DATA_BYTES + media.MAX_HEAD_BYTES))

    @property
    def connected(self):
        return self.link_up

    async def run(self):
        while True:
            await asyncio.sleep_ms(1000)

    async def publish(self, topic, parts, qos=0, retain=False, wait_ms=None):
        assert qos == 0 and not retain
        length = 0
        for part in parts:
            self._view[length : length + len(part)] = part
            length += len(part)
        payload = self._view[:length]
        await asyncio.sleep_ms(len(payload) * 1000 // self.bytes_s if self.bytes_s else 0)
        if not self.link_up:
            return False
        self.gateway.chunk(topic, payload)
        return True


class MediaWorld(unit_world.World):
    """As World, with camera, microphone, card and a gateway for recordings."""

    def __init__(
        self, time, settings="", make=picture, fps=4, gateway=None, card="card", sound=True, prepare=None
    ):
        unit_world_mkdir(card)
        with open("unit.sign.key", "wb") as stream:
            stream.write(SEED)
        try:
            open("unit.json").close()
        except OSError:
            with open("unit.json", "w") as stream:
                base = unit_world.UNIT_JSON[:-1]
                stream.write(
                    base + ', "ring_kib": 192, "segment_s": 10, "segment_kib": 1024' + settings + "}"
                )

        def ready(board):
            board.camera = ScriptedCamera(make, fps)
            board.microphone = ScriptedMicrophone() if sound else None
            board.card_now = card
            if prepare is not None:
                prepare(board)

        super().__init__(time, (messages.STORED,), ready)
        self.gateway = gateway or Gateway()
        assert self.unit.media is not None, self.unit.events.latest()
        self.media = MediaClient(self.gateway)
        self.unit.media.sender.client = self.media
        self.client.on_manifest = self._manifest

    def _manifest(self, message):
        want = self.gateway.manifest(message)
        if want is not None:
            self.client.down("want", want.encode())

    def link(self, up):
        self.client.link_up = self.media.link_up = up

    def command(self, kind, value=None):
        command = messages.Command(command_id=os.urandom(8), kind=kind, expires_s=2_000_000_000, value=value)
        self.client.down("command", command.encode())


def unit_world_mkdir(path):
    try:
        os.mkdir(path)
    except OSError:
        pass


def blocks_of(path):
    """(block, the first bytes of its content, up to the number of a picture) of a file that must be whole."""
    reader = Reader()
    size = 0
    with open(path, "rb") as stream:
        while True:
            stream.seek(size)
            data = stream.read(4096)
            if not data:
                break
            size += len(data)
            for block in reader.feed(data):
                stream.seek(block.at)
                yield block, stream.read(min(block.size, len(JPEG_HEAD) + 4))
    assert reader.whole_end == size, (path, reader.whole_end, size)


def hash_of(path, size=None):
    found = hashlib.sha256()
    left = size
    with open(path, "rb") as stream:
        while True:
            data = stream.read(4096 if left is None else min(4096, left))
            if not data:
                return found.digest()
            found.update(data)
            if left is not None:
                left -= len(data)


def files_of(card="card", ending=".mkv"):
    """{segment's name: path} of the files with this ending, in whichever folder they are."""
    found = {}
    for outer in os.listdir(card + "/rec"):
        for number in os.listdir("%s/rec/%s" % (card, outer)):
            folder = "%s/rec/%s/%s" % (card, outer, number)
            for leaf in os.listdir(folder):
                if leaf.endswith(ending):
                    found[leaf[: -len(ending)]] = folder + "/" + leaf
    return found


def on_card(ending=".mkv", card="card"):
    return sorted(files_of(card, ending))


async def until(true, most_ms=120_000):
    """Waits for `true`, in virtual time."""
    waited_ms = 0
    while not true():
        waited_ms += 100
        assert waited_ms < most_ms, "in vain"
        await asyncio.sleep_ms(100)
