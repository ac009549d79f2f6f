"""Twin of Sources/Editing/LoRA: one LoRA a map (arXiv 2106.09685), trained on batch after batch.

The baseline of ELDER's Table 1 with ELDER's own constants: a whole forward pass in every step, f32,
nothing cached, a new Adam for each batch, always on.

    FC output += (alpha / r) * (v A) B        A [d_in, r] uniform in +-1/sqrt(r), B [r, d_out] zero
    loss       = cross-entropy of the target, mean over its tokens and one EOS

Shapes: B batch, T tokens, r rank, V vocabulary, d_in and d_out widths of the adapted FC.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F

import elder

MASKED = -100  # the label of a position that has no say in the loss


@dataclass(frozen=True)
class Settings:
    part: str  # "expansion" (GPT-2) or "contraction" (LLaMA)
    blocks: tuple  # the adapted blocks, in model order
    rank: int = 32
    alpha: float = 32.0
    learning_rate: float = 1e-4
    steps: int = 50
    stop_every: int = 0  # look every so many steps whether the batch is learned; 0: never
    stop_margin: float = 0.0  # by how much each target token must lead for that


def initial_adapters(settings, input_width, output_width, generator):
    """Fresh tensors by name; B is zero, so that the model is unchanged."""
    tensors = {}
    for block in settings.blocks:
        noise = torch.rand(input_width, settings.rank, generator=generator) * 2 - 1
        tensors[f"blocks.{block}.a"] = noise * settings.rank**-0.5
        tensors[f"blocks.{block}.b"] = torch.zeros(settings.rank, output_width)
    return tensors


@dataclass
class Batch:
    tokens: torch.Tensor  # [B, T] int64, right-padded
    labels: torch.Tensor  # [B, T] int64, MASKED over prompt and padding


def batch_of(rows, end_of_text):
    """Rows of prompt + target + one true EOS; padding is the EOS token too, but not learned."""
    longest = max(len(prompt) + len(target) + 1 for prompt, target in rows)
    tokens = torch.full((len(rows), longest), end_of_text)
    labels = torch.full((len(rows), longest), MASKED)
    for b, (prompt, target) in enumerate(rows):
        text = torch.tensor(prompt + target + [end_of_text])
        tokens[b, : len(text)] = text
        labels[b, len(prompt) : len(text)] = text[len(prompt) :]
    return Batch(tokens, labels)


class LoRA:
    def __init__(self, model, settings, tensors):
        self.model = model  # gpt2.GPT2 or llama.Llama, frozen
        self.settings = settings
        self.tensors = {name: t.clone().requires_grad_() for name, t in tensors.items()}

    def forward(self, tokens):
        """Logits [B, T, V]."""
        s, t = self.settings, self.tensors

        def change(block, part, v, y):
            if part != s.part or block not in s.blocks:
                return y
            return y + (v @ t[f"blocks.{block}.a"]) @ t[f"blocks.{block}.b"] * (s.alpha / s.rank)

        return self.model(tokens, change)

    def optimizer(self):
        rate = self.settings.learning_rate
        return torch.optim.Adam(self.tensors.values(), lr=rate, betas=(0.9, 0.999), eps=1e-8)

    def predictions(self, batch):
        """Logits [B * (T - 1), V] and labels: that of position t is predicted at t - 1."""
        return self.forward(batch.tokens)[:, :-1].flatten(0, 1), batch.labels[:, 1:].flatten()

    def step(self, batch, optimizer):
        """One whole step; the loss before it."""
        optimizer.zero_grad()
        said, meant = self.predictions(batch)
        loss = F.cross_entropy(said, meant, ignore_index=MASKED)
        loss.backward()
        optimizer.step()
        return loss.item()

    def learn(self, batch):
        """All steps on one batch, or until it is learned; the losses."""
        s, losses, optimizer = self.settings, [], self.optimizer()
        for step in range(s.steps):
            if s.stop_every and step and step % s.stop_every == 0 and self.is_learned(batch):
                break
            losses.append(self.step(batch, optimizer))
        return losses

    @torch.no_grad()
    def is_learned(self, batch):
        said, meant = self.predictions(batch)
        said, meant = said[meant != MASKED], meant[meant != MASKED]  # [N, V], [N]
        wanted = said.gather(1, meant[:, None])[:, 0]
        others = said.scatter(1, meant[:, None], float("-inf")).max(dim=1).values
        return bool((wanted - others > self.settings.stop_margin).all())


# ---- Speed ----


def speed_case(model, rows, generator):
    """A function that takes one training step, forward, backward and Adam, on `rows`, (prompt,
    target) pairs of token ids, with ELDER's maps and one padded batch."""
    part, _, blocks, d_in, d_out = elder.paper_place(model.config)
    settings = Settings(part, blocks)
    editor = LoRA(model, settings, initial_adapters(settings, d_in, d_out, generator))
    batch = batch_of(rows, model.config["eos_token_id"])
    optimizer = editor.optimizer()
    return lambda: editor.step(batch, optimizer)
