"""Twin of Sources/Editing/LEMoE: one expert and one key a batch of edits (arXiv 2406.20030).

No code was published; this is the paper's formulas, read literally. A whole forward pass in every
step, f32, nothing cached.

    e          mean over the prompt's tokens of their rows in the embedding table    section 4.2
    v          W_up silu(W_down e)
    p          softmax over all keys of k_i . v
    MLP output += lambda * g * f(x), x what the MLP reads, at every position         section 4.1
    g, f       while batch t is learned: p_t and expert t ("forced"), the best expert and its p
               ("argmax"), or all experts with their p ("soft")
    f          an MLP of the host's kind; its last map starts at zero
    loss       cross-entropy of the target; gradients to f_t, k_t and W only
    optimiser  AdamW, new for each batch, weight decay on f_t only; gradient norm clipped

With "shared_replay" the cross-entropy of p against the right expert, over all older embeddings and
the minibatch's own, is added from the second batch on.

Shapes: B rows, T tokens, E experts, d width, m inner width of an expert, b of the projection.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F

MASKED = -100  # the label of a position that has no say in the loss


@dataclass(frozen=True)
class Settings:
    block: int
    expert_width: int  # m
    bottleneck: int  # b
    projection: str = "shared_trainable"  # "per_expert", "shared_frozen", "shared_replay"
    train_route: str = "forced"  # "argmax", "soft"
    renormalise: bool = False
    scale: float = 1.0  # lambda
    learning_rate: float = 2e-4
    expert_decay: float = 0.01
    clip_norm: float = 1.0
    batch_size: int = 8
    epochs: int = 30
    stop_loss: float = 0.03


class SplitMix64:
    """The generator that shuffles rows in the Swift program (Steele, Lea and Flood, 2014)."""

    def __init__(self, seed):
        self.state = seed

    def next(self):
        full = (1 << 64) - 1
        self.state = (self.state + 0x9E3779B97F4A7C15) & full
        bits = self.state
        bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & full
        bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & full
        return bits ^ (bits >> 31)

    def below(self, bound):
        uneven = (1 << 64) % bound
        bits = self.next()
        while bits < uneven:
            bits = self.next()
        return bits % bound

    def shuffled(self, elements):
        elements = list(elements)
        for place in range(len(elements) - 1):
            other = place + self.below(len(elements) - place)
            elements[place], elements[other] = elements[other], elements[place]
        return elements


# ---- What is trained ----


def widths(model):
    """The residual stream's width, the MLP's inner width, and whether the MLP is gated."""
    c = model.config
    if c["model_type"] == "gpt2":
        return c["n_embd"], c.get("n_inner") or 4 * c["n_embd"], False
    return c["hidden_size"], c["intermediate_size"], True


def initial_expert(model, m, generator, deviation=0.02, last=0.0):
    """Tensors by name, [out, in]; biases where the host has them. `last` is the deviation of the
    last map: zero, so that a new expert changes nothing, but for tests that want gradients
    everywhere."""
    d, _, gated = widths(model)

    def normal(size, *shape):
        return torch.randn(*shape, generator=generator) * size

    expert = {"gate.weight": normal(deviation, m, d)} if gated else {}
    expert["expansion.weight"] = normal(deviation, m, d)
    expert["contraction.weight"] = normal(last, d, m)
    if not gated:
        expert |= {"expansion.bias": torch.zeros(m), "contraction.bias": torch.zeros(d)}
    return expert


def initial_projection(d, b, generator):
    def uniform(out, inner):
        return (torch.rand(out, inner, generator=generator) * 2 - 1) * inner**-0.5

    return {"down": uniform(b, d), "up": uniform(d, b)}


def run_expert(expert, x):
    wide = F.linear(x, expert["expansion.weight"], expert.get("expansion.bias"))
    if "gate.weight" in expert:
        wide = F.silu(F.linear(x, expert["gate.weight"])) * wide
    else:
        wide = F.gelu(wide, approximate="tanh")
    return F.linear(wide, expert["contraction.weight"], expert.get("contraction.bias"))


# ---- A batch of edits ----


def batch_of(rows, end_of_text):
    """Tokens and labels [B, T] of rows of prompt + target + one EOS, padded with token 0."""
    longest = max(len(prompt) + len(target) + 1 for prompt, target in rows)
    tokens = torch.zeros(len(rows), longest, dtype=torch.int64)
    labels = torch.full((len(rows), longest), MASKED)
    for row, (prompt, target) in enumerate(rows):
        text = torch.tensor(prompt + target + [end_of_text])
        tokens[row, : len(text)] = text
        labels[row, len(prompt) : len(text)] = text[len(prompt) :]
    return tokens, labels


def target_loss(logits, labels):
    """The label of position t is predicted at t - 1."""
    return F.cross_entropy(
        logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), ignore_index=MASKED
    )


def step(optimizer, loss, clip_norm):
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    tensors = [t for group in optimizer.param_groups for t in group["params"]]
    torch.nn.utils.clip_grad_norm_(tensors, clip_norm)
    optimizer.step()


# ---- The method ----


class LEMoE:
    def __init__(self, model, settings, projection=None):
        self.model = model
        self.settings = settings
        self.projections = [projection] if projection else []
        self.experts = []
        self.keys = []
        self.embeddings = []  # of older rows: (embedding, expert)

    def embed(self, prompts):
        weights = self.model.weights
        table = weights.get("transformer.wte.weight", weights.get("model.embed_tokens.weight"))
        return torch.stack([table[torch.tensor(prompt)].mean(dim=0) for prompt in prompts])

    def scores(self, e):
        """k_i . v for every expert: [B, E]."""
        columns = []
        for index, key in enumerate(self.keys):
            own = self.settings.projection == "per_expert"
            w = self.projections[index if own else 0]
            v = F.silu(e @ w["down"].T) @ w["up"].T
            columns.append(v @ key)
        return torch.stack(columns, dim=1)

    def gates(self, e):
        """How much every expert counts in training: [B, E]."""
        s = self.settings
        p = self.scores(e).softmax(dim=-1)
        keep = torch.zeros_like(p)
        if s.train_route == "soft":
            keep[:] = 1
        elif s.train_route == "argmax":
            keep[torch.arange(len(p)), p.argmax(dim=-1)] = 1
        else:
            keep[:, -1] = 1
        kept = p * keep
        return kept / kept.sum(dim=-1, keepdim=True) if s.renormalise else kept

    def forward(self, tokens, gates):
        seen = {}

        def change(block, part, x, y):
            if block != self.settings.block:
                return y
            if part == "expansion":
                seen["x"] = x  # what the MLP reads
                return y
            # An expert that no row chose is not run, so that it gets no gradient, not even zeros.
            added = sum(
                gates[:, i, None, None] * run_expert(expert, seen["x"])
                for i, expert in enumerate(self.experts)
                if gates[:, i].any()
            )
            return y + self.settings.scale * added

        return self.model(tokens, change)

    def admit(self, expert, key, projection=None):
        """A new expert, its key and, where each has its own, its projection; older ones freeze."""
        self.experts.append({name: t.clone().requires_grad_() for name, t in expert.items()})
        self.keys.append(key.clone().requires_grad_())
        if self.settings.projection == "per_expert":
            self.projections.append(projection)
        if self.settings.projection != "shared_frozen":
            last = self.projections[-1]
            self.projections[-1] = {n: t.clone().requires_grad_() for n, t in last.items()}

    def optimizer(self):
        s = self.settings
        routing = [self.keys[-1]] + list(self.projections[-1].values())
        groups = [
            {"params": list(self.experts[-1].values()), "weight_decay": s.expert_decay},
            {"params": [t for t in routing if t.requires_grad], "weight_decay": 0.0},
        ]
        return torch.optim.AdamW(groups, lr=s.learning_rate)

    def loss(self, tokens, labels, e):
        """The target's cross-entropy, and the rehearsal's, which is zero but for shared_replay."""
        target = target_loss(self.forward(tokens, self.gates(e)), labels)
        if self.settings.projection != "shared_replay" or len(self.experts) == 1:
            return target, torch.zeros(())
        older = torch.stack([embedding for embedding, _ in self.embeddings])
        wanted = [expert for _, expert in self.embeddings] + [len(self.experts) - 1] * len(e)
        scores = self.scores(torch.cat([older, e]))
        return target, F.cross_entropy(scores, torch.tensor(wanted))

    def learn(self, rows, end_of_text, random):
        """Trains the newest expert on `rows`; the loss of every step."""
        s = self.settings
        optimizer, losses = self.optimizer(), []
        e = self.embed([prompt for prompt, _ in rows])
        for _ in range(s.epochs):
            order, total, count = random.shuffled(range(len(rows))), 0.0, 0
            for start in range(0, len(rows), s.batch_size):
                places = order[start : start + s.batch_size]
                tokens, labels = batch_of([rows[i] for i in places], end_of_text)
                target, replay = self.loss(tokens, labels, e[places])
                step(optimizer, target + replay, s.clip_norm)
                losses.append(target.item())
                targets = (labels != MASKED).sum().item()
                total, count = total + target.item() * targets, count + targets
            if total / count < s.stop_loss:
                break
        self.freeze()
        self.embeddings += [(row, len(self.experts) - 1) for row in e]
        return losses

    def freeze(self):
        self.experts[-1] = {name: t.detach() for name, t in self.experts[-1].items()}
        self.keys[-1] = self.keys[-1].detach()
        self.projections[-1] = {name: t.detach() for name, t in self.projections[-1].items()}


def speed_case(model, rows, generator):
    """One training step of the published method on `rows` (prompt and target, as token ids): a
    function without arguments. Two experts, so that keys and projection have gradients."""
    d, m, _ = widths(model)
    depth = model.config.get("n_layer") or model.config["num_hidden_layers"]
    settings = Settings(block=depth * 18 // 32, expert_width=m, bottleneck=d // 4)
    editor = LEMoE(model, settings, initial_projection(d, d // 4, generator))
    for _ in range(2):
        editor.admit(
            initial_expert(model, m, generator), torch.randn(d, generator=generator) * 0.01)
        if len(editor.experts) == 1:
            editor.freeze()
    tokens, labels = batch_of(rows, model.config["eos_token_id"])
    e = editor.embed([prompt for prompt, _ in rows])
    optimizer = editor.optimizer()

    def train():
        target, replay = editor.loss(tokens, labels, e)
        step(optimizer, target + replay, settings.clip_norm)

    return train
