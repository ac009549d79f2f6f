"""Recomputes the numbers that the conformance tests of Sources/Editing/ELDER quote as constants.

    .libtorch/python/bin/python reference/conformance.py

One layer worked out by hand-sized numbers, the guide's floor, the distances of random codes and the
parameter counts of the paper's two configurations. Every figure is asserted, and printed.
"""

from math import comb, log, sqrt

import torch

import elder

E, K = 4, 2


def near(value, expected, by=2e-6):
    value, expected = torch.as_tensor(value), torch.tensor(expected)
    assert (value - expected).abs().max() <= by, f"{value.tolist()} is not {expected.tolist()}"


def golden_layer():
    """d_in = 3, d_out = 2, r = 2, two tokens, one row."""
    settings = elder.Settings("expansion", 0, (1,), experts=E, active=K, rank=2, alpha=2.0)
    a = torch.stack([0.5 * (i + 1) * torch.tensor([[1.0, 0], [0, 1], [1, 1]]) for i in range(E)])
    b = torch.stack([torch.tensor([[1.0, -1], [0.5, 0.25 * i]]) for i in range(E)])
    router = torch.tensor([[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [-1, 1, 0.5]])
    bias = torch.tensor([0.0, 0.1, 0, -0.1])
    query = torch.tensor([[0.2, 0.7, -0.3]])

    r = elder.route(settings, router, bias, query)
    near(r.scores[0], [0.223218, 0.406730, 0.135389, 0.234663])
    assert r.own.tolist() == [[1, 3]]
    near(r.weights.sum().item(), 0.641393)

    editor = elder.Elder(None, settings, {"blocks.1.a": a, "blocks.1.b": b})
    v = torch.tensor([[[1.0, 2, 3], [0, -1, 0.5]]])  # [1, 2, 3]
    base = v @ torch.tensor([[1.0, 0, -1], [0.5, 2, 0]]).T + torch.tensor([0.1, -0.2])
    near(base[0], [[-1.9, 4.3], [-0.4, -2.2]])
    with torch.no_grad():
        y = base + editor.mixture(1, v, r.weights)
    near(y[0], [[3.794364, 3.064161], [-0.180986, -2.864866]])
    print("golden layer: scores", r.scores[0].tolist(), "output", y[0].tolist())

    logits = (query @ router.T + bias).requires_grad_()
    near(logits[0].detach(), [0.2, 0.8, -0.3, 0.25])
    guide = -logits.log_softmax(-1)[0, [0, 2]].sum()
    guide.backward()
    near(guide.item(), 3.499211)
    near(logits.grad[0], [-0.553563, 0.813460, -0.729223, 0.469326])
    print("golden layer: guide", guide.item(), "gradient", logits.grad[0].tolist())


def guide_floor():
    """Descent on one row ends at k ln k, the scores halved between the two LoRAs asked for."""
    logits = torch.randn(1, E, generator=torch.Generator().manual_seed(0)).requires_grad_()
    optimizer = torch.optim.Adam([logits], lr=0.1)
    for _ in range(4000):
        optimizer.zero_grad()
        guide = -logits.log_softmax(-1)[0, [0, 2]].sum()
        guide.backward()
        optimizer.step()
    near(guide.item(), K * log(K), by=1e-4)
    print(f"guide floor: {guide.item():.6f}, k ln k = {K * log(K):.6f}")


def distances(layers=6):
    """The distribution of the distance between two random codes, exactly, by convolution."""
    # In one layer the distance is 2 * (k - how many LoRAs are shared).
    one = [comb(K, K - j) * comb(E - K, j) / comb(E, K) for j in range(K + 1)]
    all_layers = [1.0]
    for _ in range(layers):
        wider = [0.0] * (len(all_layers) + K)
        for i, p in enumerate(all_layers):
            for j, q in enumerate(one):
                wider[i + j] += p * q
        all_layers = wider
    near(all_layers[:7], [0.00002, 0.00051, 0.00527, 0.03001, 0.10320, 0.21914, 0.28369], by=6e-6)
    mean = sum(2 * i * p for i, p in enumerate(all_layers))
    deviation = sqrt(sum((2 * i - mean) ** 2 * p for i, p in enumerate(all_layers)))
    below = sum(all_layers[:6])
    near([mean, deviation, below], [12.0, 2.83, 0.358], by=5e-3)
    print(f"random codes: {comb(E, K) ** layers} in all, distance {mean:.2f} +- {deviation:.2f}, "
          f"P(< 12) = {below:.4f}")


def parameter_counts():
    for name, d_in, d_out, expected in [
        ("GPT2-XL", 1600, 6400, 1_574_424),
        ("LLaMA2-7B", 11008, 4096, 3_164_184),
    ]:
        settings = elder.Settings("expansion", 35, tuple(range(36, 42)))
        generator = torch.Generator().manual_seed(1)
        tensors = elder.initial_adapters(settings, d_in, d_out, d_in, generator)
        count = sum(t.numel() for t in tensors.values())
        assert count == expected, f"{name}: {count} parameters, expected {expected}"
        a = tensors["blocks.36.a"]
        assert a.abs().max() <= 0.353554 and abs(a.std() / 0.204 - 1) < 0.01
        assert tensors["blocks.36.router.weight"].abs().max() <= d_in**-0.5
        assert not tensors["blocks.36.b"].any()
        print(f"{name}: {count:,} parameters, |A| <= {a.abs().max():.4f}, deviation {a.std():.4f}")


if __name__ == "__main__":
    golden_layer()
    guide_floor()
    distances()
    parameter_counts()
