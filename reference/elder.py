"""Twin of Sources/Editing/ELDER: lifelong model editing with a mixture of LoRAs (arXiv 2408.11869).

The method as its authors released it, quirks included: a whole forward pass in every step, f32,
nothing cached, every LoRA computed for every token and then weighted (0 where not chosen).

    q          input of the query FC at the last prompt token, one vector a row, no gradient
    s          = softmax(q W^T + b), per edited layer, over its E LoRAs            paper, eq. 1
    w          = s where among the k largest, 0 elsewhere; not renormalised
    FC output += sum_e w_e * (alpha / r) * (v A_e) B_e                             eq. 2-4
    loss       = cross-entropy of the target + lambda * sum over layers of the guide   eq. 5-6
    guide      = mean over rows of -sum over the pre-assigned LoRAs of log s
    code       which LoRAs are chosen, layers in order: L * E bits, L * k of them ones  eq. 7

Shapes: B batch, T tokens, L edited layers, E LoRAs a layer, k chosen, r rank, V vocabulary, d width
of the query, d_in and d_out widths of the edited FC.
"""

import random
from dataclasses import dataclass

import torch
import torch.nn.functional as F

MASKED = -100  # the label of a position that has no say in the loss


@dataclass(frozen=True)
class Settings:
    """The constants of a run. Only the sizes differ from the paper's in the fixtures."""

    part: str  # "expansion" (GPT-2) or "contraction" (LLaMA): the edited FC and the query FC
    query_block: int  # the query is the input of this block's FC
    blocks: tuple  # the edited blocks, in model order
    experts: int = 4
    active: int = 2
    rank: int = 8
    alpha: float = 8.0
    learning_rate: float = 1e-4
    guide_weight: float = 1e-2  # lambda
    steps: int = 50
    threshold: int = 12  # epsilon: in scope when the Hamming distance is strictly smaller
    routing: str = "soft"  # "hard": the pre-assigned LoRAs are used, still weighted by their scores
    guide: str = "allocation"  # "balance": load balancing instead; "none": cross-entropy alone
    renormalise: bool = False  # divide the k weights by their sum
    query: str = "shared"  # "per_layer": each router reads its own FC's input (figure 1)


# ---- What is trained ----


def initial_adapters(settings, input_width, output_width, query_width, generator):
    """Fresh tensors by name: A and routers uniform, B zero, so that the model is unchanged.

    A is [E, d_in, r] and its bound 1/sqrt(r), far larger than a textbook LoRA's 1/sqrt(d_in).
    """

    def uniform(bound, *shape):
        return (torch.rand(*shape, generator=generator) * 2 - 1) * bound

    E, r = settings.experts, settings.rank
    tensors = {}
    for block in settings.blocks:
        at = f"blocks.{block}"
        tensors[f"{at}.a"] = uniform(r**-0.5, E, input_width, r)
        tensors[f"{at}.b"] = torch.zeros(E, r, output_width)
        tensors[f"{at}.router.weight"] = uniform(query_width**-0.5, E, query_width)
        tensors[f"{at}.router.bias"] = uniform(query_width**-0.5, E)
    return tensors


# ---- A batch of edits ----


@dataclass
class Batch:
    tokens: torch.Tensor  # [B, T] int64, right-padded
    labels: torch.Tensor  # [B, T] int64, MASKED over prompt and padding
    prompt_lengths: list  # B
    allocation: torch.Tensor  # [B, L, k] the pre-assigned LoRAs, ascending


def batch_of(rows, allocation, end_of_text):
    """Rows of prompt + target + one true EOS. The space between prompt and target belongs to the
    target's first token already. Padding is the EOS token too, but only the first one is learned.
    """
    longest = max(len(prompt) + len(target) + 1 for prompt, target in rows)
    tokens = torch.full((len(rows), longest), end_of_text)
    labels = torch.full((len(rows), longest), MASKED)
    for b, (prompt, target) in enumerate(rows):
        text = torch.tensor(prompt + target + [end_of_text])
        tokens[b, : len(text)] = text
        labels[b, len(prompt) : len(text)] = text[len(prompt) :]
    lengths = [len(prompt) for prompt, _ in rows]
    return Batch(tokens, labels, lengths, torch.tensor(allocation))


class Allocator:
    """Hands every label its own random code, k LoRAs in each layer; one label has one code."""

    def __init__(self, settings, seed):
        self.settings = settings
        self.random = random.Random(seed)
        self.table = {}

    def code(self, label):
        s = self.settings
        if label in self.table:
            return self.table[label]
        for _ in range(10_000):
            code = [sorted(self.random.sample(range(s.experts), s.active)) for _ in s.blocks]
            if code not in self.table.values():
                self.table[label] = code
                return code
        raise RuntimeError(f"no free code left after {len(self.table)} labels")


# ---- Routing ----


@dataclass
class Route:
    """Where one layer's router sends a batch."""

    scores: torch.Tensor  # [B, E] softmax over all LoRAs
    log_scores: torch.Tensor  # [B, E]
    own: torch.Tensor  # [B, k] the router's own choice, ascending
    weights: torch.Tensor  # [B, E] 0 where not used


def top(logits, k):
    """Indices of the k largest, ascending; of equals the lower index wins."""
    order = logits.sort(dim=-1, descending=True, stable=True).indices
    return order[..., :k].sort(dim=-1).values


def route(settings, weight, bias, query, allocated=None):
    """One layer's routing for queries [B, d]; `allocated` [B, k] forces the LoRAs that are used."""
    logits = query @ weight.T + bias  # [B, E]
    log_scores = logits.log_softmax(dim=-1)
    scores = logits.softmax(dim=-1)
    own = top(logits.detach(), settings.active)
    used = own if allocated is None else allocated
    keep = torch.zeros_like(scores).scatter(1, used, 1.0)  # k-hot
    weights = scores * keep
    if settings.renormalise:
        weights = weights / weights.sum(dim=-1, keepdim=True)
    return Route(scores, log_scores, own, weights)


def guide_towards(allocated, r):
    """Mean over rows of -sum of log s over the allocated LoRAs [B, k]. Floor: k ln k."""
    return -r.log_scores.gather(1, allocated).sum(dim=-1).mean()


def balance(settings, r):
    """Switch-Transformer balance: E * sum_e (fraction of rows sent to e) * (mean score of e)."""
    sent = torch.zeros_like(r.scores).scatter(1, r.own, 1.0).mean(dim=0)  # [E], sums to k
    return settings.experts * (sent * r.scores.mean(dim=0)).sum()


# ---- The edited model ----


class Elder:
    def __init__(self, model, settings, tensors):
        self.model = model  # gpt2.GPT2 or llama.Llama, frozen
        self.settings = settings
        self.tensors = {name: t.clone().requires_grad_() for name, t in tensors.items()}
        self.stored = []  # recorded codes, one [L][k] list a row, never refreshed

    def forward(self, tokens, prompt_lengths, allocation=None, scope=None):
        """Logits [B, T, V] and the L routes. Rows where `scope` [B] is false stay unedited."""
        s, t = self.settings, self.tensors
        rows, last = torch.arange(len(tokens)), torch.tensor(prompt_lengths) - 1
        hard = s.routing == "hard" and allocation is not None  # only while learning
        routes = {}

        def route_from(query, blocks):
            for block in blocks:
                at = f"blocks.{block}.router"
                forced = allocation[:, s.blocks.index(block)] if hard else None
                routes[block] = route(s, t[f"{at}.weight"], t[f"{at}.bias"], query, forced)

        def change(block, part, v, y):
            if part != s.part:
                return y
            if s.query == "shared" and block == s.query_block:
                route_from(v[rows, last].detach(), s.blocks)  # the FC itself is left alone
            if block not in s.blocks:
                return y
            if s.query == "per_layer":
                route_from(v[rows, last].detach(), [block])
            edited = y + self.mixture(block, v, routes[block].weights)
            # Select, not multiply by zero: an unedited row is exactly the base model's.
            return edited if scope is None else torch.where(scope[:, None, None], edited, y)

        logits = self.model(tokens, change)
        return logits, [routes[block] for block in s.blocks]

    def mixture(self, block, v, weights):
        """sum_e w_e (alpha / r) (v A_e) B_e, all E computed, as released. [B, T, d_out]"""
        a, b = self.tensors[f"blocks.{block}.a"], self.tensors[f"blocks.{block}.b"]
        narrow = torch.einsum("bti,eir->bter", v, a)  # [B, T, E, r]
        wide = torch.einsum("bter,ero->bteo", narrow, b)  # [B, T, E, d_out]
        scaling = self.settings.alpha / self.settings.rank
        return torch.einsum("be,bteo->bto", weights, wide) * scaling

    def loss(self, batch):
        """Total, cross-entropy and guide (summed over layers), and the routes."""
        s = self.settings
        logits, routes = self.forward(batch.tokens, batch.prompt_lengths, batch.allocation)
        # The label of position t is predicted at t - 1; every position reaches the vocabulary.
        said, meant = logits[:, :-1].flatten(0, 1), batch.labels[:, 1:].flatten()
        cross_entropy = F.cross_entropy(said, meant, ignore_index=MASKED)
        terms = {
            "allocation": lambda l, r: guide_towards(batch.allocation[:, l], r),
            "balance": lambda l, r: balance(s, r),
            "none": lambda l, r: torch.zeros(()),
        }
        guide = sum(terms[s.guide](l, r) for l, r in enumerate(routes))
        return cross_entropy + s.guide_weight * guide, cross_entropy, guide, routes

    def learn(self, batch, observe=lambda step, total, cross_entropy, guide, routes: None):
        """The released loop: a new Adam, `steps` steps, codes recorded in the last one."""
        s = self.settings
        optimizer = torch.optim.Adam(
            self.tensors.values(), lr=s.learning_rate, betas=(0.9, 0.999), eps=1e-8
        )
        codes = None
        for step in range(s.steps):
            # Gradients of LoRAs that no row chose are zeros, and Adam steps those LoRAs as well.
            optimizer.zero_grad(set_to_none=False)
            total, cross_entropy, guide, routes = self.loss(batch)
            observe(step, total, cross_entropy, guide, routes)
            if step == s.steps - 1:
                codes = chosen(routes)  # before this step's update
            total.backward()
            optimizer.step()
        self.stored += codes
        return codes

    @torch.no_grad()
    def codes(self, tokens, prompt_lengths):
        """What the present routers choose: B lists [L][k]."""
        return chosen(self.forward(tokens, prompt_lengths)[1])

    @torch.no_grad()
    def answer(self, tokens, prompt_lengths):
        """Logits with the deferral gate on, and which rows were in scope."""
        now = self.codes(tokens, prompt_lengths)
        scope = torch.tensor([in_scope(code, self.stored, self.settings.threshold) for code in now])
        return self.forward(tokens, prompt_lengths, scope=scope)[0], scope


# ---- Codes ----


def chosen(routes):
    """The routers' own choice, row by row: B lists [L][k], ascending."""
    return torch.stack([r.own for r in routes], dim=1).tolist()


def bits(code, experts):
    """A code [L][k] as text of L * E zeros and ones, layers in order, LoRAs in order."""
    return "".join("1" if e in layer else "0" for layer in code for e in range(experts))


def distance(code, other):
    """Hamming distance of two codes [L][k]; always even."""
    return sum(len(set(a) ^ set(b)) for a, b in zip(code, other))


def in_scope(code, stored, threshold):
    """Strictly nearer than the threshold to a stored code; nothing stored, nothing in scope."""
    return any(distance(code, other) < threshold for other in stored)


# ---- Speed ----


def paper_place(config):
    """Where the paper edits a model of this config.json, or the like of it in one of another depth:
    which FC, the query block, the edited blocks, the widths into and out of the FC."""
    if config["model_type"] == "gpt2":
        D, blocks = config["n_embd"], config["n_layer"]
        part, above, d_in, d_out = "expansion", blocks // 8, D, config.get("n_inner") or 4 * D
    else:
        d_in, d_out = config["intermediate_size"], config["hidden_size"]
        blocks = config["num_hidden_layers"]
        part, above = "contraction", blocks * 5 // 32
    layers = min(6, blocks - above - 1)
    first = blocks - above - layers
    return part, first - 1, tuple(range(first, first + layers)), d_in, d_out


def speed_case(model, rows, generator):
    """A function that takes one training step, forward, backward and Adam, on `rows`, (prompt,
    target) pairs of token ids, each with a pre-assigned code of its own: one padded batch."""
    part, query_block, blocks, d_in, d_out = paper_place(model.config)
    settings = Settings(part, query_block, blocks)
    start = initial_adapters(settings, d_in, d_out, d_in, generator)
    editor, allocator = Elder(model, settings, start), Allocator(settings, 1)
    codes = [allocator.code(row) for row in range(len(rows))]
    batch = batch_of(rows, codes, model.config["eos_token_id"])
    optimizer = torch.optim.Adam(editor.tensors.values(), lr=settings.learning_rate)

    def step():
        optimizer.zero_grad(set_to_none=False)
        editor.loss(batch)[0].backward()
        optimizer.step()

    return step
