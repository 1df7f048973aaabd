"""One unit as it is seen live: what it sends now, its newest picture, who watches, and what it is asked to send."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from gateway.evidence.frames import JpegSizes
from gateway.evidence.live import LiveBlock
from gateway.evidence.places import Key
from gateway.model import UnitStatus
from gateway.relay.asking import Asking
from gateway.relay.form import Form, form_of
from gateway.relay.link import LinkJudge
from gateway.relay.placing import Offset, Placing
from gateway.relay.telling import (
    ALONE,
    BEGINS,
    ESTIMATED,
    PICTURE,
    POSITION,
    SOUND,
    SOUNDS,
    Block,
    Codec,
    Head,
    Mode,
    PictureForm,
    SoundForm,
    State,
    Wish,
)
from gateway.relay.transcode import Transcode, Transcodes
from gateway.relay.viewer import Viewer
from protocol.live import live_value

BLOCK_MAX_BYTES = 1 << 20
"""A larger one is for the recording only."""
LINE_MAX_BYTES = 1024
STALE_MS = 10_000
"""An older picture is not shown to who begins to watch: it would be taken for what is seen now."""
SILENT_S = 5.0
LIVES_S = 2.0
STATE_EVERY_S = 1.0
GLANCE_S = 15.0


class Owner:
    """Of one unit; owned by the relay's event loop. Seconds are monotonic."""

    def __init__(
        self,
        unit_id: str,
        now_s: float,
        transcodes: Transcodes,
        unreadable: Callable[[str, str, int], None] = lambda unit_id, what, size: None,
    ) -> None:
        self.unit_id = unit_id
        self._transcodes = transcodes
        self._unreadable = unreadable
        """Told (unit, what, bytes) of everything that is none of what our units send."""
        self._made: dict[Wish, Transcode] = {}
        self.viewers: list[Viewer] = []
        self.asking = Asking()
        self.offset = Offset()
        self.newest: Block | None = None
        self.heard_s = now_s
        self.coming = 0
        """Who is about to join."""
        self.pictured = asyncio.Event()
        """Set with the next picture; then there is another one."""
        self._link = LinkJudge(now_s)
        self._sizes = JpegSizes()
        self._key: Key | None = None
        self._form: Form | None = None
        self._placing = Placing()
        self._begins = True
        self._head = Head(None, None)
        self._recording: str | None = None
        self._last_picture_ms: int | None = None
        self._last_sound_ms: int | None = None
        self._glance_until_s = now_s
        self._told_s = now_s - STATE_EVERY_S
        self._told: tuple[object, ...] | None = None

    # What the unit sends.

    def block(self, said: LiveBlock, now_s: float) -> None:
        """A block came; it is put for those who want it."""
        if now_s - self.heard_s > SILENT_S:
            self._link.begin(now_s)
        self.heard_s = now_s
        if said.key != self._key:
            self._key, self._form = said.key, None
            self._placing, self._begins = Placing(), True
            self._recording = said.key.recording
        if said.head is not None:
            self.learn(said.key, said.head)
            if self._form is None:
                self._spoilt("head", len(said.head))
        codec = self._codec(said)
        if not isinstance(codec, Codec):
            if codec is not None:
                self._spoilt(codec, len(said.content))
            return
        taken_ms = self._placing.taken_ms(said.time_ms, said.received_ms)
        self._link.heard(said.track, self._placing.late_ms(said.time_ms, said.received_ms))
        flags = (ALONE if codec is Codec.JPEG else 0) | (BEGINS if self._begins else 0)
        flags |= ESTIMATED if self._placing.estimated else 0
        self._begins = False
        block = Block(said.track, codec, flags, taken_ms, said.received_ms, said.content)
        if said.track == PICTURE:
            self._last_picture_ms = taken_ms
            self._picture(block)
        elif said.track == SOUND:
            self._last_sound_ms = taken_ms
        for viewer in self.viewers:
            if said.track != PICTURE:
                viewer.put(block, self._head_of(viewer))
            elif viewer.wish.made is None and viewer.wants_picture(taken_ms):
                viewer.put(block, self._head)
        if said.track == PICTURE:
            for transcode in list(self._made.values()):
                transcode.offer(block)

    def learn(self, key: Key, head: bytes) -> None:
        """The head of the file, from the unit or from the disk."""
        form = form_of(head)
        if key != self._key or form is None or self._form is not None:
            return
        self._form = form
        self._placing = Placing(form.began_ms, self.offset.ms)
        sound = form.sound
        self._head = Head(
            SoundForm(SOUNDS[sound.format], sound.rate_hz, sound.block_bytes) if sound is not None else None,
            PictureForm(Codec.JPEG, form.width, form.height) if form.width else None,
        )

    @property
    def headless(self) -> Key | None:
        """The segment whose head did not come by."""
        return self._key if self._form is None else None

    def _codec(self, said: LiveBlock) -> Codec | str | None:
        """What is wrong with it, if it is nothing for viewers; None: nobody knows yet what it is."""
        size = len(said.content)
        if size > BLOCK_MAX_BYTES:
            return "too_large"
        if said.track == PICTURE:
            return Codec.JPEG
        if said.track == POSITION:
            return Codec.TEXT if size <= LINE_MAX_BYTES else "line"
        if said.track != SOUND:
            return "track"
        if self._form is None:
            return None
        sound = self._form.sound
        return SOUNDS[sound.format] if sound is not None and sound.fits(size) else "sound"

    def _spoilt(self, what: str, size: int) -> None:
        self._unreadable(self.unit_id, what, size)

    def _picture(self, block: Block) -> None:
        size = self._sizes.of(block.content)
        if size is None or not size[0] * size[1]:
            self._spoilt("picture", len(block.content))
            return
        self.newest = block
        self.pictured.set()
        self.pictured = asyncio.Event()
        shown = self._head.picture
        if shown is None or (shown.width, shown.height) != size:
            self._head = replace(self._head, picture=PictureForm(Codec.JPEG, *size))

    # What is made of its pictures.

    def choose(self, viewer: Viewer) -> bool:
        """Begin what the viewer's wish needs, and end what nobody needs. False: it gets the pictures as they are,
        because as many transcodes run as may."""
        self._unmade(viewer)
        wish = viewer.wish.made
        if wish is None:
            return True
        transcode = self._made.get(wish) or self._transcodes.begin(wish, self._put_made, self._not_made)
        if transcode is None:
            viewer.settle(replace(wish, codec=Codec.JPEG, height=None))
            return False
        self._made[wish] = transcode
        transcode.viewers.append(viewer)
        if self.newest is not None:
            transcode.offer(self.newest)
        return True

    def _unmade(self, viewer: Viewer) -> None:
        for wish, transcode in list(self._made.items()):
            if viewer in transcode.viewers:
                transcode.viewers.remove(viewer)
            if not transcode.viewers:
                del self._made[wish]
                self._transcodes.end(transcode)

    def _put_made(self, transcode: Transcode, block: Block) -> None:
        head = replace(self._head, picture=transcode.form)
        for viewer in transcode.viewers:
            viewer.put(block, head)

    def _not_made(self, source: Block) -> None:
        self._spoilt("transcode", len(source.content))

    def _head_of(self, viewer: Viewer) -> Head:
        made = viewer.wish.made
        if made is None:
            return self._head
        transcode = self._made.get(made)
        return replace(self._head, picture=transcode.form if transcode is not None else None)

    # Who watches.

    def join(self, viewer: Viewer, now_ms: int) -> None:
        """What is known goes out at once."""
        self.viewers.append(viewer)
        newest = self.newest
        if (
            newest is not None
            and now_ms - newest.taken_ms <= STALE_MS
            and viewer.wants_picture(newest.taken_ms)
        ):
            viewer.put(newest, self._head)
        self._told = None

    def leave(self, viewer: Viewer) -> None:
        """It watches no more."""
        self.viewers.remove(viewer)
        self._unmade(viewer)
        self._told = None

    def glance(self, now_s: float) -> None:
        """Somebody wants single pictures for a while."""
        self._glance_until_s = now_s + GLANCE_S

    def quiet_s(self, now_s: float) -> float:
        """For how long nothing came and nobody watched."""
        watched = self.viewers or self.coming or now_s < self._glance_until_s
        return 0.0 if watched else now_s - self.heard_s

    # What it is asked.

    def wanted(self, now_s: float) -> int:
        """The value of LIVE that serves all who watch, as far as the link carries it; 0: nobody does."""
        wishes = [viewer.wish for viewer in self.viewers] + [Wish()] * self.coming
        if now_s < self._glance_until_s:
            wishes.append(Wish(Mode.STILLS))
        if not wishes:
            return 0
        mode = min(max(wish.mode for wish in wishes), self._link.limit)
        fps = [wish.fps for wish in wishes if wish.mode is Mode.FULL]
        every_ms = 1000 // max(one or 0 for one in fps) if mode is Mode.FULL and fps and all(fps) else 0
        return live_value(mode, every_ms)

    def look(self, now_s: float) -> None:
        """Every moment: judge the link, give up those who do not read."""
        self._link.look(now_s)
        for viewer in self.viewers:
            viewer.check(now_s)

    def tell(self, status: UnitStatus | None, now_ms: int, now_s: float) -> int:
        """Tell every viewer how it stands, if it is time or anything has changed; how many bytes they took since."""
        online = status is not None and status.online
        names = tuple(viewer.who.name for viewer in self.viewers)
        alarmed = status is not None and status.incident_id is not None
        comes = now_s - self.heard_s < LIVES_S
        # With an alarm open it sends by itself, whatever it says to what it is asked.
        refused = self.asking.refused and not comes
        modes = tuple(self._mode(viewer, online, refused, alarmed) for viewer in self.viewers)
        # What comes live is recorded, whatever the unit's last State says.
        records = status is not None and (status.recording or comes)
        recording = self._recording if online and records else None
        told = (names, modes, recording)
        if told == self._told and now_s - self._told_s < STATE_EVERY_S:
            return 0
        since_s, sum_bytes = now_s - self._told_s, 0
        self._told, self._told_s = told, now_s
        for viewer, (mode, why) in zip(self.viewers, modes, strict=True):
            news_bytes = viewer.news_bytes()
            sum_bytes += news_bytes
            bytes_s = round(news_bytes / since_s) if since_s > 0 else 0
            viewer.tell(
                State(
                    now_ms,
                    mode,
                    why,
                    bytes_s,
                    names,
                    viewer.dropped,
                    self._last_picture_ms,
                    self._last_sound_ms,
                    recording,
                )
            )
        return sum_bytes

    def _mode(self, viewer: Viewer, online: bool, refused: bool, alarmed: bool) -> tuple[Mode, str | None]:
        if not online:
            return Mode.OFF, "offline"
        if refused:
            return Mode.OFF, "refused"
        if viewer.slow and viewer.wish.mode > Mode.SOUND:
            return Mode.SOUND, "slow_viewer"
        if self._link.limit < viewer.wish.mode:
            # With an alarm open the unit sends all that its link carries, whatever it is asked for.
            return viewer.wish.mode if alarmed else self._link.limit, "thin_link"
        return viewer.wish.mode, "chosen" if viewer.wish.mode < Mode.FULL else None
