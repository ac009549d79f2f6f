"""Twin of the operations of Sources/Torch: what each gives, and its gradients, in PyTorch itself.

    ops.safetensors   the tensors
    ops.json          {"torch", "seed", "cases": [...]}; a case is

        name        unique; the tensors' names begin with it
        op          the Swift name (below, with what its arguments mean)
        arguments   everything that is not a tensor; an absent optional argument is null
        inputs      names of the input tensors in the order of the op, null where one is left out
        outputs     names of the output tensors, in order (most ops have one)
        weights     name of a tensor like outputs[0], or null when the case has no gradients
        gradients   one a differentiable input: name of d sum(outputs[0] * weights) / d input,
                    null for the others; an empty list when the case has no gradients

Inputs are kept as they were before an in-place op; its output is the first input afterwards.
Integer and boolean outputs are exact. Ops on a list of tensors (concatenated, stacked) have
the list as `inputs`; adam has the parameter, then the gradient of each step.
"""

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

SEED = 7
DTYPES = {
    "float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16,
    "int64": torch.int64, "bool": torch.bool,
}


def attention(q, k, v, mask, isCausal, scale, groupedQueries):
    return F.scaled_dot_product_attention(
        q, k, v, attn_mask=mask, is_causal=isCausal, scale=scale, enable_gqa=groupedQueries
    )


def affine(x, weight, bias):
    return x @ weight if bias is None else x @ weight + bias


def adam(p, *gradients, learningRate, beta1, beta2, epsilon, weightDecay):
    """One step per gradient; weight decay is decoupled (AdamW; 0 is Adam)."""
    p = p.clone().requires_grad_()
    optimizer = torch.optim.AdamW(
        [p], lr=learningRate, betas=(beta1, beta2), eps=epsilon, weight_decay=weightDecay
    )
    for gradient in gradients:
        p.grad = gradient.clone()
        optimizer.step()
    return p.detach()


# Swift name: what it is in PyTorch. Positional parameters are tensors, keywords the arguments.
OPS = {
    # create
    "zeros": lambda *, shape, dtype: torch.zeros(shape, dtype=DTYPES[dtype]),
    "ones": lambda *, shape, dtype: torch.ones(shape, dtype=DTYPES[dtype]),
    "full": lambda *, shape, value, dtype: torch.full(shape, value, dtype=DTYPES[dtype]),
    "arange": lambda *, start, end: torch.arange(start, end),
    "concatenated": lambda *t, dim: torch.cat(t, dim=dim),
    "stacked": lambda *t, dim: torch.stack(t, dim=dim),
    # move
    "to": lambda x, *, dtype: x.to(DTYPES[dtype]),
    # shape
    "reshaped": lambda x, *, shape: x.reshape(shape),
    "transposed": lambda x, *, a, b: x.transpose(a, b),
    "permuted": lambda x, *, dims: x.permute(dims),
    "narrowed": lambda x, *, dim, start, length: x.narrow(dim, start, length),
    "selected": lambda x, index, *, dim: x.index_select(dim, index),
    "gathered": lambda x, index, *, dim: x.gather(dim, index),
    "scattered": lambda x, index, source, *, dim: x.scatter(dim, index, source),
    "expanded": lambda x, *, shape: x.expand(shape),
    "unsqueezed": lambda x, *, dim: x.unsqueeze(dim),
    "squeezed": lambda x, *, dim: x.squeeze(dim),
    "at": lambda x, *, dim, index: x.select(dim, index),
    # arithmetic; the second operand is a tensor, or the number `value`
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "addNumber": lambda a, *, value: a + value,
    "subtractNumber": lambda a, *, value: a - value,
    "multiplyNumber": lambda a, *, value: a * value,
    "divideNumber": lambda a, *, value: a / value,
    "negated": lambda x: -x,
    "exp": torch.exp,
    "log": torch.log,
    "sqrt": torch.sqrt,
    "pow": lambda x, *, value: x.pow(value),
    "cos": torch.cos,
    "sin": torch.sin,
    "abs": torch.abs,
    # activations
    "gelu": F.gelu,
    "geluTanh": lambda x: F.gelu(x, approximate="tanh"),
    "silu": F.silu,
    "sigmoid": torch.sigmoid,
    "relu": torch.relu,
    "softmax": lambda x, *, dim: x.softmax(dim),
    "logSoftmax": lambda x, *, dim: x.log_softmax(dim),
    # reduce; `dim` null: everything, to a scalar
    "sum": lambda x, *, dim, keepDim: x.sum() if dim is None else x.sum(dim, keepdim=keepDim),
    "mean": lambda x, *, dim, keepDim: x.mean() if dim is None else x.mean(dim, keepdim=keepDim),
    "max": lambda x, *, dim: tuple(x.max(dim)),
    "argmax": lambda x, *, dim: x.argmax(dim),
    "topK": lambda x, *, k, dim: tuple(x.topk(k, dim)),
    # compare and choose
    "isEqual": lambda a, b: a == b,
    "isLess": lambda a, b: a < b,
    "isAtLeast": lambda a, b: a >= b,
    "logicalNot": torch.logical_not,
    "choose": torch.where,  # condition, a, b
    "maskedFill": lambda x, mask, *, value: x.masked_fill(mask, value),
    # products
    "matmul": torch.matmul,
    "linear": F.linear,  # x, weight [out, in], bias or null
    "affine": affine,  # x, weight [in, out], bias [out] or null
    "solved": torch.linalg.solve,  # a, b: the x of a x = b
    # transformer
    "embedding": lambda weight, ids: F.embedding(ids, weight),
    "layerNorm": lambda x, w, b, *, epsilon: F.layer_norm(x, x.shape[-1:], w, b, epsilon),
    "rmsNorm": lambda x, w, *, epsilon: F.rms_norm(x, x.shape[-1:], w, epsilon),
    "attention": attention,  # query, key, value, mask or null (bool, true = may look)
    # loss
    "crossEntropy": lambda x, y, *, ignoring: F.cross_entropy(x, y, ignore_index=ignoring),
    # in place
    "addInPlace": lambda x, other, *, scale: x.clone().add_(other, alpha=scale),
    "multiplyInPlace": lambda x, *, value: x.clone().mul_(value),
    "addProduct": lambda x, a, b, *, scale: x.clone().addcmul_(a, b, value=scale),
    "addQuotient": lambda x, a, b, *, scale: x.clone().addcdiv_(a, b, value=scale),
    "copyInPlace": lambda x, other: x.clone().copy_(other),
    "adam": adam,  # parameter, then the gradient of each step
}


def cases(generator):
    """Yields (name, op, inputs, arguments); floating inputs are differentiated where `grad`."""

    def n(*shape):
        return torch.randn(*shape, generator=generator)

    def p(*shape):  # positive, away from 0
        return torch.rand(*shape, generator=generator) + 0.5

    def case(name, op, *inputs, grad=True, **arguments):
        return name, op, inputs, arguments, grad

    def skip(*drawn):
        """Numbers that cases drew which are gone: those after them keep theirs."""

    ids = torch.tensor
    yes = ids([[True, False, True], [False, False, True]])

    for dtype in DTYPES:
        yield case(f"zeros/{dtype}", "zeros", shape=[2, 3], dtype=dtype)
        yield case(f"ones/{dtype}", "ones", shape=[2], dtype=dtype)
    yield case("full/float32", "full", shape=[2, 2], value=1.5, dtype="float32")
    yield case("full/bfloat16", "full", shape=[3], value=0.1, dtype="bfloat16")
    yield case("full/int64", "full", shape=[3], value=-7, dtype="int64")
    yield case("arange/some", "arange", start=2, end=7)
    yield case("arange/none", "arange", start=3, end=3)
    yield case("concatenated/first", "concatenated", n(1, 3), n(2, 3), dim=0)
    yield case("concatenated/last", "concatenated", n(2, 1), n(2, 2), n(2, 3), dim=-1)
    yield case("concatenated/int64", "concatenated", ids([1, 2]), ids([3]), dim=0)
    yield case("stacked/first", "stacked", n(3), n(3), dim=0)
    yield case("stacked/last", "stacked", n(2, 3), n(2, 3), dim=-1)

    for dtype in ["float16", "bfloat16"]:
        yield case(f"to/{dtype}", "to", n(5) * 3, dtype=dtype)
    yield case("to/int64", "to", n(5) * 3, dtype="int64", grad=False)
    yield case("to/bool", "to", ids([0.0, 2.0, -1.0]), dtype="bool", grad=False)
    yield case("to/from bool", "to", yes, dtype="float32")
    yield case("to/from bfloat16", "to", n(4).bfloat16(), dtype="float32")

    yield case("reshaped/known", "reshaped", n(2, 6), shape=[3, 4])
    yield case("reshaped/inferred", "reshaped", n(2, 3, 4), shape=[2, -1])
    yield case("transposed/last two", "transposed", n(2, 3, 4), a=-1, b=-2)
    yield case("permuted/three", "permuted", n(2, 3, 4), dims=[2, 0, 1])
    yield case("narrowed/middle", "narrowed", n(2, 5), dim=1, start=1, length=3)
    yield case("narrowed/negative dim", "narrowed", n(2, 5), dim=-1, start=0, length=2)
    yield case("selected/twice the same", "selected", n(4, 2), ids([3, 0, 3]), dim=0)
    yield case("selected/columns", "selected", n(2, 4), ids([1, 2]), dim=-1)
    yield case("gathered/last", "gathered", n(2, 4), ids([[0, 0, 3], [2, 1, 2]]), dim=1)
    yield case("scattered/last", "scattered", n(2, 4), ids([[0, 3], [2, 1]]), n(2, 2), dim=1)
    yield case("expanded/new and old", "expanded", n(1, 3), shape=[2, 4, 3])
    yield case("unsqueezed/front", "unsqueezed", n(3), dim=0)
    yield case("unsqueezed/back", "unsqueezed", n(3), dim=-1)
    yield case("squeezed/middle", "squeezed", n(2, 1, 3), dim=1)
    yield case("at/last", "at", n(2, 3), dim=-1, index=2)
    yield case("at/negative index", "at", n(3, 2), dim=0, index=-1)

    for op in ["add", "subtract", "multiply", "divide"]:
        yield case(f"{op}/same shape", op, n(2, 3), p(2, 3))
        yield case(f"{op}/broadcast", op, n(2, 3), p(3))
        yield case(f"{op}/bfloat16", op, n(2, 3).bfloat16(), p(2, 3).bfloat16())
        yield case(f"{op}Number/float32", f"{op}Number", n(2, 3), value=1.75)
    yield case("add/int64", "add", ids([1, 2, 3]), ids([10, 20, 30]))
    yield case("multiply/int64", "multiply", ids([1, 2, 3]), ids([-2]))
    yield case("add/mixed", "add", n(3).bfloat16(), n(3))
    yield case("multiplyNumber/bfloat16", "multiplyNumber", n(3).bfloat16(), value=0.3)

    for op in ["negated", "exp", "cos", "sin", "abs"]:
        yield case(f"{op}/float32", op, n(2, 3))
    for op in ["log", "sqrt"]:
        yield case(f"{op}/float32", op, p(2, 3))
    skip(p(2, 3), n(2, 3))
    yield case("pow/half", "pow", p(4), value=1.5)
    yield case("pow/square", "pow", n(4), value=2)
    yield case("abs/int64", "abs", ids([-3, 0, 4]))

    for op in ["gelu", "geluTanh", "silu"]:
        yield case(f"{op}/float32", op, n(2, 4) * 2)
    skip(n(2, 4), n(2, 4))
    for op in ["sigmoid", "relu"]:
        yield case(f"{op}/float32", op, n(2, 4) * 2)
    for op in ["geluTanh", "silu"]:
        yield case(f"{op}/bfloat16", op, n(4).bfloat16())
    for op in ["softmax", "logSoftmax"]:
        yield case(f"{op}/last", op, n(2, 5) * 3, dim=-1)
        yield case(f"{op}/first", op, n(3, 2), dim=0)
    yield case("softmax/bfloat16", "softmax", n(5).bfloat16(), dim=-1)

    for op in ["sum", "mean"]:
        yield case(f"{op}/all", op, n(2, 3), dim=None, keepDim=False)
        yield case(f"{op}/dim", op, n(2, 3), dim=0, keepDim=False)
        yield case(f"{op}/keep", op, n(2, 3), dim=-1, keepDim=True)
    yield case("sum/int64", "sum", ids([[1, 2], [3, 4]]), dim=1, keepDim=False)
    yield case("sum/bool", "sum", yes, dim=None, keepDim=False)
    yield case("max/last", "max", n(3, 4), dim=-1)
    yield case("max/int64", "max", ids([[4, 9], [7, 1]]), dim=0)
    yield case("argmax/last", "argmax", n(3, 4), dim=-1, grad=False)
    yield case("topK/two of five", "topK", n(3, 5), k=2, dim=-1)

    some = ids([1.0, 2.0, 3.0])
    for op in ["isEqual", "isLess", "isAtLeast"]:
        yield case(f"{op}/float32", op, some, ids([1.0, 3.0, 2.0]), grad=False)
        yield case(f"{op}/int64", op, ids([[1], [2]]), ids([1, 2, 3]))
    yield case("logicalNot/bool", "logicalNot", yes)
    yield case("choose/float32", "choose", yes, n(2, 3), n(2, 3))
    yield case("choose/broadcast", "choose", yes, n(2, 3), n(3))
    yield case("choose/int64", "choose", yes, ids([1, 2, 3]), ids([0]))
    yield case("maskedFill/float32", "maskedFill", n(2, 3), yes, value=-2.5)

    yield case("matmul/plain", "matmul", n(2, 3), n(3, 4))
    yield case("matmul/batched", "matmul", n(2, 3, 4), n(2, 4, 2))
    yield case("matmul/broadcast", "matmul", n(2, 2, 3), n(3, 4))
    yield case("matmul/bfloat16", "matmul", n(2, 3).bfloat16(), n(3, 4).bfloat16())
    yield case("linear/bias", "linear", n(2, 3, 4), n(5, 4), n(5))
    yield case("linear/no bias", "linear", n(2, 4), n(5, 4), None)
    yield case("linear/bfloat16", "linear", n(2, 4).bfloat16(), n(3, 4).bfloat16(), n(3).bfloat16())
    yield case("affine/rows", "affine", n(3, 4), n(4, 5), n(5))
    yield case("affine/batched", "affine", n(2, 3, 4), n(4, 5), n(5))
    yield case("affine/no bias", "affine", n(2, 4), n(4, 3), None)
    skip(n(2, 3, 4), n(2, 4, 2), n(2, 3, 2, 2), n(2, 2), n(2, 3, 2, 4), n(2, 3, 4))

    yield case("embedding/repeated", "embedding", n(5, 3), ids([[0, 4, 4], [2, 0, 1]]))
    yield case("layerNorm/rows", "layerNorm", n(2, 3, 4), n(4), n(4), epsilon=1e-5)
    yield case("layerNorm/no bias", "layerNorm", n(2, 4), n(4), None, epsilon=1e-5)
    yield case("layerNorm/bfloat16", "layerNorm", *(t.bfloat16() for t in (n(2, 4), n(4), n(4))),
               epsilon=1e-5)
    yield case("rmsNorm/rows", "rmsNorm", n(2, 3, 4), n(4), epsilon=1e-5)
    yield case("rmsNorm/large epsilon", "rmsNorm", n(2, 4), n(4), epsilon=0.5)
    plain = dict(isCausal=False, scale=None, groupedQueries=False)
    looks = ids([[True, True, False], [True, True, True]])[:, None, None, :]  # [B, 1, 1, S]
    qkv = [n(2, 2, 3, 4) for _ in range(3)]
    yield case("attention/open", "attention", *qkv, None, **plain)
    yield case("attention/causal", "attention", *qkv, None, **plain | {"isCausal": True})
    yield case("attention/masked", "attention", *qkv, looks.expand(2, 1, 3, 3).clone(), **plain)
    yield case("attention/one query", "attention", n(2, 2, 1, 4), *qkv[1:], looks.clone(), **plain)
    yield case("attention/scaled", "attention", *qkv, None, **plain | {"scale": 0.3})
    yield case("attention/grouped", "attention", n(1, 4, 3, 4), n(1, 2, 3, 4), n(1, 2, 3, 4), None,
               **plain | {"isCausal": True, "groupedQueries": True})
    yield case("attention/bfloat16", "attention", *(t.bfloat16() for t in qkv), None,
               **plain | {"isCausal": True})
    yield case("crossEntropy/all", "crossEntropy", n(4, 5) * 2, ids([0, 4, 2, 2]), ignoring=-100)
    yield case("crossEntropy/ignoring", "crossEntropy", n(4, 5), ids([-100, 4, -100, 2]),
               ignoring=-100)

    quiet = dict(grad=False)
    yield case("addInPlace/scaled", "addInPlace", n(2, 3), n(2, 3), scale=-0.5, **quiet)
    yield case("addInPlace/int64", "addInPlace", ids([1, 2]), ids([3, 4]), scale=1, **quiet)
    yield case("multiplyInPlace/float32", "multiplyInPlace", n(3), value=0.9, **quiet)
    yield case("addProduct/float32", "addProduct", n(3), n(3), n(3), scale=0.1, **quiet)
    yield case("addQuotient/float32", "addQuotient", n(3), n(3), p(3), scale=-0.1, **quiet)
    yield case("copyInPlace/float32", "copyInPlace", n(3), n(3), **quiet)
    yield case("copyInPlace/from bfloat16", "copyInPlace", n(3), n(3).bfloat16(), **quiet)
    steps = dict(learningRate=0.1, beta1=0.9, beta2=0.999, epsilon=1e-8, **quiet)
    yield case("adam/three steps", "adam", n(4), n(4), n(4), torch.zeros(4), weightDecay=0.0,
               **steps)
    yield case("adam/decay", "adam", n(4), n(4), n(4), weightDecay=0.05, **steps)
    yield case("solved/square", "solved", n(3, 3) + 3 * torch.eye(3), n(3, 2))


def is_float(t):
    return t is not None and t.is_floating_point()


def record(name, op, inputs, arguments, differentiate, generator, tensors):
    """Runs one case, adds its tensors to `tensors` and returns its row of the index."""

    def save(kind, t):
        if t is None:
            return None
        tensors[f"{name}/{kind}"] = t.detach().clone().contiguous()
        return f"{name}/{kind}"

    differentiate = differentiate and any(is_float(t) for t in inputs)
    leaves = [t.clone().requires_grad_() if differentiate and is_float(t) else t for t in inputs]
    outputs = OPS[op](*leaves, **arguments)
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    row = {
        "name": name,
        "op": op,
        "arguments": arguments,
        "inputs": [save(f"input{i}", t) for i, t in enumerate(inputs)],
        "outputs": [save(f"output{i}", t) for i, t in enumerate(outputs)],
        "weights": None,
        "gradients": [],
    }
    if differentiate:
        weights = torch.randn(outputs[0].shape, generator=generator).to(outputs[0].dtype)
        row["weights"] = save("weights", weights)
        (outputs[0] * weights).sum().backward()
        row["gradients"] = [
            save(f"gradient{i}", t.grad) if is_float(t) else None for i, t in enumerate(leaves)
        ]
    return row


def write(folder, save_json):
    """Writes ops.safetensors and ops.json into `folder`."""
    generator = torch.Generator().manual_seed(SEED)
    tensors, rows = {}, []
    for case in cases(generator):
        rows.append(record(*case, generator, tensors))
    names = [row["name"] for row in rows]
    assert len(set(names)) == len(names), "two cases have the same name"
    unused = OPS.keys() - {row["op"] for row in rows}
    assert not unused, f"no case for {sorted(unused)}"
    save_file(tensors, folder / "ops.safetensors")
    index = {"torch": torch.__version__.split("+")[0], "seed": SEED, "cases": rows}
    save_json(index, folder / "ops.json")
