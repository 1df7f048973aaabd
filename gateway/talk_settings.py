"""Settings of speech to officers, in a file of their own as `evidence_settings`."""

from pydantic import Field

from gateway.setting_kinds import Section


class TalkSettings(Section):
    """Speech to officers (docs/api.md, "Talk")."""

    max_open: int = Field(
        default=200, ge=1, le=1000, description="Most talk panels open at once; more are refused."
    )
    call_minutes: int = Field(
        default=10, ge=1, le=60, description="A talk ends after so long, and has to be begun again."
    )
