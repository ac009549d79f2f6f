"""Twin of Sources/Editing/MoE: the conventional mixture-of-experts adaptor that the LEMoE paper
analyses (arXiv 2406.20030, section 3), after MEMoE (arXiv 2405.19086).

    p          softmax(W_r x), x what the MLP reads, for every token by itself
    MLP output += lambda * p_i * f_i(x), i the likeliest expert
    loss       cross-entropy of the target; gradients to W_r and all experts, for every batch
    optimiser  AdamW, new for each batch, weight decay on the experts only; gradient norm clipped

A whole forward pass in every step, f32, nothing cached. Padding is routed like any token: an expert
that nothing else chose has gradients of zero and is stepped, one that no token chose is not.

Shapes: B rows, T tokens, E experts, d width.
"""

from dataclasses import dataclass

import torch

from lemoe import MASKED, batch_of, initial_expert, run_expert, step, target_loss, widths


@dataclass(frozen=True)
class Settings:
    block: int
    expert_width: int
    experts: int = 5
    scale: float = 1.0  # lambda
    learning_rate: float = 2e-4
    expert_decay: float = 0.01
    clip_norm: float = 1.0
    batch_size: int = 8
    epochs: int = 30
    stop_loss: float = 0.03


class MoE:
    def __init__(self, model, settings, experts, router):
        self.model = model
        self.settings = settings
        self.experts = [
            {name: t.clone().requires_grad_() for name, t in expert.items()} for expert in experts
        ]
        self.router = router.clone().requires_grad_()  # [E, d]

    def forward(self, tokens):
        seen = {}

        def change(block, part, x, y):
            if block != self.settings.block:
                return y
            if part == "expansion":
                seen["x"] = x  # what the MLP reads
                return y
            return y + self.settings.scale * self.mixture(seen["x"])

        return self.model(tokens, change)

    def mixture(self, x):
        """[B, T, d] to [B, T, d]: each token through its own expert."""
        flat = x.reshape(-1, x.shape[-1])
        p = (flat @ self.router.T).softmax(dim=-1)
        chosen = p.argmax(dim=-1)
        added = torch.zeros_like(flat)
        for index, expert in enumerate(self.experts):
            places = (chosen == index).nonzero()[:, 0]
            if len(places) > 0:
                own = p[places, index, None] * run_expert(expert, flat[places])
                added = added.index_add(0, places, own)
        return added.reshape(x.shape)

    def optimizer(self):
        s = self.settings
        tensors = [t for expert in self.experts for t in expert.values()]
        groups = [
            {"params": tensors, "weight_decay": s.expert_decay},
            {"params": [self.router], "weight_decay": 0.0},
        ]
        return torch.optim.AdamW(groups, lr=s.learning_rate)

    def learn(self, rows, end_of_text, random):
        """Trains everything on `rows`; the loss of every step."""
        s = self.settings
        optimizer, losses = self.optimizer(), []
        for _ in range(s.epochs):
            order, total, count = random.shuffled(range(len(rows))), 0.0, 0
            for start in range(0, len(rows), s.batch_size):
                places = order[start : start + s.batch_size]
                tokens, labels = batch_of([rows[i] for i in places], end_of_text)
                loss = target_loss(self.forward(tokens), labels)
                step(optimizer, loss, s.clip_norm)
                losses.append(loss.item())
                targets = (labels != MASKED).sum().item()
                total, count = total + loss.item() * targets, count + targets
            if total / count < s.stop_loss:
                break
        return losses


def initial_router(d, experts, generator):
    return (torch.rand(experts, d, generator=generator) * 2 - 1) * d**-0.5


def speed_case(model, rows, generator):
    """One training step on `rows` (prompt and target, as token ids): a function without
    arguments."""
    d, m, _ = widths(model)
    depth = model.config.get("n_layer") or model.config["num_hidden_layers"]
    settings = Settings(block=depth * 18 // 32, expert_width=m)
    experts = [initial_expert(model, m, generator) for _ in range(settings.experts)]
    editor = MoE(model, settings, experts, initial_router(d, settings.experts, generator))
    tokens, labels = batch_of(rows, model.config["eos_token_id"])
    optimizer = editor.optimizer()

    def train():
        step(optimizer, target_loss(editor.forward(tokens), labels), settings.clip_norm)

    return train
