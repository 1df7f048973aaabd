"""English."""

from gateway.api.words.shape import Words

EN = Words(
    lang="en",
    state={
        "NEW": "New alarm",
        "OFFERED": "Offered, waiting for an answer",
        "UNCOVERED": "Nobody answered, everybody on duty is paged",
        "ACCEPTED": "Accepted",
        "EN_ROUTE": "On the way",
        "ON_SCENE": "On the scene",
        "CLOSED": "Closed",
        "MERGED": "Merged",
    },
    kind={
        "button": "Emergency call",
        "duress": "Duress alarm",
        "man_down": "Officer down",
        "missed_checkin": "Missed check-in",
        "low_battery": "Battery dying",
        "test": "Test alarm",
        "exercise": "Exercise alarm",
    },
    worth={"good": "good", "coarse": "coarse", "stale": "old", "none": "missing"},
    columns=(
        "incident", "state", "kind", "duress", "officer", "unit", "own court", "case", "opened (Beijing)",
        "pressed by the unit's clock (Beijing)", "presses", "latitude (WGS-84)", "longitude (WGS-84)",
        "position is", "nearest court", "distance (m)", "acknowledged by", "acknowledged (Beijing)",
        "in whose hands", "accepted by court", "accepted (Beijing)", "closed by", "closed (Beijing)",
        "reason", "merged into", "attachments",
    ),
)  # fmt: skip
