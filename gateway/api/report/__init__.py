"""The report of an incident: one self-contained page, made to be printed on A4 and filed.

It is made from the log as it is stored, not from what a console shows, and says whether the log's chain holds.
Reading order: `page` puts it together, `steps` puts the log into words, `map_svg` draws, `words` has the texts.
"""

from gateway.api.report.page import TALKS_MAX, Report, policy, render

__all__ = ["TALKS_MAX", "Report", "policy", "render"]
