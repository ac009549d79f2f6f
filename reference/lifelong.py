"""Twin of Sources/Editing/Lifelong: an expert of its own for every edit (Documentation/LifelongAtScale.md).

    MLP output += f(x), x what the MLP reads, f a small MLP of the host's kind
    loss       cross-entropy of the edit's target; gradients to f alone
    optimiser  Adam, new for each edit; before a step that is a multiple of `margin_every`, but the
               first, the edit is done if every target token leads all others by `margin`

    gate       of the tokens likeliest after a wording, sum(sqrt(p q)) / sum(p): p after the wording,
               q after the prompt, both without the expert

A whole forward pass in every step, f32, nothing cached.

Shapes: N target tokens, K tokens kept, V vocabulary.
"""

from dataclasses import dataclass

import torch

from lemoe import MASKED, batch_of, initial_expert, run_expert, target_loss


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


def next_token(model, prompt):
    """The unedited model's probabilities after `prompt`: [V]."""
    with torch.no_grad():
        return model(torch.tensor([prompt]))[0, -1].softmax(dim=-1)


def expectation(model, wording, keep):
    """The `keep` likeliest tokens after `wording`, and their probabilities: [K] each."""
    p, tokens = next_token(model, wording).topk(keep)
    return tokens, p


def agreement(expected, q):
    """How much of what is expected after a wording a prompt's next token q [V] has."""
    tokens, p = expected
    return ((p * q[tokens]).sqrt().sum() / p.sum()).clamp(max=1).item()


def mirrored(expert):
    """The same expert, the second half of its units the first half's negatives."""
    return {
        name: t if t.dim() == 1 or name.startswith("contraction")
        else torch.cat([t[: (len(t) + 1) // 2], -t[: len(t) // 2]])
        for name, t in expert.items()
    }


def speed_case(model, rows, generator):
    """One training step on `rows` (prompt and target, as token ids): a function without arguments."""
    depth = model.config.get("n_layer") or model.config["num_hidden_layers"]
    settings = Settings(block=depth // 2)
    expert = initial_expert(model, settings.expert_width, generator, 0.05)
    expert = {name: t.requires_grad_() for name, t in mirrored(expert).items()}
    optimizer = torch.optim.Adam(expert.values(), lr=settings.learning_rate)
    tokens, labels = batch_of(rows, model.config["eos_token_id"])

    def train():
        loss = target_loss(forward(model, settings.block, expert, tokens), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return train
