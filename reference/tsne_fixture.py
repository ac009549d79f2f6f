"""Exact t-SNE of made-up route codes, for Tests/FiguresTests/TSNETests.swift.

write(folder, save_json) leaves tsne-codes.json:

    distances   [n][n] Hamming distances of n codes: three groups and some codes that belong nowhere
    cases       for each perplexity: joint [n][n], the joint probabilities (0 on the diagonal)
    descent     start [n][2], exaggeration, rate, steps of plain gradient descent with momentum and
                gains, half of them exaggerated; divergence, before and after; places [n][2], after
    scikit_learn    version, and the divergences that its TSNE(method="exact") reaches from random
                starts with the first perplexity

The first three are NumPy in double precision. scikit-learn is not among the pinned packages: where it
can be imported, its joint probabilities must agree with those here, and its divergences are measured
anew; where not, the committed ones are carried over, and a line on stderr says so.
"""

import json
import random
import sys
from pathlib import Path

import numpy as np

FOLDER = "FiguresTests/Fixtures"
NAME = "tsne-codes.json"
SEED = 20260104
# With the second, some codes have more equally near neighbours than it asks for. scikit-learn loses
# such a row to underflow, so it is asked about the first alone.
PERPLEXITIES = [8.0, 2.5]
STARTS = 9
LEAST = 1e-12  # of a probability
# scikit-learn searches in single precision and stops once the entropy is within 1e-5.
AGREEMENT = 1e-4


def codes():
    draw = random.Random(SEED)

    def code():
        return [draw.randrange(2) for _ in range(24)]

    found = []
    for _ in range(3):
        centre = code()
        for _ in range(8):
            flipped = draw.sample(range(24), 3)
            found.append([bit ^ (place in flipped) for place, bit in enumerate(centre)])
    return np.array(found + [code() for _ in range(6)])


def conditional(squares, i, perplexity):
    """p(j|i), the precision found by halving; as narrow as can be where ties allow no such width."""
    low, high, precision = 0.0, np.inf, 1.0
    nearest = np.delete(squares, i).min()
    for _ in range(200):
        row = np.exp(-precision * np.maximum(squares - nearest, 0))
        row[i] = 0
        row /= row.sum()
        entropy = -(row[row > 0] * np.log(row[row > 0])).sum()
        if abs(entropy - np.log(perplexity)) < 1e-12 or precision > 1e18:
            break
        if entropy > np.log(perplexity):
            low = precision
        else:
            high = precision
        precision = precision * 2 if high == np.inf else (low + high) / 2
    return row


def joint(distances, perplexity):
    squares = distances.astype(float) ** 2
    p = np.stack([conditional(squares[i], i, perplexity) for i in range(len(squares))])
    p = np.maximum((p + p.T) / (2 * len(p)), LEAST)
    np.fill_diagonal(p, 0)
    return p


def nearness(places):
    apart = places[:, None] - places[None]
    near = 1 / (1 + (apart**2).sum(2))
    np.fill_diagonal(near, 0)
    return apart, near, np.maximum(near / near.sum(), LEAST)


def divergence(p, places):
    off = ~np.eye(len(p), dtype=bool)
    q = nearness(places)[2]
    return float((p[off] * np.log(p[off] / q[off])).sum())


def descend(p, start, exaggeration, rate, steps):
    places, velocity, gains = start.copy(), np.zeros_like(start), np.ones_like(start)
    for step in range(steps):
        early = step < steps // 2
        apart, near, q = nearness(places)
        pull = ((exaggeration if early else 1) * p - q) * near
        gradient = 4 * (pull[:, :, None] * apart).sum(1)
        gains = np.where(velocity * gradient < 0, gains + 0.2, gains * 0.8).clip(min=0.01)
        velocity = (0.5 if early else 0.8) * velocity - rate * gains * gradient
        places = places + velocity
    return places


def scikit_learn(distances, committed):
    try:
        import sklearn
        from scipy.spatial.distance import squareform
        from sklearn.manifold import TSNE
        from sklearn.manifold._t_sne import _joint_probabilities
    except ImportError:
        print("tsne_fixture.py: scikit-learn is not installed, so nothing was compared with it; "
              "its divergences are those of the committed fixture", file=sys.stderr)
        return json.loads(committed.read_text())["scikit_learn"]
    squares = distances.astype(float) ** 2
    theirs = squareform(_joint_probabilities(squares, PERPLEXITIES[0], 0))
    gap = np.abs(theirs - joint(distances, PERPLEXITIES[0])).max() / theirs.max()
    assert gap < AGREEMENT, f"scikit-learn's joint probabilities differ by {gap:.2g}"
    reached = [
        TSNE(method="exact", metric="precomputed", init="random", perplexity=PERPLEXITIES[0],
             random_state=seed).fit(distances.astype(float)).kl_divergence_
        for seed in range(STARTS)
    ]
    return {"version": sklearn.__version__, "divergences": [float(f"{d:.6f}") for d in reached]}


def write(folder, save_json):
    bits = codes()
    distances = (bits[:, None] != bits[None]).sum(2)
    draw = random.Random(SEED)
    start = np.array([[draw.gauss(0, 1) for _ in range(2)] for _ in bits])
    p = joint(distances, PERPLEXITIES[0])
    settings = {"exaggeration": 4.0, "rate": 20.0, "steps": 20}
    places = descend(p, start, **settings)
    committed = Path(__file__).parent.parent / "Tests" / FOLDER / NAME
    save_json({
        "distances": distances.tolist(),
        "cases": [
            {"perplexity": perplexity, "joint": joint(distances, perplexity).tolist()}
            for perplexity in PERPLEXITIES
        ],
        "descent": settings | {
            "start": start.tolist(), "places": places.tolist(),
            "divergence": [divergence(p, start), divergence(p, places)],
        },
        "scikit_learn": scikit_learn(distances, committed),
    }, Path(folder) / NAME)
