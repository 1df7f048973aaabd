"""An officer's unit as the broker sees it: its own certificate, real MQTT."""

import json
import secrets
import ssl
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import paho.mqtt.client as mqtt
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from protocol import topics
from protocol.messages import (
    CLOCK_NETWORK,
    CLOCK_NONE,
    DONE,
    KIND_BUTTON,
    KIND_CANCEL,
    REFUSED,
    Alarm,
    Command,
    FixBatch,
    Receipt,
    Reply,
    State,
)
from protocol.records import Fix, Stamp
from protocol.talk import Talk

WITHIN_S = 40.0
CASE = "(2026)闽0104执1287号"
# A court in the sample register; its officers are near it.
COURT = "350104"
PLACE_E7 = (260_390_000, 1_192_700_000)


@dataclass
class Officer:
    """A unit on the real broker. It replies to each receipt as if it had been felt, and to each command as done, or as
    refused with the words of `refuses`."""

    unit_id: str
    files: Path
    client: mqtt.Client = field(init=False)
    boot: int = 1
    felt: list[int] = field(default_factory=list)
    heard: list[tuple[float, Talk]] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    refuses: str | None = None
    connected: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        configuration = json.loads((self.files / "unit.json").read_text("utf-8"))
        self.court_id: str = configuration["court_id"]
        self.client = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2,
            client_id=self.unit_id,
            clean_session=True,
            protocol=mqtt.MQTTv311,
        )
        self.client.tls_set_context(self._tls())
        self.client.on_connect = self._on_connect
        self.client.on_message = self._on_message
        self.host, self.port = configuration["broker_host"], configuration["broker_port"]

    def __enter__(self) -> Self:
        self.client.connect(self.host, self.port)
        self.client.loop_start()
        assert self.connected.wait(WITHIN_S)
        self.state()
        return self

    def __exit__(self, *_: object) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def state(self, battery_pct: int = 76, case_no: str | None = CASE, speaker: int | None = None) -> None:
        self._publish("state", State(
            online=1, boot=self.boot, session=1, stamp=self._now(), battery_pct=battery_pct, battery_mv=3900,
            charging=0, storage_free_kib=30_000_000, storage_total_kib=62_000_000, signal_dbm=-97,
            network="lte", recording=1, firmware="1.0.0", case_no=case_no, uptime_s=120, counters={}, speaker=speaker,
        ))  # fmt: skip

    def fix(self, lat_e7: int = PLACE_E7[0], lon_e7: int = PLACE_E7[1], *, ahead_s: int | None = 0) -> None:
        """Say where the officer is. `ahead_s`: how far the unit's clock is ahead; None: it was never set."""
        self._publish("fix", FixBatch(fixes=[self._fix(lat_e7, lon_e7, ahead_s)], dropped=0))

    def press(self, kind: int = KIND_BUTTON, *, with_fix: bool = True, **more: Any) -> bytes:
        """Raise an alarm; its id."""
        alarm_id = secrets.token_bytes(16)
        where = {"fix": self._fix(*PLACE_E7), "fix_age_ms": 800} if with_fix else {}
        self._publish("alarm", Alarm(
            alarm_id=alarm_id, kind=kind, pressed=self._now(), repeat=0, case_no=CASE, **where, **more
        ))  # fmt: skip
        return alarm_id

    def cancel(self, alarm_id: bytes, code: int) -> None:
        self.press(KIND_CANCEL, ref=alarm_id, code=code)

    def _publish(self, leaf: str, message: Any) -> None:
        topic = topics.up(self.court_id, self.unit_id, leaf)
        self.client.publish(topic, message.encode(), qos=1, retain=leaf == "state").wait_for_publish(WITHIN_S)

    def _on_connect(self, client: mqtt.Client, *_: object) -> None:
        client.subscribe(topics.down_all(self.court_id, self.unit_id), qos=1)
        self.connected.set()

    def _on_message(self, client: mqtt.Client, _: object, message: mqtt.MQTTMessage) -> None:
        if message.topic.endswith("/talk"):
            self.heard.append((time.monotonic(), Talk.decode(message.payload)))
        elif message.topic.endswith("/alarm"):
            receipt = Receipt.decode(message.payload)
            self.felt.append(receipt.status)
            reply = Reply(ref=receipt.alarm_id, outcome=DONE, seq=receipt.seq, stamp=self._now())
            client.publish(topics.up(self.court_id, self.unit_id, "reply"), reply.encode(), qos=1)
        elif message.topic.endswith("/command"):
            command = Command.decode(message.payload)
            self.commands.append(command)
            outcome = DONE if self.refuses is None else REFUSED
            reply = Reply(ref=command.command_id, outcome=outcome, detail=self.refuses, stamp=self._now())
            client.publish(topics.up(self.court_id, self.unit_id, "reply"), reply.encode(), qos=1)

    def _fix(self, lat_e7: int, lon_e7: int, ahead_s: int | None = 0) -> Fix:
        return Fix(
            stamp=self._now(ahead_s), lat_e7=lat_e7, lon_e7=lon_e7, accuracy_dm=85, speed_cm_s=140, course_cdeg=4500,
            altitude_dm=120, satellites=9, quality=1,
        )  # fmt: skip

    def _now(self, ahead_s: int | None = 0) -> Stamp:
        now_ms, mono_ms = time.time_ns() // 1_000_000, time.monotonic_ns() // 1_000_000
        if ahead_s is None:
            return Stamp(utc_s=0, utc_ms=0, quality=CLOCK_NONE, mono_ms=mono_ms, boot=self.boot)
        return Stamp(
            utc_s=now_ms // 1000 + ahead_s, utc_ms=now_ms % 1000, quality=CLOCK_NETWORK,
            mono_ms=mono_ms, boot=self.boot,
        )  # fmt: skip

    def _tls(self) -> ssl.SSLContext:
        ca = ssl.DER_cert_to_PEM_cert((self.files / "ca.der").read_bytes())
        context = ssl.create_default_context(cadata=ca)
        context.check_hostname = False
        certificate = ssl.DER_cert_to_PEM_cert((self.files / "unit.der").read_bytes())
        key = load_der_private_key((self.files / "unit.key.der").read_bytes(), None)
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        both = self.files / "unit.pem"
        both.write_text(certificate + pem, "ascii")
        context.load_cert_chain(both)
        return context
