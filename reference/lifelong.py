"""Twin of Sources/Editing/Lifelong: an expert of its own for every edit (Documentation/LifelongAtScale.md).

    MLP output += f(x), x what the MLP reads, f a small MLP of the host's kind
    loss       cross-entropy of the edit's target; gradients to f alone
    optimiser  Adam, new for each edit; before a step that is a multiple of `margin_every`, but the
               first, the edit is done if every target token leads all others by `margin`

A whole forward pass in every step, f32, nothing cached.

Shapes: N target tokens, V vocabulary.
"""

from dataclasses import dataclass

import torch

from lemoe import MASKED, batch_of, run_expert, target_loss


@dataclass(frozen=True)
class Settings:
    block: int
    expert_width: int = 4
    learning_rate: float = 0.01
    steps: int = 100
    margin: float = 6.0
    margin_every: int = 5


def forward(model, block, expert, tokens):
    seen = {}

    def change(at, part, x, y):
        if at != block:
            return y
        if part == "expansion":
            seen["x"] = x  # what the MLP reads
            return y
        return y + run_expert(expert, seen["x"])

    return model(tokens, change)


def lead(logits, labels):
    """By how much the target token that leads least leads all others.

    The label of position t is predicted at t - 1.
    """
    logits, labels = logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten()
    flat = logits[labels != MASKED]  # [N, V]
    index = labels[labels != MASKED].unsqueeze(-1)  # [N, 1]
    others = flat.scatter(-1, index, -torch.inf).max(dim=-1).values
    return (flat.gather(-1, index).squeeze(-1) - others).min().item()


def learn(model, settings, expert, rows, end_of_text):
    """Trains a copy of `expert` on the wordings of one edit: the copy, and the loss of every step."""
    expert = {name: t.clone().requires_grad_() for name, t in expert.items()}
    optimizer = torch.optim.Adam(expert.values(), lr=settings.learning_rate)
    tokens, labels = batch_of(rows, end_of_text)
    losses = []
    for step in range(settings.steps):
        logits = forward(model, settings.block, expert, tokens)
        looked_at = step > 0 and step % settings.margin_every == 0
        if looked_at and lead(logits.detach(), labels) > settings.margin:
            break
        loss = target_loss(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return expert, losses
