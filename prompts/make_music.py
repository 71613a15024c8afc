#!/usr/bin/env python3
"""Composes the music on hold and the tones. Deterministic, numpy only.

Run: VENV/bin/python make_music.py [id ...]

The music is our own: twelve bars at 71 beats a minute, a soft pad of four voices under a plucked five-tone melody.
Every note is wrapped around the end of the loop, so the last bar rings into the first and no seam is heard. Notes lie
above 250 Hz and partials under 3400 Hz, which is what a telephone carries. Tones: 450 Hz with China's cadences
(ITU-T E.180 Supplement 2).
"""
import sys

import numpy as np

from audio_file import PACKET, RATE, decibel, entries, store

BEAT = 42 * PACKET  # 0.84 s
BARS = 12
LOOP = BARS * 4 * BEAT  # 40.32 s
MUSIC_LEVEL = -20.0  # dB relative to full scale, mean over the loop
TONE_LEVEL = -13.0 - 3.0  # dB: a sine of -10 dBm0 in A-law, whose full-scale sine is +3.14 dBm0, less 3 dB for comfort
EDGE = 40  # samples: 5 ms, against clicks
LOWEST, HIGHEST = 250.0, 3400.0  # Hz

CHORDS = [  # one a bar, as semitones from A4 = 440 Hz
    (-21, -9, -5, -2), (-24, -12, -9, -5), (-28, -16, -12, -9), (-26, -14, -10, -7),
    (-21, -9, -5, -2), (-29, -17, -14, -10), (-28, -16, -12, -9), (-26, -14, -10, -7),
    (-24, -12, -9, -5), (-28, -16, -12, -9), (-19, -7, -4, 0), (-26, -14, -10, -7),
]
MELODY = [  # (beat, semitones from A4, strength), C D E G A only
    (0.0, -5, .9), (1.0, -2, .7), (1.5, 0, .8), (3.0, -2, .6),
    (4.0, -5, .8), (5.5, -7, .6), (6.0, -9, .8),
    (8.0, -7, .8), (9.0, -5, .7), (10.0, -2, .8), (11.5, -5, .5),
    (12.0, -7, .9), (14.0, -14, .5), (14.5, -12, .5), (15.0, -9, .6),
    (16.0, -5, .9), (17.0, -2, .7), (17.5, 0, .8), (18.5, 3, .7), (19.0, 0, .6),
    (20.0, -2, .9), (22.0, -5, .6), (23.0, -7, .6),
    (24.0, 0, .9), (25.0, -2, .7), (26.0, -5, .7), (27.0, -7, .6),
    (28.0, -5, .9), (30.0, -7, .5), (31.0, -9, .6),
    (32.0, -12, .8), (33.0, -9, .7), (34.0, -7, .7), (35.0, -5, .7),
    (36.0, -2, .9), (37.5, -5, .6), (38.0, -7, .7),
    (40.0, -7, .8), (41.0, -5, .7), (42.0, -7, .6), (43.0, -9, .6),
    (44.0, -7, .8), (46.0, -5, .5), (47.0, -7, .5),
]


def pitch(semitones):
    """The frequency of a note, Hz."""
    return 440.0 * 2.0 ** (semitones / 12.0)


def add_around(loop, at, note):
    """Adds a note to the loop, wrapped around its end."""
    places = (at + np.arange(len(note))) % len(loop)
    np.add.at(loop, places, note)


def partials(frequency, length, weights):
    """Sums harmonics with the given weights, those above the band left out."""
    time = np.arange(length) / RATE
    out = np.zeros(length)
    for number, weight in enumerate(weights, 1):
        if frequency * number < HIGHEST:
            out += weight * np.sin(2.0 * np.pi * frequency * number * time)
    return out


def pad_note(frequency):
    """A bar of a soft, slowly swelling voice that overlaps the next bar."""
    length = 4 * BEAT + 2 * BEAT
    swell = np.sin(np.pi * np.arange(length) / length) ** 1.2
    near = partials(frequency, length, (1.0, 0.35, 0.12, 0.05))
    far = partials(frequency * 1.003, length, (1.0, 0.35, 0.12, 0.05))
    return swell * (near + far) * 0.5


def plucked_note(frequency, strength):
    """A plucked string: higher partials die sooner."""
    length = int(2.6 * RATE)
    time = np.arange(length) / RATE
    out = np.zeros(length)
    for number, weight in enumerate((1.0, 0.45, 0.25, 0.12, 0.06), 1):
        if frequency * number < HIGHEST:
            fade = np.exp(-time * (1.6 + 0.9 * number))
            out += weight * fade * np.sin(2.0 * np.pi * frequency * number * time)
    out[:EDGE] *= np.linspace(0.0, 1.0, EDGE)
    out[-800:] *= np.linspace(1.0, 0.0, 800)
    return strength * out


def music():
    """The loop."""
    loop = np.zeros(LOOP)
    for bar, chord in enumerate(CHORDS):
        for voice, semitones in enumerate(chord):
            # Below 250 Hz a telephone carries nothing: a voice that deep sounds an octave or two higher, the bass softer.
            lifted = semitones
            while pitch(lifted) < LOWEST:
                lifted += 12
            weight = 0.05 if voice == 0 else 0.10
            add_around(loop, bar * 4 * BEAT - BEAT, weight * pad_note(pitch(lifted)))
    for beat, semitones, strength in MELODY:
        add_around(loop, int(beat * BEAT), 0.45 * plucked_note(pitch(semitones + 12), strength))
    # A quiet echo, three quarters of a beat later, also around the end.
    loop = loop + 0.22 * np.roll(loop, 3 * BEAT // 4)
    return loop * decibel(MUSIC_LEVEL) / np.sqrt(np.mean(np.square(loop)))


def tone(frequency, on_s, off_s, level=TONE_LEVEL):
    """A sine that is on, then off."""
    on = int(on_s * RATE)
    out = np.sqrt(2.0) * decibel(level) * np.sin(2.0 * np.pi * frequency * np.arange(on) / RATE)
    out[:EDGE] *= np.linspace(0.0, 1.0, EDGE)
    out[-EDGE:] *= np.linspace(1.0, 0.0, EDGE)
    return np.concatenate([out, np.zeros(int(off_s * RATE))])


MAKERS = {
    "music-hold": music,
    "ringback": lambda: tone(450.0, 1.0, 4.0),
    "busy": lambda: tone(450.0, 0.35, 0.35),
    "agent-whisper": lambda: np.concatenate([tone(880.0, 0.12, 0.08, -22.0), tone(1175.0, 0.12, 0.08, -22.0)]),
}


def main():
    for entry in entries():
        if entry["kind"] != "speech" and (len(sys.argv) == 1 or entry["id"] in sys.argv[1:]):
            store(entry, MAKERS[entry["id"]]())


if __name__ == "__main__":
    main()
