"""Twin of Sources/Editing/MELO: blocks of LoRA looked up in a database of clusters (arXiv
2312.11795).

With the rules of its released code: a whole forward pass in every step, f32, nothing cached, all
rows of a batch through one new block.

    output   y + num_block * x A_b B_b at the maps above the query map; sqrt(num_block) each on A, B
    A        uniform in +-1/sqrt(num_block * rho); B zero
    q        the query map's own output at one position, no gradient
    loss     cross-entropy of the batch's targets over A_b, B_b; a new Adam, halved every 20 steps

Storing row by row, with distances to the clusters that were there before the batch:

    nearest centre farther than r + r0    new cluster (q, r0)
    nearer, labels equal      q joins; centre = mean of points; r = max(farthest point, r0)
    nearer, labels differ     new cluster, r = d/2 + 1e-5; the old r = d/2 - 1e-5, and points beyond
                              it are dropped; where none is left, its centre stands for "no LoRA"

Shapes: B batch, T tokens, V vocabulary, d width of the query, rho rank.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F

MASKED = -100


@dataclass(frozen=True)
class Settings:
    part: str  # "expansion" (GPT-2) or "contraction" (LLaMA)
    query_block: int
    layers: int = 2  # blocks right above it with LoRAs
    rank: int = 2
    block_scale: float = 350.0  # num_block
    radius: float = 0.5
    steps: int = 50
    learning_rate: float = 1e-3
    halving_steps: int = 20
    key_position: str = "batchEnd"  # last column of the padded batch; "promptEnd": n - 1
    label_comparison: str = "sum"  # of target ids; "exact"
    routes_once: bool = False  # True: the prompt decides for every generated token

    @property
    def blocks(self):
        return range(self.query_block + 1, self.query_block + 1 + self.layers)


def initial_block(settings, d_in, d_out, generator):
    """A fresh block: [(A, B)] for each adapted map."""
    bound = (settings.block_scale * settings.rank) ** -0.5
    return [((torch.rand(d_in, settings.rank, generator=generator) * 2 - 1) * bound,
             torch.zeros(settings.rank, d_out)) for _ in settings.blocks]


class Database:
    """Clusters as dictionaries: center, radius, label, points [(key, block)]."""

    def __init__(self, settings):
        self.settings = settings
        self.clusters = []

    def nearest(self, query, rows):
        """Distance and place of the nearest row; of equally near ones the latest."""
        if not rows:
            return None, None
        distances = [(row - query).pow(2).sum().sqrt().item() for row in rows]
        least = min(distances)
        return least, max(j for j, d in enumerate(distances) if d == least)

    def centers(self):
        return [cluster["center"] for cluster in self.clusters]

    def is_same(self, one, other):
        return sum(one) == sum(other) if self.settings.label_comparison == "sum" else one == other

    def insert(self, queries, labels, block):
        found = [self.nearest(query, self.centers()) for query in queries]
        for query, label, (d, j) in zip(queries, labels, found):
            self.store(query, label, block, d, j)

    def store(self, query, label, block, d, j):
        r0 = self.settings.radius
        new = {"center": query, "radius": r0, "label": label, "points": [(query, block)]}
        if j is None or d > self.clusters[j]["radius"] + r0:
            self.clusters.append(new)
            return
        old = self.clusters[j]
        if self.is_same(label, old["label"]):
            old["points"].append((query, block))
            keys = torch.stack([key for key, _ in old["points"]])
            old["center"] = keys.mean(dim=0)
            farthest = (keys - old["center"]).pow(2).sum(dim=1).sqrt().max().item()
            old["radius"] = max(farthest, r0)
            return
        old["radius"], new["radius"] = d / 2 - 1e-5, d / 2 + 1e-5
        old["points"] = [
            (key, b) for key, b in old["points"]
            if (key - old["center"]).pow(2).sum().sqrt().item() <= old["radius"]
        ] or [(old["center"], None)]
        self.clusters.append(new)

    def search(self, query):
        """Distance over radius, and the block; None: no LoRA."""
        d, j = self.nearest(query, self.centers())
        cluster = self.clusters[j]
        _, p = self.nearest(query, [key for key, _ in cluster["points"]])
        block = cluster["points"][p][1] if d <= cluster["radius"] else None
        return d / max(cluster["radius"], 1e-9), block


class Melo:
    def __init__(self, model, settings, end_of_text):
        self.model = model  # gpt2.GPT2 or llama.Llama, frozen
        self.settings = settings
        self.end_of_text = end_of_text
        self.bank = []  # blocks, each [(A, B)] for the adapted maps
        self.database = Database(settings)

    def forward(self, tokens, choose, query=lambda y: None):
        """Logits [B, T, V]. `choose()` gives the block of each row, or of each row and token, and
        is asked above the query map, whose output goes to `query` first."""
        s = self.settings

        def change(block, part, v, y):
            if part != s.part:
                return y
            if block == s.query_block:
                query(y)
            if block not in s.blocks:
                return y
            rows = [self.edited(row, block - s.query_block - 1, v[i], y[i])
                    for i, row in enumerate(choose())]
            return torch.stack(rows)

        return self.model(tokens, change)

    def edited(self, chosen, layer, v, y):
        """One row [T, d_out]; `chosen` is a block, None, or a list of such for each token."""
        if isinstance(chosen, list):
            return torch.stack([self.edited(c, layer, v[t], y[t]) for t, c in enumerate(chosen)])
        if chosen is None:
            return y
        a, b = self.bank[chosen][layer]
        root = self.settings.block_scale**0.5
        return y + (v @ (root * a)) @ (root * b)

    def padded(self, rows):
        """Tokens [B, T] padded with the end mark, and labels [B, T], masked but over targets."""
        longest = max(len(prompt) + len(target) for prompt, target in rows)
        tokens = torch.full((len(rows), longest), self.end_of_text)
        labels = torch.full((len(rows), longest), MASKED)
        for i, (prompt, target) in enumerate(rows):
            tokens[i, : len(prompt) + len(target)] = torch.tensor(prompt + target)
            labels[i, len(prompt) : len(prompt) + len(target)] = torch.tensor(target)
        return tokens, labels

    def loss(self, tokens, labels, block):
        logits = self.forward(tokens, lambda: [block] * len(tokens))
        return F.cross_entropy(
            logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), ignore_index=MASKED)

    def open_block(self, start):
        """Adds a block to the bank; returns its number and its optimiser."""
        self.bank.append([(a.clone().requires_grad_(), b.clone().requires_grad_())
                          for a, b in start])
        parameters = [t for pair in self.bank[-1] for t in pair]
        return len(self.bank) - 1, torch.optim.Adam(parameters, lr=self.settings.learning_rate)

    def learn(self, rows, start):
        """Learns a batch of (prompt, target with end mark); returns the loss of each step."""
        s = self.settings
        block, optimizer = self.open_block(start)
        schedule = torch.optim.lr_scheduler.StepLR(optimizer, s.halving_steps, gamma=0.5)
        tokens, labels = self.padded(rows)
        losses = []
        for _ in range(s.steps):
            loss = self.loss(tokens, labels, block)
            losses.append(loss.item())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        self.bank[block] = [(a.detach(), b.detach()) for a, b in self.bank[block]]
        places = [tokens.shape[1] - 1 if s.key_position == "batchEnd" else len(prompt) - 1
                  for prompt, _ in rows]
        queries = [out[place] for out, place in zip(self.queried(tokens), places)]
        self.database.insert(queries, [target for _, target in rows], block)
        return losses

    @torch.no_grad()
    def queried(self, tokens):
        """What the query map gives, unedited: [B, T, d]."""
        seen = []
        self.forward(tokens, lambda: [None] * len(tokens), seen.append)
        return seen[0]

    @torch.no_grad()
    def answer(self, prompt, rest=()):
        """Logits [T, V] of the prompt and what follows it in one pass; distance, and the block."""
        tokens = torch.tensor([prompt + list(rest)])
        place = -1 if self.settings.key_position == "batchEnd" else len(prompt) - 1
        distance, block = self.database.search(self.queried(tokens)[0, place])
        return self.forward(tokens, lambda: [block])[0], distance, block

    @torch.no_grad()
    def generate(self, prompt, count):
        """`count` greedy tokens as cached decoding gives them: the prompt goes through one block,
        a generated token through its own unless the prompt's is kept. Queries are taken below
        every LoRA of their own pass, so unedited passes give them."""
        text, n = list(prompt), len(prompt)
        for _ in range(count):
            tokens = torch.tensor([text])
            queries = self.queried(tokens)[0]
            _, first = self.database.search(queries[n - 1])
            blocks = [first] * len(text)
            if not self.settings.routes_once:
                blocks[n:] = [self.database.search(q)[1] for q in queries[n:]]
            text.append(self.forward(tokens, lambda: [blocks])[0, -1].argmax().item())
        return text[n:]


def place(config):
    """The query block (GPT2-XL 35 of 48, a LLaMA2-7B 27 of 32, or the like of it), the part, and
    the widths into and out of that part's map."""
    if config["model_type"] == "gpt2":
        blocks, width = config["n_layer"], config["n_embd"]
        wide = config.get("n_inner") or 4 * width
        return "expansion", min(blocks - 1 - blocks // 4, blocks - 3), width, wide
    blocks = config["num_hidden_layers"]
    wide, width = config["intermediate_size"], config["hidden_size"]
    return "contraction", min(blocks - 1 - blocks // 8, blocks - 3), wide, width


def speed_case(model, rows, generator):
    """A function that takes one training step on `rows`, (prompt, target) pairs of token ids, as
    one batch: forward, backward, optimiser step over one block."""
    part, block, d_in, d_out = place(model.config)
    settings = Settings(part, block)
    melo = Melo(model, settings, end_of_text=0)
    number, optimizer = melo.open_block(initial_block(settings, d_in, d_out, generator))
    tokens, labels = melo.padded(rows)

    def step():
        optimizer.zero_grad()
        melo.loss(tokens, labels, number).backward()
        optimizer.step()

    return step
