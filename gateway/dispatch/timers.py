"""The timers of an incident."""

from enum import StrEnum


class Timer(StrEnum):
    """AUTO_OFFER to WELFARE run on the court's side, one at a time; ACKNOWLEDGE runs beside them on the
    centre's side until a named person has acknowledged."""

    AUTO_OFFER = "auto_offer"
    OFFER = "offer"
    PAGE = "page"
    ACCEPT = "accept"
    EN_ROUTE = "en_route"
    WELFARE = "welfare"
    ACKNOWLEDGE = "acknowledge"
