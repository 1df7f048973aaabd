"""The live wall's places: none comes to mean another officer while somebody may be about to press a button of it."""

from console_modules import driven

#: Circumstance, who sat where ("-": nobody), who is on the wall ("B!": with an alarm), places, and who sits where then.
CASES = [
    ("at first alarms lead", "", "B! A C", 4, "BAC-"),
    ("alarm of a picture in sight", "ABC-", "B! A C", 4, "ABC-"),
    ("queue in another order", "ABC-", "C! B! A", 4, "ABC-"),
    ("alarm takes the free place", "ABC-", "D! A B C", 4, "ABCD"),
    ("alarm takes the first without one", "ABCD", "E! A! B C D", 4, "AECDB"),
    ("all have one", "ABCD", "E! A! B! C! D!", 4, "ABCDE"),
    ("who goes leaves a free place", "ABCD", "A C D", 4, "A-CD"),
    ("who waits takes it", "ABCDE", "A C D E", 4, "AECD"),
    ("alarm out of sight comes into sight", "AB", "A B!", 1, "BA"),
    ("more places", "BA--", "A B! C", 4, "BAC-"),
]

SEATED = """
return given.map(([, before, who, show]) => {
  const units = who.split(" ").map(([unitId, alarm]) => ({ unitId, incident: alarm ? {} : null }));
  const sat = [...before].map((one) => (one === "-" ? null : one));
  return m.seated(sat, units, show).map((one) => one?.unitId ?? "-").join("");
});
"""


def test_picture_keeps_its_place() -> None:
    found = driven("ui/watch/wallUnits.ts", SEATED, CASES)
    assert dict(zip([case[0] for case in CASES], found, strict=True)) == {case[0]: case[4] for case in CASES}
