"""What is counted, for `/metrics` and for health. One registry a gateway, so that tests can have several."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)


class Metrics:
    """All counters of one gateway."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        self.messages = Counter(
            "tipstaff_messages",
            "Messages of units, by the last level of their topic.",
            ["leaf"],
            registry=registry,
        )
        self.faults = Counter(
            "tipstaff_faults", "Messages with something wrong, by what.", ["fault"], registry=registry
        )
        self.alarms = Counter("tipstaff_alarms", "Alarms stored, without repeats.", registry=registry)
        self.alarm_repeats = Counter("tipstaff_alarm_repeats", "Repeats of alarms.", registry=registry)
        self.alarm_seconds = Histogram(
            "tipstaff_alarm_commit_seconds",
            "From an alarm's arrival to its commit.",
            buckets=SECONDS,
            registry=registry,
        )
        self.fixes = Counter("tipstaff_fixes", "Positions stored.", registry=registry)
        self.fixes_dropped_by_units = Counter(
            "tipstaff_fixes_dropped_by_units", "Positions that units say they lost.", registry=registry
        )
        self.commit_failures = Counter(
            "tipstaff_commit_failures",
            "Batches that could not be committed and are tried again.",
            registry=registry,
        )
        self.receipts = Counter(
            "tipstaff_receipts",
            "Receipts sent to units, by `first` or `repeat`.",
            ["sending"],
            registry=registry,
        )
        self.acts_refused = Counter(
            "tipstaff_acts_refused",
            "What people wanted and an incident did not allow, by action.",
            ["action"],
            registry=registry,
        )
        self.broker_restarts = Counter(
            "tipstaff_broker_restarts", "Starts again of the broker.", registry=registry
        )
        self.map_tiles = Counter(
            "tipstaff_map_tiles",
            "Tiles of Tianditu that were asked for, by what came of it.",
            ["outcome"],
            registry=registry,
        )
        self.map_cache_bytes = Gauge("tipstaff_map_cache_bytes", "Tiles kept on the disk.", registry=registry)
        self.media_dropped = Counter(
            "tipstaff_media_dropped",
            "Media chunks dropped because too many waited for us or for the disk; they are asked for again.",
            registry=registry,
        )
        self.media_link_ended = Counter(
            "tipstaff_media_link_ended",
            "Connections of recordings that ended or did not come about, by why: `lost`, `silent` (no answer to a "
            "ping), `unreadable` (no MQTT), `refused`, `unreachable`.",
            ["why"],
            registry=registry,
        )
        self.media_chunks = Counter("tipstaff_media_chunks", "Media chunks written.", registry=registry)
        self.media_bytes = Counter(
            "tipstaff_media_bytes", "Bytes of recordings that were not there before.", registry=registry
        )
        self.segments_sealed = Counter(
            "tipstaff_segments_sealed", "Segments whose hash is their manifest's.", registry=registry
        )
        self.wants = Counter(
            "tipstaff_wants",
            "Answers to manifests, by `ranges`, `sealed` or `refused`.",
            ["what"],
            registry=registry,
        )
        self.seal_seconds = Histogram(
            "tipstaff_seal_seconds",
            "From having every byte of a segment to having sealed it.",
            buckets=SECONDS,
            registry=registry,
        )
        self.evidence_bytes = Gauge("tipstaff_evidence_bytes", "Bytes of evidence kept.", registry=registry)
        self.recordings_deleted = Counter(
            "tipstaff_recordings_deleted", "Recordings deleted when their time was over.", registry=registry
        )
        self.pictures_judged = Counter(
            "tipstaff_pictures_judged",
            "Live pictures that were looked at, by what was seen.",
            ["seen"],
            registry=registry,
        )
        self.pictures_passed_over = Counter(
            "tipstaff_pictures_passed_over",
            "Live pictures that were to be looked at and were not, by why: `too_many`, `too_large`, `unreadable`.",
            ["why"],
            registry=registry,
        )
        self.live_viewers = Gauge("tipstaff_live_viewers", "Who watches units live now.", registry=registry)
        self.live_bytes = Counter(
            "tipstaff_live_bytes", "Bytes of live blocks that viewers took.", registry=registry
        )
        self.live_dropped = Counter(
            "tipstaff_live_dropped",
            "Live blocks that a viewer was too slow for, by what: `picture`, `sound`.",
            ["what"],
            registry=registry,
        )
        self.live_unreadable = Counter(
            "tipstaff_live_unreadable",
            "What units sent live and our units never send, by what: `picture`, `sound`, `line`, `head`, `track`, "
            "`too_large`; and `transcode`, a picture of which none could be made.",
            ["what"],
            registry=registry,
        )
        self.live_refused = Counter(
            "tipstaff_live_refused",
            "Views that were refused, by which limit: `unit`, `all`; and `transcode`, a wish that was.",
            ["limit"],
            registry=registry,
        )
        self.live_transcodes = Gauge(
            "tipstaff_live_transcodes", "Streams made smaller or into H.264 now.", registry=registry
        )
        self.talk_packets = Counter(
            "tipstaff_talk_packets",
            "Packets of speech to officers, by what came of them: `sent`, `late`, `too_fast`, `unsent` (the broker did "
            "not take it), `unasked`.",
            ["what"],
            registry=registry,
        )
        self.rtsp_sessions = Gauge("tipstaff_rtsp_sessions", "Who watches by RTSP now.", registry=registry)
        self.rtsp_refused = Counter(
            "tipstaff_rtsp_refused", "Requests by RTSP that were refused.", registry=registry
        )
        self.rtsp_left_out = Counter(
            "tipstaff_rtsp_left_out", "Pictures that RTP cannot carry.", registry=registry
        )
        self.rtsp_restarts = Counter(
            "tipstaff_rtsp_restarts", "Starts of the RTSP process after the first.", registry=registry
        )
        self.units_online = Gauge("tipstaff_units_online", "Units connected now.", registry=registry)
        self.incidents_live = Gauge("tipstaff_incidents_live", "Incidents not closed.", registry=registry)
        self.subscribers = Gauge("tipstaff_subscribers", "Live streams open.", registry=registry)

    def text(self) -> bytes:
        """The page for Prometheus (text format 0.0.4)."""
        return generate_latest(self.registry)
