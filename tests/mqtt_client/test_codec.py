"""The codec's tests of tests/firmware_mp, on CPython as well."""

import importlib.util
from pathlib import Path

import pytest

PATH = Path(__file__).resolve().parents[1] / "firmware_mp" / "mp_mqtt_codec.py"
SPEC = importlib.util.spec_from_file_location("mqtt_codec_checks", PATH)
assert SPEC is not None and SPEC.loader is not None
CHECKS = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(CHECKS)


@pytest.mark.parametrize("name", [name for name in vars(CHECKS) if name.startswith("test_")])
def test_codec_on_cpython(name: str) -> None:
    getattr(CHECKS, name)()
