"""The settings of recordings; a section of `gateway.settings`."""

from typing import Literal

from pydantic import Field, SecretStr

from gateway.setting_kinds import Section


class EvidenceSettings(Section):
    """Recordings; `docs/operations.md` explains them. Sizes are in MiB."""

    unit_quota_mib: int = Field(
        default=102_400, ge=1, description="Most that is kept of one unit; more is refused, told and counted."
    )
    quota_mib: int = Field(default=1_048_576, ge=1, description="Most that is kept in all.")
    free_mib: int = Field(
        default=1024,
        ge=0,
        description="So much of the disk stays free for the database: before that, recordings wait on the units.",
    )
    queue_mib: int = Field(
        default=64,
        ge=1,
        le=4096,
        description="Most media waiting for us, and most waiting for the disk; more is dropped, and asked for again.",
    )
    look_every_s: int = Field(
        default=5,
        ge=2,
        le=15,
        description="Seconds. Of each unit that sends live pictures, one is looked at so often: whether the lens is "
        "covered, the picture black, frozen or blurred.",
    )
    looks_per_s: int = Field(
        default=30,
        ge=1,
        le=200,
        description="At most so many pictures are looked at in a second, of all units: about 3 ms of one core each. "
        "With more units, each is looked at less often.",
    )
    retention_days: int = Field(
        default=365,
        ge=183,
        description="Recordings are deleted this long after their last byte came, unless an incident or a hold "
        "refers to them: those stay.",
    )
    max_exports: int = Field(
        default=2, ge=1, le=16, description="Most exports that are made at once for browsers; more wait."
    )
    store: Literal["files", "s3"] = Field(
        default="files",
        description="Where sealed segments stay: `files` in `site.data_dir`, or `s3`, a store that speaks S3. A "
        "file is removed here only after its copy there was read back and has the sealed hash.",
    )
    s3_bucket: str = Field(default="", description="Its bucket, which must exist.")
    s3_prefix: str = Field(default="tipstaff", description="Names in the bucket begin with this and a slash.")
    s3_endpoint: str | None = Field(
        default=None, description="Its address, as https://s3.example; empty is Amazon's."
    )
    s3_region: str = Field(default="us-east-1", description="Its region.")
    s3_access_key: str = Field(default="", description="Access key.")
    s3_secret_key: SecretStr = Field(
        default=SecretStr(""), description="Secret key; best from the environment. It is never shown."
    )
