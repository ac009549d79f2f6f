"""Twin of the LLaMA family in Sources/LanguageModels: the plain forward pass, whole, every time.

Rotary positions, grouped-query attention, RMSNorm before each half of a block, gated SiLU MLP
(SwiGLU), no biases. Weights are a dictionary under Hugging Face names, stored [out, in].
RoPE scaling is left out: no fixture here needs it.

Shapes: B batch, T tokens, D width, H heads, G key/value heads, d width of a head, V vocabulary.
"""

import torch
import torch.nn.functional as F

from gpt2 import attend, unchanged


class Llama:
    def __init__(self, config, weights, fused_attention=False):
        self.config = config
        self.weights = weights
        self.fused_attention = fused_attention

    def __call__(self, tokens, change=unchanged):
        """Logits [B, T, V] of right-padded tokens [B, T]. `change` as in gpt2.py; the expansion is
        up_proj, the contraction down_proj."""
        x = self.weights["model.embed_tokens.weight"][tokens]  # [B, T, D]
        for block in range(self.config["num_hidden_layers"]):
            x = self.block(block, x, change)
        x = self.norm("model.norm", x)
        tied = self.config["tie_word_embeddings"]
        return x @ self.weights["model.embed_tokens.weight" if tied else "lm_head.weight"].T

    def block(self, block, x, change):
        h = f"model.layers.{block}"
        x = x + self.attention(h, self.norm(f"{h}.input_layernorm", x))
        v = self.norm(f"{h}.post_attention_layernorm", x)
        up = change(block, "expansion", v, self.linear(f"{h}.mlp.up_proj", v))
        u = F.silu(self.linear(f"{h}.mlp.gate_proj", v)) * up
        return x + change(block, "contraction", u, self.linear(f"{h}.mlp.down_proj", u))

    def attention(self, h, x):
        B, T, D = x.shape
        H, G = self.config["num_attention_heads"], self.config["num_key_value_heads"]
        q = self.heads(self.linear(f"{h}.self_attn.q_proj", x), H)  # [B, H, T, d]
        k = self.heads(self.linear(f"{h}.self_attn.k_proj", x), G)  # [B, G, T, d]
        v = self.heads(self.linear(f"{h}.self_attn.v_proj", x), G)
        q, k = self.rotated(q), self.rotated(k)
        # Query heads 0 .. H/G - 1 share key/value head 0, and so on.
        k, v = (t.repeat_interleave(H // G, dim=1) for t in (k, v))
        mixed = attend(q, k, v, self.fused_attention)
        return self.linear(f"{h}.self_attn.o_proj", mixed.transpose(1, 2).reshape(B, T, -1))

    def heads(self, x, count):
        return x.reshape(*x.shape[:2], count, -1).transpose(1, 2)

    def rotated(self, x):
        """Turns the pair (x_i, x_{i + d/2}) at position t by the angle t * theta^(-2i/d)."""
        T, d = x.shape[2:]
        frequencies = self.config["rope_theta"] ** (-torch.arange(0, d, 2) / d)  # [d/2]
        angles = torch.arange(T)[:, None] * frequencies  # [T, d/2]
        cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
        first, second = x.chunk(2, dim=-1)
        return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)

    def linear(self, name, x):
        return x @ self.weights[f"{name}.weight"].T

    def norm(self, name, x):
        size = (x * x).mean(dim=-1, keepdim=True) + self.config["rms_norm_eps"]
        return x * size.rsqrt() * self.weights[f"{name}.weight"]


def configuration(blocks, width, wide, heads, key_value_heads, vocabulary, context, bos, eos):
    """A config.json that Hugging Face's `LlamaForCausalLM` reads; the head is untied."""
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_act": "silu",
        "num_hidden_layers": blocks,
        "hidden_size": width,
        "intermediate_size": wide,
        "num_attention_heads": heads,
        "num_key_value_heads": key_value_heads,
        "max_position_embeddings": context,
        "vocab_size": vocabulary,
        "rms_norm_eps": 1e-5,
        "rope_theta": 10000.0,
        "attention_bias": False,
        "mlp_bias": False,
        "bos_token_id": bos,
        "eos_token_id": eos,
        "tie_word_embeddings": False,
    }


def shapes(config):
    """Name and shape of every weight, in model order."""
    D, W, V = config["hidden_size"], config["intermediate_size"], config["vocab_size"]
    d = D // config["num_attention_heads"]
    G = config["num_key_value_heads"] * d
    table = {"model.embed_tokens.weight": [V, D]}
    for block in range(config["num_hidden_layers"]):
        h = f"model.layers.{block}"
        table |= {
            f"{h}.input_layernorm.weight": [D],
            f"{h}.self_attn.q_proj.weight": [D, D],
            f"{h}.self_attn.k_proj.weight": [G, D],
            f"{h}.self_attn.v_proj.weight": [G, D],
            f"{h}.self_attn.o_proj.weight": [D, D],
            f"{h}.post_attention_layernorm.weight": [D],
            f"{h}.mlp.gate_proj.weight": [W, D],
            f"{h}.mlp.up_proj.weight": [W, D],
            f"{h}.mlp.down_proj.weight": [D, W],
        }
    table["model.norm.weight"] = [D]
    return table if config["tie_word_embeddings"] else table | {"lm_head.weight": [V, D]}
