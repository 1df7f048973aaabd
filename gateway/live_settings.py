"""The settings of what is sent live; a section of `gateway.settings`."""

from pathlib import Path

from pydantic import Field

from gateway.setting_kinds import HostName, Section


class LiveSettings(Section):
    """Live pictures and sound; `docs/operations.md` explains them."""

    viewers_per_unit: int = Field(
        default=20, ge=1, le=200, description="Most who watch one unit at once; more are refused."
    )
    viewers: int = Field(default=400, ge=1, le=2000, description="Most who watch in all; more are refused.")
    viewer_kib: int = Field(
        default=2048,
        ge=256,
        le=65_536,
        description="Most that waits for one viewer who is slow: beyond it old pictures are dropped, then old sound.",
    )
    transcodes: int = Field(
        default=4,
        ge=0,
        le=64,
        description="Most streams that are made smaller or into H.264 at once, for viewers who ask for it: some "
        "hundredths of a core each. Whoever asks for one more gets what the unit sends, and is told.",
    )


class RtspSettings(Section):
    """Live pictures and sound for video walls and recorders, by RTSP; `docs/operations.md` explains them."""

    enabled: bool = Field(
        default=False, description="Serve rtsp://host:port/units/ID; it needs Debian packages."
    )
    host: HostName = Field(
        default="127.0.0.1",
        description="Address on which it listens. Without a certificate, on another than this machine's own, "
        "stream keys are taken and passwords are not.",
    )
    tls_cert: Path | None = Field(
        default=None,
        description="PEM certificate chain, to serve rtsps:// instead: everything goes over the player's own "
        "connection then, nothing over UDP.",
    )
    tls_key: Path | None = Field(default=None, description="PEM key of `tls_cert`.")
    port: int = Field(default=8554, ge=0, le=65535, description="Its port; 0 takes a free one.")
    sessions: int = Field(default=16, ge=1, le=128, description="Most who watch by RTSP at once.")
    python: Path = Field(
        default=Path("/usr/bin/python3"), description="The system's Python, which has GStreamer (python3-gi)."
    )

    @property
    def tls(self) -> tuple[Path, Path] | None:
        """(certificate, key), if it is encrypted; one file may hold both."""
        return (self.tls_cert, self.tls_key or self.tls_cert) if self.tls_cert is not None else None
