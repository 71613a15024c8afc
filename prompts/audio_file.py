"""What the two generators share: the manifest, levels, and 8 kHz WAV files."""
import hashlib
import io
import pathlib
import re
import tomllib
import wave

import numpy as np

FOLDER = pathlib.Path(__file__).resolve().parent
MANIFEST = FOLDER / "manifest.toml"
RATE = 8000
PACKET = 160  # samples in 20 ms: files are whole packets long, so that a loop has no seam


def entries(kind=None):
    """Lists the manifest's prompts, or those of one kind."""
    prompts = tomllib.loads(MANIFEST.read_text("utf-8"))["prompt"]
    return [it for it in prompts if kind in (None, it["kind"])]


def decibel(value):
    """Turns dB relative to full scale into an amplitude."""
    return 10.0 ** (value / 20.0)


def wav_bytes(samples):
    """Encodes samples in -1..1 as 8 kHz mono 16 bit PCM, filled with silence to whole packets."""
    fill = -len(samples) % PACKET
    samples = np.concatenate([samples, np.zeros(fill)])
    if np.abs(samples).max() >= 1.0:
        raise ValueError("the signal is too loud for 16 bits")
    pcm = np.round(samples * 32767.0).astype("<i2")
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(pcm.tobytes())
    return out.getvalue()


def store(entry, samples):
    """Writes one prompt's file and its digest into the manifest."""
    data = wav_bytes(samples)
    path = FOLDER / entry["file"]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    text = MANIFEST.read_text("utf-8")
    pattern = rf'(id = "{re.escape(entry["id"])}"\n(?:(?!\[\[).*\n)*?sha256 = ")[0-9a-f]*"'
    text, count = re.subn(pattern, rf'\g<1>{digest}"', text)
    if count != 1:
        raise ValueError(f"manifest.toml: no single sha256 line for {entry['id']}")
    MANIFEST.write_text(text, "utf-8")
    loud = 20.0 * np.log10(np.sqrt(np.mean(np.square(samples))) + 1e-9)
    print(f"{entry['id']:16} {len(data) / 2 / RATE:6.2f} s  rms {loud:6.1f} dB  peak {np.abs(samples).max():.2f}  {digest[:12]}")
