"""Speak the annunciator's phrases into gateway/annunciator/phrases: `python tools/phrases.py`.

Needs espeak-ng (Debian: espeak-ng). Chinese is given as pinyin with tones, so that words are spoken together and no
character is read wrongly; `TEXTS` has it beside the characters. The files ship, so nothing of this is needed to listen.
"""

from __future__ import annotations

import io
import subprocess
import wave
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parents[1] / "gateway" / "annunciator" / "phrases"
RATE_HZ = 16_000
PEAK = 0.85
QUIET = 200
WORDS_A_MIN = {"zh": "150", "en": "155"}
VOICE = {"zh": "cmn-latn-pinyin", "en": "en-gb"}
TEXTS = {
    # 注意，与网关的连接已断开，收不到报警，请立即检查。
    ("zh", "lost"): "zhu4yi4, yu3 wang3guan1 de5 lian2jie1 yi3 duan4kai1, shou1 bu2 dao4 bao4jing3, "
    "qing3 li4ji2 jian3cha2.",
    # 与网关的连接已恢复。
    ("zh", "back"): "yu3 wang3guan1 de5 lian2jie1 yi3 hui1fu4.",
    # 报警音响自检。
    ("zh", "test"): "bao4jing3 yin1xiang3 zi4jian3.",
    ("en", "lost"): "Attention. The gateway cannot be reached. Alarms are not heard. Check at once.",
    ("en", "back"): "The gateway is reached again.",
    ("en", "test"): "Annunciator self-test.",
}


def spoken(lang: str, text: str) -> np.ndarray:
    """Samples at RATE_HZ, without silence at the ends."""
    command = [
        "espeak-ng",
        "-b",
        "1",
        "-v",
        VOICE[lang],
        "-s",
        WORDS_A_MIN[lang],
        "-a",
        "180",
        "--stdout",
        text,
    ]
    data = subprocess.run(command, check=True, capture_output=True).stdout
    with wave.open(io.BytesIO(data)) as file:  # its header gives no length
        rate_hz, samples = file.getframerate(), np.frombuffer(file.readframes(1 << 24), "<i2")
    loud = np.flatnonzero(np.abs(samples) > QUIET)
    samples = samples[loud[0] : loud[-1] + 1].astype(np.float64)
    at = np.arange(0, len(samples) - 1, rate_hz / RATE_HZ)
    samples = np.interp(at, np.arange(len(samples)), samples)
    return (samples * (PEAK * 32767 / np.abs(samples).max())).astype("<i2")


for (lang, name), text in TEXTS.items():
    samples = spoken(lang, text)
    with wave.open(str(FOLDER / f"{name}.{lang}.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(samples.tobytes())
    print(f"{name}.{lang}.wav  {len(samples) / RATE_HZ:.1f} s")
