"""The courts that a command works with: a file's, else the database's, else the sample that is shipped."""

import asyncio
from pathlib import Path

from sqlalchemy.engine import make_url

from gateway.dispatch import courts
from gateway.model import Court
from gateway.settings import Settings
from gateway.store.database import Store
from gateway.store.units import all_courts

SAMPLE_SAID = "the sample that is shipped (seats of government, not court buildings; import your own)"


def known_courts(settings: Settings) -> tuple[list[Court], str]:
    """The courts and where they came from: the database once it exists and has any, before that
    `site.courts_csv` or the sample. Raises CourtsFileError or StoreError."""
    url = make_url(settings.store_url)
    fresh = url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file()
    if not fresh and (stored := asyncio.run(_stored(settings))):
        return stored, url.render_as_string()
    path = settings.site.courts_csv
    return courts.read_file(path or courts.SAMPLE), str(path) if path else SAMPLE_SAID


async def _stored(settings: Settings) -> list[Court]:
    async with Store(settings.store_url) as store, store.read() as connection:
        return await all_courts(connection)
