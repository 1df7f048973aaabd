"""Every error that the gateway raises on purpose.

    TipstaffError
      SettingsError          the settings cannot be used (path of the key, what is wrong)
      StoreError             the database refused (disk full, gone, a newer schema)
        StoreFull            no room to commit
        StoreRefused         values that the database does not take: trying again does not help
        StoreClosed          the store is closing; the caller's write was not made
      BrokerError            the broker cannot be started or reached
        BrokerMissing        its program is not installed
        BrokerAddress        an address that this kind of broker may not listen on
      ProvisionError         a unit cannot be provisioned or revoked
        UnknownCourt         no such court
        UnknownUnit          no such unit
        BadName              an id that topics and certificates cannot carry
      AccountError           a user cannot be made or changed
      EvidenceUnreadable     a file, folder or key that is to be verified cannot be read
      TooMuchAtOnce          as much of this is being done as may be at once: try again shortly
      ExportRefused          an export cannot be made: no room, nothing to export, something is there already
      NotFound               no such incident
      Refused                the event is not possible now (reason)
        Conflict             somebody else was first: carries the incident as it is now
      NotCommitted           the change could not be stored; nothing was changed

A message says what to do next. The command line prints it as one line and ends with status 2.
"""

from typing import Any


class TipstaffError(Exception):
    """Root of all errors of the gateway."""


class SettingsError(TipstaffError):
    """A setting cannot be used. `key` is its dotted path."""

    def __init__(self, key: str, problem: str) -> None:
        super().__init__(f"{key}: {problem}" if key else problem)
        self.key = key
        self.problem = problem


class StoreError(TipstaffError):
    """The database refused."""


class StoreFull(StoreError):
    """There is no room to commit."""


class StoreRefused(StoreError):
    """Values that the database does not take; trying again does not help."""


class StoreClosed(StoreError):
    """The store is closing; the write was not made."""


class BrokerError(TipstaffError):
    """The broker cannot be started or reached."""


class BrokerMissing(BrokerError):
    """The broker's program is not installed. `program` is its name."""

    def __init__(self, program: str, advice: str) -> None:
        super().__init__(f"{program} was not found: {advice}")
        self.program = program


class BrokerAddress(BrokerError):
    """This kind of broker may not listen on `host`."""

    def __init__(self, host: str, advice: str) -> None:
        super().__init__(f"broker.host = {host!r}: {advice}")
        self.host = host


class ProvisionError(TipstaffError):
    """A unit cannot be provisioned or revoked."""


class UnknownCourt(ProvisionError):
    """There is no court `court_id`."""

    def __init__(self, court_id: str) -> None:
        super().__init__(f"there is no court {court_id!r}: `tipstaff courts list` shows those that are known")
        self.court_id = court_id


class UnknownUnit(ProvisionError):
    """There is no unit `unit_id`."""

    def __init__(self, unit_id: str) -> None:
        super().__init__(
            f"there is no unit {unit_id!r}: `tipstaff provision {unit_id} --court CODE` makes it"
        )
        self.unit_id = unit_id


class BadName(ProvisionError):
    """An id with characters, or of a length, that topics and certificates cannot carry."""

    def __init__(self, what: str, name: str, limit: int) -> None:
        super().__init__(f"{what} {name!r}: use 1 to {limit} of the characters A-Z a-z 0-9 - _")
        self.name = name


class AccountError(TipstaffError):
    """A user cannot be made or changed."""


class EvidenceUnreadable(TipstaffError):
    """What is to be verified cannot be read."""


class TooMuchAtOnce(TipstaffError):
    """As much of this work is under way as may be. Nothing was done."""


class ExportRefused(TipstaffError):
    """An export cannot be made. Nothing of it is left."""


class NotFound(TipstaffError):
    """There is no incident, unit or court of that id."""


class Refused(TipstaffError):
    """The event is not possible in the incident's present state. `incident` is the centre's View of it."""

    def __init__(self, reason: str, incident: Any = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.incident = incident


class Conflict(Refused):
    """Somebody else changed the incident first: its version is no longer the one expected."""


class NotCommitted(TipstaffError):
    """The change could not be stored. Nothing was changed; try again."""
