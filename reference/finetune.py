"""Twin of Sources/Editing/FineTuning: FT-L and FT-M, the fine-tuning baselines, as released.

FT-L is kmeng01/rome's constrained fine-tuning: Adam on one block's contraction (weight and, in
GPT-2, bias), kept within a box around where the weights stood before the edit.

    FT-L   p    = softmax at the last prompt token; the target is never fed
           loss = mean over rows of -(1/m) sum_j log p(t_j), all m target tokens from the same p
    FT-M   loss = mean over rows of -(1/m) sum_j log p(t_j | prompt, t_1 .. t_j-1)

    at most `steps` times: loss; if below `stop`, end; else Adam step, then clamp every entry to
    [start - box, start + box]

A whole forward pass in every step, f32, nothing cached.
"""

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Settings:
    layer: int
    loss: str  # "lastPromptToken" (FT-L) or "teacherForced" (FT-M)
    trains_bias: bool
    box: float = None  # half the width; None: no box
    learning_rate: float = 5e-4
    steps: int = 25
    stop: float = 0.01


class Map:
    """One block's contraction as trained: weight [out, in] and bias [out] or None."""

    def __init__(self, model, layer):
        weights = model.weights
        if model.config["model_type"] == "gpt2":
            name = f"transformer.h.{layer}.mlp.c_proj"
            self.weight = weights[f"{name}.weight"].T.clone()  # stored [in, out]
            self.bias = weights[f"{name}.bias"].clone()
        else:
            self.weight = weights[f"model.layers.{layer}.mlp.down_proj.weight"].clone()
            self.bias = None
        self.layer = layer

    def __call__(self, x):
        y = x @ self.weight.T
        return y if self.bias is None else y + self.bias

    def change(self, block, part, x, y):
        return self(x) if (block, part) == (self.layer, "contraction") else y


def loss_of(model, settings, edited, rows):
    """Mean over rows [(prompt, target)] of token ids."""
    losses = []
    for prompt, target in rows:
        if settings.loss == "lastPromptToken":
            said = model(torch.tensor([prompt]), edited.change)[0, -1].log_softmax(-1)  # [V]
            losses.append(-said[torch.tensor(target)].mean())
        else:
            text = torch.tensor([prompt + target])
            said = model(text, edited.change)[0, len(prompt) - 1 : -1].log_softmax(-1)  # [m, V]
            losses.append(-said.gather(1, torch.tensor(target)[:, None]).mean())
    return torch.stack(losses).mean()


def parameters(settings, edited):
    has_bias = settings.trains_bias and edited.bias is not None
    return [edited.weight] + ([edited.bias] if has_bias else [])


def learn(model, settings, edited, rows):
    """Trains `edited` on one batch with a new Adam; returns every loss that was seen."""
    trained = [p.requires_grad_() for p in parameters(settings, edited)]
    start = [p.detach().clone() for p in trained]
    optimizer = torch.optim.Adam(trained, lr=settings.learning_rate)
    losses = []
    for _ in range(settings.steps):
        loss = loss_of(model, settings, edited, rows)
        losses.append(loss.item())
        if losses[-1] < settings.stop:
            break
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if settings.box is not None:
            with torch.no_grad():
                for p, s in zip(trained, start):
                    p.copy_(torch.clamp(p, min=s - settings.box, max=s + settings.box))
    for p in trained:
        p.requires_grad_(False)
    return losses


def published(model, loss="lastPromptToken"):
    """The released constants for a model of this family."""
    if model.config["model_type"] == "gpt2":
        return Settings(layer=0, loss=loss, trains_bias=True, box=5e-4)
    blocks = model.config["num_hidden_layers"]
    return Settings(layer=(21 * blocks + 16) // 32, loss=loss, trains_bias=False)


def speed_case(model, rows, generator, loss="lastPromptToken"):
    """A function that does one training step on rows [(prompt, target)] of token ids: one padded
    batch, whole forward, backward, Adam step and box, as released. Nothing is drawn."""
    settings = published(model, loss)
    edited = Map(model, settings.layer)
    trained = [p.requires_grad_() for p in parameters(settings, edited)]
    start = [p.detach().clone() for p in trained]
    optimizer = torch.optim.Adam(trained, lr=settings.learning_rate)
    fed = [p if loss == "lastPromptToken" else p + t for p, t in rows]
    longest = max(map(len, fed))
    tokens = torch.tensor([text + [0] * (longest - len(text)) for text in fed])

    def said(logits, b, prompt, target):
        first, count = len(prompt) - 1, len(target)
        if loss == "lastPromptToken":
            return logits[b, first].log_softmax(-1)[torch.tensor(target)]
        at = logits[b, first : first + count].log_softmax(-1)
        return at.gather(1, torch.tensor(target)[:, None])

    def step():
        logits = model(tokens, edited.change)  # [B, T, V]
        means = [-said(logits, b, p, t).mean() for b, (p, t) in enumerate(rows)]
        optimizer.zero_grad()
        torch.stack(means).mean().backward()
        optimizer.step()
        if settings.box is not None:
            with torch.no_grad():
                for p, s in zip(trained, start):
                    p.copy_(torch.clamp(p, min=s - settings.box, max=s + settings.box))

    return step
