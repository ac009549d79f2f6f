"""Twin of Sources/Editing/Defer: a trained gate and a trained predictor at one linear map, the
baseline "Defer" of GRACE (arXiv 2211.11031).

With the arithmetic of its released code: a whole forward pass in every step, f32, nothing cached,
one edit at a time.

    q          input of the replaced map at one position, no gradient
    g          = sigmoid(w q + b)
    v          = P q + c
    teaching   output_t = g v + (1 - g) y_t, y the map's own output
    answering  output_t = v where g >= threshold, else y_t
    loss       cross-entropy of this edit's target alone; a new Adam an edit over w, b, P, c

Shapes: T tokens, V vocabulary, d_in and d_out widths of the replaced map.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F

from grace import place


@dataclass(frozen=True)
class Settings:
    part: str  # "expansion" (GPT-2) or "contraction" (LLaMA)
    block: int
    learning_rate: float = 1e-1
    steps: int = 100
    threshold: float = 0.5
    key_position: str = "rowEnd"  # the last token of whatever runs; "promptEnd": n - 1
    replacement: str = "all"  # every position; "fromPromptEnd": n - 1 and later
    routes_once: bool = False  # True: the prompt decides for every generated token


def initial_tensors(d_in, d_out, generator):
    """As linear maps start: all uniform in +-1/sqrt(d_in)."""

    def uniform(*shape):
        return (torch.rand(*shape, generator=generator) * 2 - 1) * d_in**-0.5

    return {
        "gate.weight": uniform(1, d_in), "gate.bias": uniform(1),
        "predictor.weight": uniform(d_out, d_in), "predictor.bias": uniform(d_out),
    }


class Defer:
    def __init__(self, model, settings, tensors):
        self.model = model  # gpt2.GPT2 or llama.Llama, frozen
        self.settings = settings
        self.tensors = {name: t.clone().requires_grad_() for name, t in tensors.items()}

    def gate(self, query):
        return (F.linear(query, self.tensors["gate.weight"], self.tensors["gate.bias"])).sigmoid()

    def predict(self, query):
        return F.linear(query, self.tensors["predictor.weight"], self.tensors["predictor.bias"])

    def optimizer(self):
        return torch.optim.Adam(self.tensors.values(), lr=self.settings.learning_rate)

    def places(self, prompt_length, length):
        first = 0 if self.settings.replacement == "all" else prompt_length - 1
        return torch.arange(length) >= first

    def query_place(self, prompt_length, length):
        return (prompt_length if self.settings.key_position == "promptEnd" else length) - 1

    def forward(self, tokens, replace):
        """Logits [T, V] of tokens [1, T]; `replace` maps input and output [T, .] of the map."""

        def change(block, part, v, y):
            if (block, part) != (self.settings.block, self.settings.part):
                return y
            return replace(v[0], y[0])[None]

        return self.model(tokens, change)[0]

    def loss(self, prompt, target):
        tokens = torch.tensor([prompt + target])
        n, length = len(prompt), tokens.shape[1]
        places = self.places(n, length)[:, None]

        def mixed(v, y):
            query = v[self.query_place(n, length)].detach()
            g = self.gate(query)
            return torch.where(places, g * self.predict(query) + (1 - g) * y, y)

        logits = self.forward(tokens, mixed)
        return F.cross_entropy(logits[n - 1 : -1], tokens[0, n:])

    def learn(self, prompt, target):
        """Learns one row, `target` with its end mark; returns the loss of each step."""
        optimizer = self.optimizer()
        losses = []
        for _ in range(self.settings.steps):
            loss = self.loss(prompt, target)
            losses.append(loss.item())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return losses

    @torch.no_grad()
    def answer(self, prompt, rest=()):
        """Logits [T, V] of the prompt and what follows it in one pass, and the score."""
        tokens = torch.tensor([prompt + list(rest)])
        n, length = len(prompt), tokens.shape[1]
        seen = {}

        def switched(v, y):
            query = v[self.query_place(n, length)]
            seen["score"] = self.gate(query).item()
            places = self.places(n, length)[:, None] & (seen["score"] >= self.settings.threshold)
            return torch.where(places, self.predict(query), y)

        return self.forward(tokens, switched), seen["score"]

    @torch.no_grad()
    def generate(self, prompt, count):
        """`count` greedy tokens as cached decoding gives them: the prompt is decided as a whole, a
        generated token by itself unless the prompt's decision is kept."""
        s, n = self.settings, len(prompt)
        text = list(prompt)
        for _ in range(count):

            def switched(v, y):
                out = []
                for t in range(len(text)):
                    own = t >= n and not s.routes_once
                    query = v[t] if own else v[n - 1]
                    is_open = self.gate(query).item() >= s.threshold
                    is_placed = t >= n or bool(self.places(n, len(text))[t])
                    out.append(self.predict(query) if is_open and is_placed else y[t])
                return torch.stack(out)

            text.append(self.forward(torch.tensor([text]), switched)[-1].argmax().item())
        return text[n:]


def speed_case(model, rows, generator):
    """A function that takes one training step on each of `rows`, (prompt, target) pairs of token
    ids: forward, backward, optimiser step. The method learns rows one by one, so one row is what
    the release times."""
    part, block, d_in, d_out = place(model.config)
    method = Defer(model, Settings(part, block), initial_tensors(d_in, d_out, generator))
    optimizers = [method.optimizer() for _ in rows]

    def step():
        for (prompt, target), optimizer in zip(rows, optimizers):
            optimizer.zero_grad()
            method.loss(prompt, target).backward()
            optimizer.step()

    return step
