"""Twin of Sources/Editing/GRACE: a codebook at one linear map (arXiv 2211.11031).

The method with the rules of its released code: a whole forward pass in every step, f32, nothing
cached, one edit at a time.

    q        input of the edited map at position kappa, no gradient
    d, j     min over entries of || K_j - q ||
    output   V_j where d <= eps_j, at the positions that `replacement` names; else the map's own
    loss     cross-entropy of the target, minimised over V_j alone, with a new Adam an edit

Before the first step the codebook makes room for the edit:

    nothing within eps + eps_j    add (q, candidate, eps)
    within, labels differ         add, then split: eps_j = d/2 - 1e-5, eps_new = d/2
    within, labels equal, d > eps_j    expand: eps_j = d; moving average also K_j = (K_j + q) / 2
    within, labels equal, d <= eps_j   nothing: V_j is trained further

Shapes: T tokens, V vocabulary, d_in and d_out widths of the edited map.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F

MASKED = -100


@dataclass(frozen=True)
class Settings:
    part: str  # "expansion" (GPT-2) or "contraction" (LLaMA)
    block: int
    radius: float = 1.0  # eps of a new entry
    learning_rate: float = 1.0
    steps: int = 100
    stop_loss: float = 0.0  # an edit whose loss is below this is learned; 0: every step is taken
    key_position: str = "firstAnswerToken"  # n, as released for GPT-2; "promptEnd": n - 1
    replacement: str = "prompt"  # positions before kappa; "last": kappa; "all"
    start: str = "cold"  # the candidate; "warm": the map's own output at kappa
    expansion: str = "coverage"  # or "movingAverage"
    label_comparison: str = "mean"  # of label ids, -100 included; "exact": of target ids
    routes_once: bool = False  # True: the prompt decides for every generated token


class Grace:
    def __init__(self, model, settings):
        self.model = model  # gpt2.GPT2 or llama.Llama, frozen
        self.settings = settings
        self.keys, self.values, self.radii, self.labels = [], [], [], []

    # ---- The codebook ----

    def nearest(self, query):
        """Distance and place of the nearest key; of equally near ones the latest."""
        if not self.keys:
            return None, None
        distances = [(key - query).pow(2).sum().sqrt().item() for key in self.keys]
        least = min(distances)
        return least, max(j for j, d in enumerate(distances) if d == least)

    def is_same(self, one, other):
        if self.settings.label_comparison == "mean":
            return sum(one) / len(one) == sum(other) / len(other)
        return [i for i in one if i >= 0] == [i for i in other if i >= 0]

    def insert(self, query, value, radius, label):
        self.keys.append(query)
        self.values.append(value.clone())
        self.radii.append(radius)
        self.labels.append(label)

    def admit(self, query, value, label):
        """Makes room for an edit; returns what was done and whose value is to be trained."""
        s = self.settings
        d, j = self.nearest(query)
        if j is None or d > s.radius + self.radii[j]:
            self.insert(query, value, s.radius, label)
            return "added", len(self.keys) - 1
        if not self.is_same(label, self.labels[j]):
            self.radii[j] = d / 2 - 1e-5
            self.insert(query, value, d / 2, label)
            return "split", len(self.keys) - 1
        if d <= self.radii[j]:
            return "kept", j
        self.radii[j] = d
        if s.expansion == "movingAverage":
            self.keys[j] = (self.keys[j] + query) / 2
        return "expanded", j

    # ---- The edited model ----

    def kappa(self, prompt_length, length):
        if self.settings.key_position == "promptEnd":
            return prompt_length - 1
        return min(prompt_length, length - 1)

    def replaced(self, kappa, length):
        """Which positions take the value."""
        places = {"all": range(length), "last": [kappa], "prompt": range(kappa)}
        chosen = set(places[self.settings.replacement])
        return torch.tensor([t in chosen for t in range(length)])

    def seen(self, tokens):
        """Input [T, d_in] and output [T, d_out] of the edited map, unedited, for tokens [1, T]."""
        kept = {}

        def change(block, part, v, y):
            if (block, part) == (self.settings.block, self.settings.part):
                kept["seen"] = v[0], y[0]
            return y

        with torch.no_grad():
            self.model(tokens, change)
        return kept["seen"]

    def forward(self, tokens, places, value):
        """Logits [T, V] of tokens [1, T] with `value` at the positions `places` [T]."""

        def change(block, part, v, y):
            if (block, part) != (self.settings.block, self.settings.part):
                return y
            return torch.where(places[None, :, None], value, y)

        return self.model(tokens, change)[0]

    def learn(self, prompt, target, candidate, observe=lambda step, loss: None):
        """Learns one row; `target` ends with the end mark. Returns what the codebook did."""
        s = self.settings
        tokens = torch.tensor([prompt + target])
        kappa = self.kappa(len(prompt), tokens.shape[1])
        v, y = self.seen(tokens)
        label = [MASKED] * len(prompt) + target
        what, j = self.admit(v[kappa], y[kappa] if s.start == "warm" else candidate, label)
        value = self.values[j].clone().requires_grad_()
        places = self.replaced(kappa, tokens.shape[1])
        optimizer = torch.optim.Adam([value], lr=s.learning_rate)
        for step in range(s.steps):
            loss = self.loss(tokens, len(prompt), places, value)
            if loss.item() < s.stop_loss:
                break
            observe(step, loss.item())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        self.values[j] = value.detach()
        return what

    def loss(self, tokens, prompt_length, places, value):
        logits = self.forward(tokens, places, value)
        return F.cross_entropy(logits[prompt_length - 1 : -1], tokens[0, prompt_length:])

    @torch.no_grad()
    def answer(self, prompt, rest=()):
        """Logits [T, V] of the prompt and what follows it in one pass; distance, and whether it is
        in scope."""
        tokens = torch.tensor([prompt + list(rest)])
        kappa = self.kappa(len(prompt), tokens.shape[1])
        d, j = self.nearest(self.seen(tokens)[0][kappa])
        covered = d <= self.radii[j]
        places = self.replaced(kappa, tokens.shape[1]) & covered
        return self.forward(tokens, places, self.values[j]), d, covered

    @torch.no_grad()
    def generate(self, prompt, count):
        """`count` greedy tokens, with the map's replacements decided as cached decoding does.

        The prompt is decided as a whole. A generated token is decided by itself, as a row of one
        token, unless the prompt's decision is kept for it: then it is replaced where `all` are.
        """
        s = self.settings
        _, d, covered = self.answer(prompt)
        _, j = self.nearest(self.seen(torch.tensor([prompt]))[0][self.kappa(len(prompt), len(prompt))])
        kept = self.values[j]
        first = self.replaced(self.kappa(len(prompt), len(prompt)), len(prompt)) & covered
        text = list(prompt)
        places, values = first.tolist(), [kept] * len(prompt)
        for _ in range(count):
            logits = self.decided(torch.tensor([text]), places, values)
            text.append(logits[-1].argmax().item())
            if s.routes_once:
                places.append(bool(covered) and s.replacement == "all")
                values.append(kept)
                continue
            # What enters the map at this token depends on what was replaced before it, but not on
            # what will be replaced at it.
            query = self.entering(torch.tensor([text]), places + [False], values + [kept])[-1]
            d, j = self.nearest(query)
            places.append(d <= self.radii[j] and s.replacement != "prompt")
            values.append(self.values[j])
        return text[len(prompt) :]

    def decided(self, tokens, places, values):
        return self.forward(tokens, torch.tensor(places), torch.stack(values))

    def entering(self, tokens, places, values):
        kept = {}

        def change(block, part, v, y):
            if (block, part) != (self.settings.block, self.settings.part):
                return y
            kept["input"] = v[0]
            return torch.where(torch.tensor(places)[None, :, None], torch.stack(values), y)

        self.model(tokens, change)
        return kept["input"]


def place(config):
    """The published block and map (GPT2-XL 35 of 48 c_fc, LLaMA2-7B 27 of 32 down_proj), or the
    like of it; and the widths into and out of that map."""
    if config["model_type"] == "gpt2":
        blocks, width = config["n_layer"], config["n_embd"]
        return "expansion", blocks - 1 - blocks // 4, width, config.get("n_inner") or 4 * width
    blocks = config["num_hidden_layers"]
    wide, width = config["intermediate_size"], config["hidden_size"]
    return "contraction", blocks - 1 - blocks // 8, wide, width


def speed_case(model, rows, generator):
    """A function that takes one training step on each of `rows`, (prompt, target) pairs of token
    ids: forward, backward, optimiser step. The method learns rows one by one, so one row is what
    the release times."""
    part, block, _, d_out = place(model.config)
    grace = Grace(model, Settings(part, block))
    cases = []
    for prompt, target in rows:
        value = torch.rand(d_out, generator=generator).requires_grad_()
        tokens = torch.tensor([prompt + target])
        places = grace.replaced(grace.kappa(len(prompt), tokens.shape[1]), tokens.shape[1])
        optimizer = torch.optim.Adam([value], lr=grace.settings.learning_rate)
        cases.append((tokens, len(prompt), places, value, optimizer))

    def step():
        for tokens, n, places, value, optimizer in cases:
            optimizer.zero_grad()
            grace.loss(tokens, n, places, value).backward()
            optimizer.step()

    return step
