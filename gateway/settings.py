"""All settings of the gateway: one frozen model, read from a TOML file and from the environment.

The environment wins over the file: `TIPSTAFF_BROKER__KIND=mosquitto` is `[broker] kind`. A key that is not
known is fatal, in the file and in the environment. `docs/settings.md` is generated from this file.
"""

import difflib
import os
import ssl
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError

from gateway.dispatch_settings import DispatchSettings
from gateway.errors import SettingsError
from gateway.evidence_settings import EvidenceSettings
from gateway.live_settings import LiveSettings, RtspSettings
from gateway.setting_kinds import HostName, Section, database, number, origin, service_key, tile_template
from gateway.talk_settings import TalkSettings

PREFIX = "TIPSTAFF_"
# Read by the simulated board and by the command line, not settings of the gateway.
NOT_SETTINGS = frozenset(
    {
        "CONFIG",
        "BOARD",
        "HOME",
        "PASSWORD",
        "SIM_CONTROL",
        "SIM_GNSS",
        "SIM_CAMERA",
        "SIM_MIC",
        "SIM_CARD",
        "SIM_CARD_BYTES_S",
    }
)
# Written with commas in the environment.
LISTS = frozenset({"extra_names", "offer_levels", "tianditu_layers"})


class SiteSettings(Section):
    name: str = Field(default="Tipstaff", description="Name shown at the top of the console.")
    data_dir: Path = Field(
        default=Path("tipstaff-data"),
        description="Folder for the database, the certificates, the broker's files and the units' packages. "
        "Relative paths are taken from the working directory.",
    )
    courts_csv: Path | None = Field(
        default=None,
        description="CSV of courts imported at the first start; empty uses the sample that is shipped.",
    )
    outlines: Path | None = Field(
        default=None,
        description="GeoJSON of polygons in WGS-84 with a property `name`, drawn under the console's map in "
        "place of the outlines that are shipped (gateway/data/OUTLINES.md).",
    )


class HttpSettings(Section):
    host: str = Field(default="127.0.0.1", description="Address on which the console and the API are served.")
    port: int = Field(default=8440, ge=0, le=65535, description="Their port; 0 takes a free one.")
    public_url: Annotated[str | None, AfterValidator(origin)] = Field(
        default=None, description="Origin that browsers use when a proxy stands before us, as https://host."
    )
    tls_cert: Path | None = Field(
        default=None, description="PEM certificate chain, to serve https ourselves."
    )
    tls_key: Path | None = Field(default=None, description="PEM key of `tls_cert`.")
    session_hours: int = Field(default=12, ge=1, le=72, description="A login ends after so many hours.")
    idle_minutes: int = Field(
        default=30,
        ge=1,
        le=1440,
        description="A login that nobody uses ends after this; an open console uses it.",
    )
    max_live: int = Field(default=200, ge=1, le=400, description="Most open consoles; more are refused.")
    metrics_public: bool = Field(
        default=False, description="Answer /metrics to any address, not only to this machine."
    )


class BrokerSettings(Section):
    kind: Literal["embedded", "mosquitto", "external"] = Field(
        default="embedded",
        description="`embedded`: nats-server, started and supervised by us, loopback only. `mosquitto`: the "
        "installed mosquitto, started and supervised by us. `external`: one that you run.",
    )
    host: str = Field(
        default="127.0.0.1", description="Address on which the broker listens, or where an external one is."
    )
    port: int = Field(default=8883, ge=0, le=65535, description="MQTT over TLS; 0 takes a free port.")
    server_name: HostName = Field(
        default="localhost", description="Name in the broker's certificate that clients check."
    )
    extra_names: tuple[HostName, ...] = Field(
        default=(),
        description="Further DNS names or IP addresses in the certificate of the broker that we start.",
    )
    program: Path | None = Field(
        default=None, description="Path of nats-server or mosquitto; empty searches for it."
    )
    units_host: str | None = Field(
        default=None, description="Address that units connect to, if it is not `host`."
    )
    units_port: int | None = Field(
        default=None, ge=1, le=65535, description="Port for units, if it is not `port`."
    )
    ca_file: Path | None = Field(
        default=None, description="External only: PEM of the authority of its certificate."
    )
    max_packet_bytes: int = Field(
        default=32768,
        ge=4096,
        le=1 << 20,
        description="Larger messages are refused by the broker that we start.",
    )
    window: int = Field(
        default=2000,
        ge=10,
        le=65535,
        description="Messages that may be on their way to us and not yet committed.",
    )


class StoreSettings(Section):
    url: Annotated[str, AfterValidator(database)] = Field(
        default="",
        description="SQLAlchemy URL; empty is SQLite in `site.data_dir`. PostgreSQL: "
        "postgresql+asyncpg://user:password@host/name.",
    )
    fix_retention_days: int = Field(default=30, ge=1, description="Positions older than this are removed.")
    fix_max_rows: int = Field(default=50_000_000, ge=1000, description="And never more rows than this.")
    sqlite_max_pages: int | None = Field(
        default=None, ge=64, description="SQLite only: the file may not grow past so many pages of 4 KiB."
    )


class IngestSettings(Section):
    future_s: int = Field(
        default=10, ge=1, description="A unit's time later than ours by more is not believed."
    )
    fix_batch: int = Field(
        default=400, ge=1, le=5000, description="Most messages of positions committed together."
    )
    queue: int = Field(
        default=10_000, ge=100, description="Most messages waiting for us before the broker is held up."
    )


class UnitSettings(Section):
    hold_ms: int = Field(
        default=1000, ge=0, le=5000, description="How long the button is held to raise an alarm."
    )
    mqtt_version: Annotated[Literal[4, 5], BeforeValidator(number)] = Field(
        default=4, description="4 is MQTT 3.1.1; 5 only with mosquitto or external."
    )
    cancel_code: int = Field(
        default=3, ge=2, le=9, description="Short presses that withdraw an alarm, unless set by unit."
    )
    cert_days: int = Field(default=1095, ge=1, description="Life of a unit's certificate.")


class MapSettings(Section):
    """What is drawn under the console's map. Without a key and a file it has the shipped outlines only, and nothing
    outside is ever asked."""

    tianditu_key: Annotated[str, AfterValidator(service_key)] = Field(
        default="",
        repr=False,
        description="Key of Tianditu for servers; empty: no Tianditu. It stays in the gateway, which fetches "
        "the tiles.",
    )
    tianditu_url: Annotated[str, AfterValidator(tile_template)] = Field(
        default="https://t{s}.tianditu.gov.cn/{layer}_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0"
        "&LAYER={layer}&STYLE=default&TILEMATRIXSET=w&FORMAT=tiles&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}&tk={key}",
        description="Address of a tile; `{s}` becomes 0 to 7. Another one for a mirror inside a closed network.",
    )
    tianditu_layers: tuple[Literal["vec", "cva", "img", "cia", "ter", "cta"], ...] = Field(
        default=("vec", "cva", "img", "cia"),
        description="Its layers: streets, imagery and terrain (`vec`, `img`, `ter`) and their names "
        "(`cva`, `cia`, `cta`).",
    )
    pmtiles: Path | None = Field(default=None, description="A PMTiles file (version 3) of a map of your own.")
    pmtiles_datum: Literal["wgs84", "gcj02"] = Field(
        default="wgs84", description="Datum in which that map was drawn; CGCS2000 counts as `wgs84`."
    )
    pmtiles_attribution: str = Field(
        default="", max_length=200, description="Who made it and its review number, shown under the map."
    )
    cache_mb: int = Field(
        default=512,
        ge=0,
        le=100_000,
        description="Most MiB of Tianditu's tiles kept in `site.data_dir`; 0 keeps none.",
    )


class LogSettings(Section):
    format: Literal["console", "json"] = Field(
        default="console", description="`console` for people, `json` for programs."
    )
    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least level written."
    )
    repeat_s: int = Field(
        default=10, ge=1, description="The same fault of the same unit is written once in this time."
    )


class Settings(Section):
    """Everything that can be set."""

    site: SiteSettings = SiteSettings()
    http: HttpSettings = HttpSettings()
    broker: BrokerSettings = BrokerSettings()
    store: StoreSettings = StoreSettings()
    dispatch: DispatchSettings = DispatchSettings()
    ingest: IngestSettings = IngestSettings()
    evidence: EvidenceSettings = EvidenceSettings()
    live: LiveSettings = LiveSettings()
    talk: TalkSettings = TalkSettings()
    rtsp: RtspSettings = RtspSettings()
    unit: UnitSettings = UnitSettings()
    map: MapSettings = MapSettings()
    log: LogSettings = LogSettings()

    @property
    def data_dir(self) -> Path:
        """`site.data_dir`."""
        return self.site.data_dir

    @property
    def store_url(self) -> str:
        """The database's URL, with the default filled in."""
        return self.store.url or f"sqlite+aiosqlite:///{self.data_dir / 'tipstaff.db'}"


def load(path: Path | None = None, env: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from `path` (TOML; None: only the environment and defaults).

    Raises SettingsError, one line that names the key, for anything unknown, out of range, or not possible
    together with the rest.
    """
    values = _from_file(path) if path is not None else {}
    for key, section in values.items():
        if not isinstance(section, dict) and key in Settings.model_fields:
            raise SettingsError(key, "must be a section, as in [" + key + "]")
    _overlay_environment(values, os.environ if env is None else env)
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        raise _explained(error) from None
    _check_together(settings)
    return settings


def _check_together(settings: Settings) -> None:
    if settings.evidence.store == "s3" and not settings.evidence.s3_bucket:
        raise SettingsError("evidence.s3_bucket", 'is needed with evidence.store = "s3"')
    if settings.broker.kind == "embedded" and settings.unit.mqtt_version == 5:
        raise SettingsError(
            "unit.mqtt_version", "the embedded broker speaks 3.1.1 (4) only; 5 needs another broker.kind"
        )
    _check_certificate("http", settings.http.tls_cert, settings.http.tls_key)
    _check_certificate("rtsp", settings.rtsp.tls_cert, settings.rtsp.tls_key)


def _check_certificate(section: str, certificate: Path | None, key: Path | None) -> None:
    if certificate is None:
        if key is not None:
            raise SettingsError(
                f"{section}.tls_key", f"needs {section}.tls_cert, the certificate that it belongs to"
            )
        return
    for name, path in ((f"{section}.tls_cert", certificate), (f"{section}.tls_key", key)):
        try:
            if path is not None and b"-----BEGIN " not in path.read_bytes():
                raise SettingsError(name, f"{path}: is not PEM")
        except OSError as error:
            raise SettingsError(name, f"{path}: {error.strerror}") from None
    try:
        # An empty password: without one, an encrypted key would be asked for at the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
    except (OSError, ValueError) as error:
        why = getattr(error, "reason", None) or str(error)
        files = str(certificate) if key is None else f"{certificate} with {key}"
        raise SettingsError(
            f"{section}.tls_cert", f"{files}: no certificate and its key without a password ({why})"
        ) from None


def _from_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SettingsError("", f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise SettingsError("", f"{path}: is not TOML: {error}") from None


def _overlay_environment(values: dict[str, Any], env: Mapping[str, str]) -> None:
    for name in sorted(env):
        rest = name.removeprefix(PREFIX)
        if rest == name or rest in NOT_SETTINGS:
            continue
        section, _, key = rest.lower().partition("__")
        if section not in Settings.model_fields or not key:
            raise SettingsError(name, f"unknown; settings are {PREFIX}SECTION__KEY, as {PREFIX}BROKER__KIND")
        text = env[name]
        values.setdefault(section, {})[key] = _listed(text) if key in LISTS else text


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _explained(error: ValidationError) -> SettingsError:
    first = error.errors()[0]
    path = tuple(str(part) for part in first["loc"])
    if first["type"] == "value_error":  # our own: it says what there is to say
        return SettingsError(".".join(path), str(first["ctx"]["error"]))
    if first["type"] != "extra_forbidden":
        return SettingsError(".".join(path), f"{first['msg']}, not {first['input']!r}")
    known: list[str] = list(Settings.model_fields)
    if len(path) > 1:
        known = list(type(getattr(Settings(), path[0])).model_fields)
    close = difflib.get_close_matches(path[-1], known, 1)
    return SettingsError(".".join(path), "unknown key" + (f"; is {close[0]!r} meant?" if close else ""))


def documented() -> str:
    """The text of docs/settings.md."""
    lines = [
        "# Settings",
        "",
        "Generated by `tipstaff settings --docs`. They come from a TOML file (`--config FILE`, `TIPSTAFF_CONFIG`,",
        "or `tipstaff.toml` in the working directory) and from environment variables `TIPSTAFF_SECTION__KEY`,",
        "which win. An unknown key is fatal. `tipstaff settings` checks and prints what is set.",
    ]
    for name, section in Settings():
        lines += ["", f"## [{name}]", ""]
        about = (type(section).__doc__ or "").strip()
        if about:
            lines += [about, ""]
        lines += ["| key | default | what |", "|---|---|---|"]
        for key, field in type(section).model_fields.items():
            value = field.default
            if isinstance(value, tuple):
                value = ", ".join(str(one) for one in value)
            if isinstance(value, SecretStr):
                value = value.get_secret_value()
            shown = "not set" if value in (None, "") else f"`{value}`"
            lines.append(f"| `{key}` | {shown} | {field.description} |")
    return "\n".join(lines) + "\n"
