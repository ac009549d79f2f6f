// Products with bfloat16 matrices where libtorch has no fast kernel for them.
//
// On an x86 processor without AVX-512 its kernels multiply bfloat16 number by number, many times
// slower than float32. There a part of the matrix at a time is widened to float32, multiplied, and
// the sum rounded: what bfloat16 kernels do elsewhere, in another order. FewRows.h has products
// that are faster for a few rows, and forward the same for a row whatever stands beside it.

#pragma once

#include "FewRows.h"

#include <ATen/ATen.h>
#include <algorithm>
#include <torch/csrc/autograd/custom_function.h>

namespace widened {

/// Elements of a matrix that are widened at a time: 16 MB of float32.
constexpr int64_t part_elements = int64_t{4} << 20;

/// Whether products with `weight` are faster widened, on this processor.
inline bool pays(const at::Tensor &weight) {
#if defined(__x86_64__)
    static const bool lacks_kernels = !__builtin_cpu_supports("avx512bw");
    return lacks_kernels && weight.is_cpu() && weight.scalar_type() == at::kBFloat16;
#else
    return false;
#endif
}

/// rows [n, in] · weightᵀ + bias, weight [out, in], all of them bfloat16.
struct Product : torch::autograd::Function<Product> {
    using Variables = torch::autograd::variable_list;

    static at::Tensor forward(
        torch::autograd::AutogradContext *context, const at::Tensor &rows,
        const at::Tensor &weight, const std::optional<at::Tensor> &bias) {
        context->save_for_backward({weight.requires_grad() ? rows : at::Tensor(), weight});
        context->saved_data["has_bias"] = bias.has_value();
        auto wide = rows.to(at::kFloat);
        // However many rows there are: one must not come out otherwise for those beside it.
        if (few_rows::can(weight)) {
            auto product = few_rows::product(wide, weight);
            if (bias) product.add_(*bias);
            return product.to(at::kBFloat16);
        }
        auto result = at::empty({rows.size(0), weight.size(0)}, rows.options());
        for_parts(weight, [&](int64_t start, const at::Tensor &part) {
            auto product = at::mm(wide, part.t());
            if (bias) product.add_(bias->narrow(0, start, part.size(0)));
            result.narrow(1, start, part.size(0)).copy_(product);
        });
        return result;
    }

    static Variables backward(
        torch::autograd::AutogradContext *context, const Variables &gradients) {
        const auto saved = context->get_saved_variables();
        const auto &rows = saved[0], &weight = saved[1];
        auto wide = gradients[0].to(at::kFloat);  // [n, out]
        Variables results(3);
        if (context->needs_input_grad(0))
            results[0] = gradient_of_rows(wide, weight).to(at::kBFloat16);
        if (context->needs_input_grad(1))
            results[1] = at::mm(wide.t(), rows.to(at::kFloat)).to(at::kBFloat16);
        // A bias that is not there has no place to ask about.
        if (context->saved_data["has_bias"].toBool() && context->needs_input_grad(2))
            results[2] = wide.sum(0).to(at::kBFloat16);
        return results;
    }

private:
    /// gradient [n, out] · weight, in float32.
    static at::Tensor gradient_of_rows(const at::Tensor &gradient, const at::Tensor &weight) {
        if (gradient.size(0) <= few_rows::most_rows && few_rows::can(weight.t()))
            return few_rows::product(gradient, weight.t());
        auto sum = at::zeros({gradient.size(0), weight.size(1)}, gradient.options());
        for_parts(weight, [&](int64_t start, const at::Tensor &part) {
            sum.addmm_(gradient.narrow(1, start, part.size(0)), part);
        });
        return sum;
    }

    /// Calls `body` with each part of `weight`, widened, and the output that it starts with.
    template <typename Body>
    static void for_parts(const at::Tensor &weight, Body &&body) {
        const auto outputs = weight.size(0);
        const auto inputs = std::max<int64_t>(weight.size(1), 1);
        const auto step = std::max<int64_t>(part_elements / inputs, 1);
        for (int64_t start = 0; start < outputs; start += step) {
            auto part = weight.narrow(0, start, std::min(step, outputs - start));
            body(start, part.to(at::kFloat));
        }
    }
};

/// x [..., in] · weightᵀ + bias, weight [out, in], all of them bfloat16.
inline at::Tensor linear(
    const at::Tensor &x, const at::Tensor &weight, const std::optional<at::Tensor> &bias) {
    TORCH_CHECK(
        x.scalar_type() == weight.scalar_type(), "expected x and weight of the same dtype, got ",
        x.scalar_type(), " and ", weight.scalar_type());
    TORCH_CHECK(
        x.device() == weight.device(), "expected x and weight on the same device, got ",
        x.device(), " and ", weight.device());
    // The products below read as many numbers as the weight says, whatever there are.
    TORCH_CHECK(weight.dim() == 2, "expected a weight of 2 dimensions, got ", weight.sizes());
    TORCH_CHECK(
        x.size(-1) == weight.size(1), "x and weight shapes cannot be multiplied (", x.sizes(),
        " and a weight of ", weight.size(1), " inputs)");
    auto shape = x.sizes().vec();
    shape.back() = weight.size(0);
    return Product::apply(x.reshape({-1, x.size(-1)}), weight, bias).view(shape);
}

/// a · b, matrix by matrix, both of them bfloat16 and at least one to be trained through.
///
/// Answers do not come this way: a library's order of summing may hang on the size of its batch.
inline at::Tensor matmul(const at::Tensor &a, const at::Tensor &b) {
    return a.to(at::kFloat).matmul(b.to(at::kFloat)).to(at::kBFloat16);
}

/// Whether `matmul` is faster for a product of `a` and `b`, and may be used.
inline bool pays_in_training(const at::Tensor &a, const at::Tensor &b) {
    const bool trains = at::GradMode::is_enabled() && (a.requires_grad() || b.requires_grad());
    return trains && pays(a) && pays(b);
}

}  // namespace widened
