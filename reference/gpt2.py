"""Twin of the GPT-2 family in Sources/LanguageModels: the plain forward pass, whole, every time.

Learned positions, LayerNorm before each half of a block, tanh-GELU, output head tied to the token
embedding. Weights are a dictionary under Hugging Face names; `Conv1D` weights are stored [in, out].

Shapes: B batch, T tokens, D width, H heads, d width of a head, V vocabulary.
"""

import torch
import torch.nn.functional as F


def unchanged(block, part, x, y):
    """The change that changes nothing. A change sees every linear map of an MLP: its block, its
    part ("expansion" = c_fc, "contraction" = c_proj), its input x and its output y, and returns
    the output to go on with."""
    return y


class GPT2:
    def __init__(self, config, weights, fused_attention=False):
        self.config = config
        self.weights = weights
        self.fused_attention = fused_attention

    def __call__(self, tokens, change=unchanged):
        """Logits [B, T, V] of right-padded tokens [B, T]."""
        x = self.embed(tokens)  # [B, T, D]
        for block in range(self.config["n_layer"]):
            x = self.block(block, x, change)
        x = self.norm("ln_f", x)
        return x @ self.weights["transformer.wte.weight"].T  # [B, T, V]

    def embed(self, tokens):
        positions = torch.arange(tokens.shape[1])
        w = self.weights
        return w["transformer.wte.weight"][tokens] + w["transformer.wpe.weight"][positions]

    def block(self, block, x, change):
        h = f"h.{block}"
        x = x + self.attention(h, self.norm(f"{h}.ln_1", x))
        v = self.norm(f"{h}.ln_2", x)
        wide = change(block, "expansion", v, self.conv1d(f"{h}.mlp.c_fc", v))  # [B, T, 4D]
        u = F.gelu(wide, approximate="tanh")
        return x + change(block, "contraction", u, self.conv1d(f"{h}.mlp.c_proj", u))

    def attention(self, h, x):
        B, T, D = x.shape
        H = self.config["n_head"]
        q, k, v = self.conv1d(f"{h}.attn.c_attn", x).split(D, dim=-1)
        q, k, v = (t.reshape(B, T, H, D // H).transpose(1, 2) for t in (q, k, v))  # [B, H, T, d]
        mixed = attend(q, k, v, self.fused_attention)
        return self.conv1d(f"{h}.attn.c_proj", mixed.transpose(1, 2).reshape(B, T, D))

    def conv1d(self, name, x):
        """x @ weight + bias; one `addmm` over all rows, as Hugging Face's Conv1D has it."""
        weight = self.weights[f"transformer.{name}.weight"]
        bias = self.weights[f"transformer.{name}.bias"]
        rows = torch.addmm(bias, x.reshape(-1, x.shape[-1]), weight)
        return rows.reshape(*x.shape[:-1], weight.shape[1])

    def norm(self, name, x):
        weight = self.weights[f"transformer.{name}.weight"]
        bias = self.weights[f"transformer.{name}.bias"]
        return F.layer_norm(x, x.shape[-1:], weight, bias, self.config["layer_norm_epsilon"])


def attend(q, k, v, fused=False):
    """Causal attention of [B, H, T, d]. Right padding needs no mask: nobody before it sees it."""
    if fused:
        return F.scaled_dot_product_attention(q, k, v, is_causal=True)
    T = q.shape[2]
    scores = q @ k.transpose(2, 3) / q.shape[-1] ** 0.5  # [B, H, T, T]
    later = torch.ones(T, T, dtype=torch.bool).triu(1)
    return scores.masked_fill(later, float("-inf")).softmax(dim=-1) @ v


def configuration(blocks, width, heads, vocabulary, context, end_of_text):
    """A config.json that Hugging Face's `GPT2LMHeadModel` reads."""
    return {
        "architectures": ["GPT2LMHeadModel"],
        "model_type": "gpt2",
        "activation_function": "gelu_new",
        "n_layer": blocks,
        "n_embd": width,
        "n_head": heads,
        "n_positions": context,
        "vocab_size": vocabulary,
        "layer_norm_epsilon": 1e-5,
        "attn_pdrop": 0.0,
        "embd_pdrop": 0.0,
        "resid_pdrop": 0.0,
        "bos_token_id": end_of_text,
        "eos_token_id": end_of_text,
        "tie_word_embeddings": True,
    }


def shapes(config):
    """Name and shape of every weight, in model order."""
    D = config["n_embd"]
    W = config.get("n_inner") or 4 * D
    table = {
        "transformer.wte.weight": [config["vocab_size"], D],
        "transformer.wpe.weight": [config["n_positions"], D],
    }
    for block in range(config["n_layer"]):
        h = f"transformer.h.{block}"
        table |= {
            f"{h}.ln_1.weight": [D], f"{h}.ln_1.bias": [D],
            f"{h}.attn.c_attn.weight": [D, 3 * D], f"{h}.attn.c_attn.bias": [3 * D],
            f"{h}.attn.c_proj.weight": [D, D], f"{h}.attn.c_proj.bias": [D],
            f"{h}.ln_2.weight": [D], f"{h}.ln_2.bias": [D],
            f"{h}.mlp.c_fc.weight": [D, W], f"{h}.mlp.c_fc.bias": [W],
            f"{h}.mlp.c_proj.weight": [W, D], f"{h}.mlp.c_proj.bias": [D],
        }
    return table | {"transformer.ln_f.weight": [D], "transformer.ln_f.bias": [D]}
