"""Twin of Sources/Editing/ROME: rank-one model editing (arXiv 2202.05262), R-ROME (2403.07175), and
the causal tracing that chooses their layer.

W, b is the contraction of one block; in a row of text, s is the place of the subject's last token, k
the input of W there and v its output. An edit has a bare prompt, the same prompt behind sampled
texts, and the subject alone ("... is a").

    k_mean = mean of k over the bare prompt and the prompts behind texts
    L(d)   = mean over those rows of -(1/m) sum_j log p_d(t_j | ...)      d is added to v in all rows
             + kl * sum p_d (log p_d - log p_0)    at s of the subject alone
             + decay * |d| / |v|^2                 v of the bare prompt; the powers are as released
    loop   : look at L; end if below `stop` or if this was the last look; else Adam, then scale d
             down to |d| <= clamp * |v|
    u      = C^-1 k_mean / |C^-1 k_mean|           C = mean k k^T over all tokens of a text, or none
    Lambda = (v + d - (W k' + b)) / (k' . u)
    W      = W + Lambda u^T

    ROME   : k' is k of the bare prompt; R-ROME: k' = k_mean, or k of the bare prompt in both places

A whole forward pass in every step, f32, nothing cached.
"""

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Settings:
    layer: int
    keys: str = "mixed"  # ROME; "averaged" (R-ROME) or "clean": one key in both places
    steps: int = 20
    learning_rate: float = 0.5
    weight_decay: float = 0.5
    kl_factor: float = 0.0625
    clamp_factor: float = 4.0
    stop: float = 0.05


@dataclass
class Row:
    prompt: list  # token ids
    target: list
    place: int  # of the subject's last token


@dataclass
class Edit:
    rows: list  # of Row: the bare prompt, then those behind texts
    essence: Row  # the subject alone; its target is empty


class Map:
    """One block's contraction as written: weight [out, in] and bias [out] or None."""

    def __init__(self, model, layer):
        weights = model.weights
        if model.config["model_type"] == "gpt2":
            name = f"transformer.h.{layer}.mlp.c_proj"
            self.weight = weights[f"{name}.weight"].T.clone()  # stored [in, out]
            self.bias = weights[f"{name}.bias"]
        else:
            self.weight = weights[f"model.layers.{layer}.mlp.down_proj.weight"].clone()
            self.bias = None
        self.layer = layer

    def __call__(self, x):
        y = x @ self.weight.T
        return y if self.bias is None else y + self.bias


def run(model, edited, row, delta=None):
    """Logits [T, V] of a row, and k and v at its subject; `delta` [D] is added to v."""
    seen = {}

    def change(block, part, x, y):
        if (block, part) != (edited.layer, "contraction"):
            return y
        y = edited(x)
        seen["key"], seen["value"] = x[0, row.place], y[0, row.place]
        if delta is None:
            return y
        here = torch.zeros(x.shape[1], 1)
        here[row.place] = 1
        return y + here * delta

    logits = model(torch.tensor([row.prompt + row.target[:-1]]), change)[0]
    return logits, seen["key"], seen["value"]


def loss_of(model, settings, edited, edit, delta, value, before):
    """L(d), and log p after the subject alone."""
    losses = []
    for row in edit.rows:
        logits, _, _ = run(model, edited, row, delta)
        said = logits[len(row.prompt) - 1 :].log_softmax(-1)  # [m, V]
        losses.append(-said.gather(1, torch.tensor(row.target)[:, None]).mean())
    logits, _, _ = run(model, edited, edit.essence, delta)
    now = logits[edit.essence.place].log_softmax(-1)
    before = now.detach() if before is None else before
    divergence = (now.exp() * (now - before)).sum()
    decay = settings.weight_decay * delta.norm() / value.norm() ** 2
    return torch.stack(losses).mean() + settings.kl_factor * divergence + decay, before


def search(model, settings, edited, edit):
    """v + d [D], every loss that was seen, and v."""
    with torch.no_grad():
        value = run(model, edited, edit.rows[0])[2]
    delta = torch.zeros_like(value).requires_grad_()
    optimizer = torch.optim.Adam([delta], lr=settings.learning_rate)
    losses, before = [], None
    for step in range(settings.steps):
        optimizer.zero_grad()
        loss, before = loss_of(model, settings, edited, edit, delta, value, before)
        losses.append(loss.item())
        if losses[-1] < settings.stop or step == settings.steps - 1:
            break
        loss.backward()
        optimizer.step()
        limit = settings.clamp_factor * value.norm()
        with torch.no_grad():
            if delta.norm() > limit:
                delta.mul_(limit / delta.norm())
    return value + delta.detach(), losses, value


@torch.no_grad()
def write(model, settings, edited, edit, goal, inverse=None):
    """Changes `edited`; returns u, Lambda."""
    keys = torch.stack([run(model, edited, row)[1] for row in edit.rows])
    mean, bare = keys.mean(dim=0), keys[0]
    direction = bare if settings.keys == "clean" else mean
    key = mean if settings.keys == "averaged" else bare
    u = direction if inverse is None else inverse @ direction
    u = u / u.norm()
    right = (goal - edited(key)) / (key @ u)
    edited.weight = edited.weight + right[:, None] * u[None, :]
    return u, right


def learn(model, settings, edited, edit, inverse=None):
    """One edit: every loss that was seen, and the size of the change."""
    goal, losses, _ = search(model, settings, edited, edit)
    _, right = write(model, settings, edited, edit, goal, inverse)
    return losses, right.norm().item()


@torch.no_grad()
def covariance(model, layer, passages):
    """C = mean of k k^T over all tokens of the passages (token ids), not centred: [in, in]."""
    keys = []

    def change(block, part, x, y):
        if (block, part) == (layer, "contraction"):
            keys.append(x[0])
        return y

    for passage in passages:
        model(torch.tensor([passage]), change)
    keys = torch.cat(keys)
    return keys.T @ keys / len(keys)


def inverse_of(c, ridge):
    """(C + ridge * mean of its diagonal * I)^-1, solved in f64."""
    c = c.double()
    c = c + ridge * c.diagonal().mean() * torch.eye(len(c), dtype=c.dtype)
    return torch.linalg.solve(c, torch.eye(len(c), dtype=c.dtype)).float()


# ---- Choosing the layer ----


@torch.no_grad()
def trace(model, blocks, tokens, subject, noise, window=10):
    """Causal tracing of one prompt (section 2.1): how likely its likeliest next token is, clean, with
    `noise` [copies, T, D] on the embeddings of the subject's tokens, and for each block with the
    clean outputs of a window of MLPs around it put back at the subject's last token.

    `subject` is a range of places; noise elsewhere is zero.
    """
    last = subject[-1]
    clean_outputs = {}

    def keep(block, part, x, y):
        if part == "contraction":
            clean_outputs[block] = y[0, last]
        return y

    text = torch.tensor([tokens])
    odds = model(text, keep)[0, -1].softmax(-1)
    answer = odds.argmax().item()
    copies = text.expand(len(noise), -1)
    noisy = with_noise(model, noise)

    def probability(change):
        return noisy(copies, change)[:, -1].softmax(-1)[:, answer].mean().item()

    def restored(centre):
        first, end = max(0, centre - window // 2), min(blocks, centre + (window + 1) // 2)

        def change(block, part, x, y):
            if part != "contraction" or not first <= block < end:
                return y
            y = y.clone()
            y[:, last] = clean_outputs[block]
            return y

        return probability(change)

    return {
        "answer": answer,
        "clean": odds[answer].item(),
        "corrupted": probability(lambda block, part, x, y: y),
        "restored": [restored(block) for block in range(blocks)],
    }


def with_noise(model, noise):
    """The model with `noise` added to its token embeddings in every pass."""
    table, name = model.weights, "transformer.wte.weight"
    if name not in table:
        name = "model.embed_tokens.weight"

    class Noisy(dict):
        def __getitem__(self, key):
            value = dict.__getitem__(self, key)
            return Lookup(value, noise) if key == name else value

    return type(model)(model.config, Noisy(table))


class Lookup:
    """An embedding that adds noise to what it looks up, and is itself where it is the output head."""

    def __init__(self, weight, noise):
        self.weight, self.noise = weight, noise

    def __getitem__(self, tokens):
        return self.weight[tokens] + self.noise

    @property
    def T(self):
        return self.weight.T


# ---- Time ----


def published(model):
    """The released constants for a model of this family."""
    if model.config["model_type"] == "gpt2":
        return Settings(layer=(17 * model.config["n_layer"] + 24) // 48)
    blocks = model.config["num_hidden_layers"]
    return Settings(layer=(5 * blocks + 16) // 32, steps=25, weight_decay=1e-3)


def speed_case(model, rows, generator):
    """A function that does one step of the search for one edit, that of rows[0] = (prompt, target)
    in token ids: 22 padded rows (the prompt bare, behind 10 texts of 4 and 10 of 9 tokens with ". "
    after them, and the subject alone), whole forward, backward to d, Adam and clamp, as released.
    ROME edits one fact at a time, so further rows wait. The texts are drawn."""
    settings = published(model)
    edited = Map(model, settings.layer)
    vocabulary = model.config["vocab_size"]
    prompt, target = rows[0]
    place = len(prompt) // 2

    def behind(length):
        text = torch.randint(0, vocabulary - 1, (length + 1,), generator=generator).tolist()
        return Row(text + prompt, target, len(text) + place) if length else Row(prompt, target, place)

    edit = Edit([behind(n) for n in [0] + [4] * 10 + [9] * 10], Row(prompt[: place + 3], [], place))
    every = edit.rows + [edit.essence]
    texts = [row.prompt + row.target[:-1] for row in every]
    longest = max(map(len, texts))
    tokens = torch.tensor([text + [0] * (longest - len(text)) for text in texts])
    here = torch.zeros(len(every), longest, 1)
    for b, row in enumerate(every):
        here[b, row.place] = 1
    value = run(model, edited, edit.rows[0])[2].detach()
    delta = torch.zeros_like(value).requires_grad_()
    optimizer = torch.optim.Adam([delta], lr=settings.learning_rate)
    before = [None]

    def step():
        def change(block, part, x, y):
            return edited(x) + here * delta if (block, part) == (settings.layer, "contraction") else y

        scores = model(tokens, change).log_softmax(-1)  # [22, T, V], as released
        said = [
            -scores[b, len(row.prompt) - 1 :][: len(target)]
            .gather(1, torch.tensor(target)[:, None]).mean()
            for b, row in enumerate(edit.rows)
        ]
        now = scores[-1, edit.essence.place]
        if before[0] is None:
            before[0] = now.detach()
        loss = torch.stack(said).mean()
        loss = loss + settings.kl_factor * (now.exp() * (now - before[0])).sum()
        loss = loss + settings.weight_decay * delta.norm() / value.norm() ** 2
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        limit = settings.clamp_factor * value.norm()
        with torch.no_grad():
            if delta.norm() > limit:
                delta.mul_(limit / delta.norm())

    return step
