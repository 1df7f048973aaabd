"""Makes the unit's modules (the codec runs on CPython too) and this folder's own importable."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path += [path for path in (str(HERE), str(HERE.parents[1] / "firmware")) if path not in sys.path]
