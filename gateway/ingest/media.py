"""Recordings from the broker to `evidence`: chunks on a connection that may lose, manifests on one that does not."""

import asyncio
import secrets
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache

from gateway.broker import Client
from gateway.clock import Clock
from gateway.dispatch.centre import Centre
from gateway.errors import StoreError
from gateway.evidence.evidence import Evidence
from gateway.evidence.places import Key
from gateway.evidence.watching import PictureWatch
from gateway.ingest.link import Delivery, Link
from gateway.ingest.media_link import MARKER, MARKER_TOPIC, MediaLink
from gateway.ingest.quick_chunk import quick_chunk
from gateway.logs import Faults, logger
from gateway.metrics import Metrics
from gateway.model import Unit
from gateway.settings import Settings
from protocol import topics
from protocol.errors import ProtocolError
from protocol.manifest import Manifest
from protocol.media import Chunk, segment_of

MANIFEST_LINK = "tipstaff-gateway-manifest"
CHUNKS_AT_ONCE = 512
GATHER_S = 0.005
SEGMENTS_KNOWN = 4096
MANIFESTS_AT_ONCE = 100
MANIFEST_BYTES_MAX = 2048
TEXT_MAX = 200
MIB = 1 << 20


class Media:
    """Both links of recordings and the tasks that empty them."""

    def __init__(
        self,
        settings: Settings,
        client: Client,
        clock: Clock,
        metrics: Metrics,
        centre: Centre,
        evidence: Evidence,
        watch: PictureWatch,
    ) -> None:
        self.media_link = MediaLink(client, clock, settings.evidence.queue_mib * MIB, metrics)
        self.manifest_link = Link(MANIFEST_LINK, client, ("tip/1/+/+/up/manifest",), clock, 1000)
        self._metrics = metrics
        self._centre = centre
        self._evidence = evidence
        self._watch = watch
        self._process = secrets.token_bytes(8)
        self._faults = Faults(clock, settings.log.repeat_s)
        self._log = logger("ingest")
        centre.add_health("evidence", self.health)

    async def run(self) -> None:
        """Take and hand over, until cancelled."""
        self.manifest_link.start()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.media_link.run(), name="ingest-media-link")
                tasks.create_task(self._take_chunks(), name="ingest-media")
                tasks.create_task(self._take_manifests(), name="ingest-manifests")
        finally:
            await self.manifest_link.stop()

    async def wait_connected(self) -> None:
        """Return when both links hear."""
        await self.media_link.wait_connected()
        await self.manifest_link.wait_connected()

    def send(self, topic: str, payload: bytes) -> bool:
        """Publish at QoS 1; not on the link of alarms, which wants of a whole card must not fill."""
        return self.manifest_link.publish(topic, payload)

    def health(self) -> Mapping[str, object]:
        """Whether recordings are heard and can be kept."""
        said = self._evidence.health()
        problem = said["problem"] or self.media_link.problem or self.manifest_link.problem
        return {**said, "ok": problem is None, "problem": problem}

    def mark(self, number: int) -> None:
        """Send a marker to ourselves; it comes back behind all chunks that the broker has for us now."""
        payload = MARKER.pack(self._process, number & 0xFFFFFFFF)
        self.manifest_link.publish(MARKER_TOPIC, payload, qos=0)

    async def _take_chunks(self) -> None:
        while True:
            batch, markers = [], []
            for delivery in await self.media_link.take(CHUNKS_AT_ONCE):
                if delivery.topic == MARKER_TOPIC:
                    markers.append(delivery.payload)
                    continue
                read = self._chunk(delivery)
                if read is not None:
                    batch.append((*read, delivery.received_ms))
            if batch:
                self._watch.feed(batch)
                self._evidence.chunks(batch)
            for payload in markers:
                self._marked(payload)
            # What comes meanwhile is written at once: a batch costs three threads a turn, however small it is.
            await asyncio.sleep(GATHER_S)

    def _marked(self, payload: bytes) -> None:
        if len(payload) == MARKER.size:
            process, number = MARKER.unpack(payload)
            if process == self._process:
                self._evidence.marked(number)

    def _chunk(self, delivery: Delivery) -> tuple[Key, Chunk] | None:
        unit_id = "-"
        try:
            _, unit_id, direction, leaf = _levels(delivery.topic)
            if direction != "media":
                raise ProtocolError(f"nothing is read from {direction}/{leaf}")
            key = _key(unit_id, leaf)
            chunk = quick_chunk(delivery.payload) or Chunk.decode(delivery.payload)
        except ProtocolError as error:
            self._fault(
                "chunk_unreadable", unit_id, detail=str(error)[:TEXT_MAX], bytes=len(delivery.payload)
            )
            return None
        return (key, chunk) if self._registered(unit_id) is not None else None

    async def _take_manifests(self) -> None:
        while True:
            # Each unit's in their order; but one unit does not wait for what another's costs in files and database.
            batch = await self.manifest_link.take(MANIFESTS_AT_ONCE)
            by_unit: dict[str, list[Delivery]] = defaultdict(list)
            for delivery in batch:
                by_unit["".join(delivery.topic.split("/")[3:4])].append(delivery)
            async with asyncio.TaskGroup() as tasks:
                for deliveries in by_unit.values():
                    tasks.create_task(self._handle_manifests(deliveries), name="ingest-manifests-of-a-unit")
            for delivery in batch:
                self.manifest_link.ack(delivery)

    async def _handle_manifests(self, deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            try:
                await self._manifest(delivery)
            except StoreError as error:
                # The unit repeats its manifest until it is answered.
                self._metrics.commit_failures.inc()
                self._faults.warn("manifest_not_stored", delivery.topic.split("/")[3], error=str(error))
            except Exception:
                self._metrics.faults.labels("stumbled").inc()
                self._log.exception(
                    "manifest_not_handled", topic=delivery.topic, payload=delivery.payload.hex()
                )

    async def _manifest(self, delivery: Delivery) -> None:
        court_id = unit_id = "-"
        try:
            court_id, unit_id, _, _ = topics.parse(delivery.topic)
            if len(delivery.payload) > MANIFEST_BYTES_MAX:
                raise ProtocolError(f"{len(delivery.payload)} bytes, at most {MANIFEST_BYTES_MAX}")
            manifest = Manifest.decode(delivery.payload)
        except ProtocolError as error:
            self._fault("manifest_unreadable", unit_id, detail=str(error)[:TEXT_MAX])
            return
        self._metrics.messages.labels("manifest").inc()
        if self._registered(unit_id) is not None:
            await self._evidence.manifest(unit_id, court_id, manifest)

    def _registered(self, unit_id: str) -> Unit | None:
        """The unit, if what it records is to be kept."""
        status = self._centre.units().get(unit_id)
        if status is None or not status.unit.known:
            self._fault("unknown_unit", unit_id, alarm=False)
            return None
        if status.unit.revoked:
            self._fault("revoked_unit", unit_id, alarm=False)
            return None
        return status.unit

    def _fault(self, name: str, unit_id: str, **facts: object) -> None:
        self._metrics.faults.labels(name).inc()
        self._faults.warn(name, unit_id, **facts)


# Every chunk of a segment has the same topic.


@lru_cache(SEGMENTS_KNOWN)
def _levels(topic: str) -> tuple[str, str, str, str]:
    return topics.parse(topic)


@lru_cache(SEGMENTS_KNOWN)
def _key(unit_id: str, name: str) -> Key:
    return Key.of(unit_id, segment_of(name))
