#if !__has_include(<ATen/ATen.h>)
#error libtorch is missing: run Scripts/bootstrap in the repository, or set LIBTORCH to a folder that holds its include/ and lib/.
#endif

#include "Guarded.h"
#include "WidenedProduct.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <atomic>
#include <c10/core/GradMode.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/version.h>
#include <vector>
#ifdef __GLIBC__
#include <malloc.h>
#endif

struct CTTensor {
    at::Tensor value;
};

namespace {

std::atomic<int64_t> live_tensors{0};

CTTensor *handle(at::Tensor value) {
    auto *tensor = new CTTensor{std::move(value)};
    live_tensors.fetch_add(1, std::memory_order_relaxed);
    return tensor;
}

/// Runs `body` and hands its tensor to the caller.
template <typename Body>
CTStatus producing(CTTensor **result, Body &&body) noexcept {
    return guarded([&] { *result = handle(body()); });
}

at::ScalarType scalar_type(CTDType dtype) {
    switch (dtype) {
    case CT_FLOAT32: return at::kFloat;
    case CT_FLOAT16: return at::kHalf;
    case CT_BFLOAT16: return at::kBFloat16;
    case CT_FLOAT64: return at::kDouble;
    case CT_INT64: return at::kLong;
    case CT_INT32: return at::kInt;
    case CT_UINT8: return at::kByte;
    case CT_BOOL: return at::kBool;
    }
    TORCH_CHECK(false, "unknown element type ", static_cast<int>(dtype));
}

CTDType dtype_of(const at::Tensor &tensor) {
    switch (tensor.scalar_type()) {
    case at::kFloat: return CT_FLOAT32;
    case at::kHalf: return CT_FLOAT16;
    case at::kBFloat16: return CT_BFLOAT16;
    case at::kDouble: return CT_FLOAT64;
    case at::kLong: return CT_INT64;
    case at::kInt: return CT_INT32;
    case at::kByte: return CT_UINT8;
    case at::kBool: return CT_BOOL;
    default: TORCH_CHECK(false, "unsupported element type ", tensor.scalar_type());
    }
}

at::Device device_of(CTDevice device) {
    switch (device.kind) {
    case CT_CPU: return at::Device(at::kCPU);
    case CT_CUDA: return at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(device.index));
    case CT_MPS: return at::Device(at::kMPS, static_cast<c10::DeviceIndex>(device.index));
    }
    TORCH_CHECK(false, "unknown device kind ", static_cast<int>(device.kind));
}

at::TensorOptions options(CTDType dtype, CTDevice device) {
    return at::TensorOptions().dtype(scalar_type(dtype)).device(device_of(device));
}

at::IntArrayRef sizes(const int64_t *values, int64_t count) {
    return at::IntArrayRef(values, static_cast<size_t>(count));
}

std::vector<at::Tensor> values(CTTensor *const *tensors, int64_t count) {
    std::vector<at::Tensor> result;
    result.reserve(static_cast<size_t>(count));
    for (int64_t i = 0; i < count; ++i) result.push_back(tensors[i]->value);
    return result;
}

std::optional<at::Tensor> optional(CTTensor *tensor) {
    return tensor ? std::optional<at::Tensor>(tensor->value) : std::nullopt;
}

// oneDNN keeps the kernels of 1,024 shapes, half a megabyte each; prompts of all lengths fill that.
// What it may keep is read when it is first used, and no function of the wheel sets it.
[[maybe_unused]] const int kept_kernels = setenv("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64", 0);

at::Generator generator(uint64_t seed) { return at::detail::createCPUGenerator(seed); }

}  // namespace

// Runtime

const char *ct_last_error(void) { return last_error.c_str(); }
const char *ct_engine_version(void) { return TORCH_VERSION; }
int64_t ct_live_tensors(void) { return live_tensors.load(std::memory_order_relaxed); }

void ct_release(CTTensor *tensor) {
    if (!tensor) return;
    delete tensor;
    live_tensors.fetch_sub(1, std::memory_order_relaxed);
}

CTStatus ct_set_threads(int64_t count) {
    return guarded([&] { at::set_num_threads(static_cast<int>(count)); });
}

int64_t ct_threads(void) { return at::get_num_threads(); }

void ct_release_freed_memory(void) {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

/// What computes on GPUs is a library of its own in the wheels that have it. Nothing links it, so
/// that one build runs with either wheel; it registers itself when it is loaded.
static void load_cuda() {
    [[maybe_unused]] static void *const library =
        dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL);
}

CTStatus ct_device_count(CTDeviceKind kind, int64_t *result) {
    return guarded([&] {
        auto type = device_of({kind, 0}).type();
        if (type == at::kCUDA) load_cuda();
        if (type == at::kCPU) {
            *result = 1;
        } else {
            *result = c10::impl::hasDeviceGuardImpl(type)
                ? c10::impl::VirtualGuardImpl(type).deviceCount() : 0;
        }
    });
}

CTStatus ct_synchronize(CTDevice device) {
    return guarded([&] {
        if (device.kind == CT_CPU) return;
        auto target = device_of(device);
        c10::impl::VirtualGuardImpl(target.type()).synchronizeDevice(target.index());
    });
}

// Create and read

CTStatus ct_from_bytes(
    const void *bytes, int64_t byte_count, const int64_t *shape, int64_t rank, CTDType dtype,
    CTDevice device, CTTensor **result) {
    return producing(result, [&] {
        auto tensor = at::empty(sizes(shape, rank), at::TensorOptions(scalar_type(dtype)));
        TORCH_CHECK(
            static_cast<int64_t>(tensor.nbytes()) == byte_count, "expected ", tensor.nbytes(),
            " bytes for a tensor of this shape, got ", byte_count);
        if (byte_count > 0) std::memcpy(tensor.data_ptr(), bytes, static_cast<size_t>(byte_count));
        return tensor.to(device_of(device));
    });
}

CTStatus ct_borrow(
    void *bytes, const int64_t *shape, int64_t rank, CTDType dtype, void *context,
    void (*release)(void *), CTTensor **result) {
    return producing(result, [&] {
        return at::from_blob(
            bytes, sizes(shape, rank), [context, release](void *) { release(context); },
            at::TensorOptions(scalar_type(dtype)));
    });
}

CTStatus ct_full(
    const int64_t *shape, int64_t rank, double value, CTDType dtype, CTDevice device,
    CTTensor **result) {
    return producing(
        result, [&] { return at::full(sizes(shape, rank), value, options(dtype, device)); });
}

CTStatus ct_zeros_like(CTTensor *tensor, CTTensor **result) {
    return producing(result, [&] { return at::zeros_like(tensor->value.detach()); });
}

CTStatus ct_arange(int64_t start, int64_t end, CTDevice device, CTTensor **result) {
    return producing(result, [&] { return at::arange(start, end, options(CT_INT64, device)); });
}

CTStatus ct_normal(
    const int64_t *shape, int64_t rank, double mean, double deviation, uint64_t seed,
    CTDType dtype, CTDevice device, CTTensor **result) {
    return producing(result, [&] {
        auto tensor = at::empty(sizes(shape, rank), at::TensorOptions(scalar_type(dtype)));
        return tensor.normal_(mean, deviation, generator(seed)).to(device_of(device));
    });
}

CTStatus ct_uniform(
    const int64_t *shape, int64_t rank, double low, double high, uint64_t seed, CTDType dtype,
    CTDevice device, CTTensor **result) {
    return producing(result, [&] {
        auto tensor = at::empty(sizes(shape, rank), at::TensorOptions(scalar_type(dtype)));
        return tensor.uniform_(low, high, generator(seed)).to(device_of(device));
    });
}

CTStatus ct_copy_bytes(CTTensor *tensor, void *bytes, int64_t byte_count) {
    return guarded([&] {
        auto source = tensor->value.detach().to(at::kCPU).contiguous();
        TORCH_CHECK(
            static_cast<int64_t>(source.nbytes()) == byte_count, "expected room for ",
            source.nbytes(), " bytes, got ", byte_count);
        if (byte_count > 0) std::memcpy(bytes, source.data_ptr(), static_cast<size_t>(byte_count));
    });
}

int64_t ct_rank(CTTensor *tensor) { return tensor->value.dim(); }

void ct_shape(CTTensor *tensor, int64_t *shape) {
    auto dimensions = tensor->value.sizes();
    std::copy(dimensions.begin(), dimensions.end(), shape);
}

CTStatus ct_dtype(CTTensor *tensor, CTDType *result) {
    return guarded([&] { *result = dtype_of(tensor->value); });
}

CTStatus ct_device(CTTensor *tensor, CTDevice *result) {
    return guarded([&] {
        auto device = tensor->value.device();
        auto kind = device.is_cpu() ? CT_CPU : device.is_cuda() ? CT_CUDA : CT_MPS;
        *result = {kind, std::max<int64_t>(device.index(), 0)};
    });
}

CTStatus ct_bit_equal(CTTensor *a, CTTensor *b, bool *result) {
    return guarded([&] {
        auto x = a->value.detach().to(at::kCPU).contiguous();
        auto y = b->value.detach().to(at::kCPU).contiguous();
        *result = x.scalar_type() == y.scalar_type() && x.sizes() == y.sizes()
            && (x.nbytes() == 0 || std::memcmp(x.data_ptr(), y.data_ptr(), x.nbytes()) == 0);
    });
}

// Move

CTStatus ct_to_dtype(CTTensor *tensor, CTDType dtype, CTTensor **result) {
    return producing(result, [&] { return tensor->value.to(scalar_type(dtype)); });
}

CTStatus ct_to_device(CTTensor *tensor, CTDevice device, CTTensor **result) {
    return producing(result, [&] { return tensor->value.to(device_of(device)); });
}

CTStatus ct_contiguous(CTTensor *tensor, CTTensor **result) {
    return producing(result, [&] { return tensor->value.contiguous(); });
}

CTStatus ct_copy(CTTensor *tensor, CTTensor **result) {
    return producing(result, [&] { return tensor->value.clone(); });
}

// Shape

CTStatus ct_reshape(CTTensor *tensor, const int64_t *shape, int64_t rank, CTTensor **result) {
    return producing(result, [&] { return tensor->value.reshape(sizes(shape, rank)); });
}

CTStatus ct_transpose(CTTensor *tensor, int64_t a, int64_t b, CTTensor **result) {
    return producing(result, [&] { return tensor->value.transpose(a, b); });
}

CTStatus ct_permute(CTTensor *tensor, const int64_t *dims, int64_t rank, CTTensor **result) {
    return producing(result, [&] { return tensor->value.permute(sizes(dims, rank)); });
}

CTStatus ct_narrow(
    CTTensor *tensor, int64_t dim, int64_t start, int64_t length, CTTensor **result) {
    return producing(result, [&] { return tensor->value.narrow(dim, start, length); });
}

CTStatus ct_select(CTTensor *tensor, int64_t dim, int64_t index, CTTensor **result) {
    return producing(result, [&] { return tensor->value.select(dim, index); });
}

CTStatus ct_index_select(CTTensor *tensor, int64_t dim, CTTensor *index, CTTensor **result) {
    return producing(result, [&] { return tensor->value.index_select(dim, index->value); });
}

CTStatus ct_gather(CTTensor *tensor, int64_t dim, CTTensor *index, CTTensor **result) {
    return producing(result, [&] { return tensor->value.gather(dim, index->value); });
}

CTStatus ct_scatter(
    CTTensor *tensor, int64_t dim, CTTensor *index, CTTensor *source, CTTensor **result) {
    return producing(
        result, [&] { return tensor->value.scatter(dim, index->value, source->value); });
}

CTStatus ct_cat(CTTensor *const *tensors, int64_t count, int64_t dim, CTTensor **result) {
    return producing(result, [&] { return at::cat(values(tensors, count), dim); });
}

CTStatus ct_stack(CTTensor *const *tensors, int64_t count, int64_t dim, CTTensor **result) {
    return producing(result, [&] { return at::stack(values(tensors, count), dim); });
}

CTStatus ct_expand(CTTensor *tensor, const int64_t *shape, int64_t rank, CTTensor **result) {
    return producing(result, [&] { return tensor->value.expand(sizes(shape, rank)); });
}

CTStatus ct_unsqueeze(CTTensor *tensor, int64_t dim, CTTensor **result) {
    return producing(result, [&] { return tensor->value.unsqueeze(dim); });
}

CTStatus ct_squeeze(CTTensor *tensor, int64_t dim, CTTensor **result) {
    return producing(result, [&] { return tensor->value.squeeze(dim); });
}

// Arithmetic

CTStatus ct_add(CTTensor *a, CTTensor *b, CTTensor **result) {
    return producing(result, [&] { return a->value.add(b->value); });
}

CTStatus ct_sub(CTTensor *a, CTTensor *b, CTTensor **result) {
    return producing(result, [&] { return a->value.sub(b->value); });
}

CTStatus ct_mul(CTTensor *a, CTTensor *b, CTTensor **result) {
    return producing(result, [&] { return a->value.mul(b->value); });
}

CTStatus ct_div(CTTensor *a, CTTensor *b, CTTensor **result) {
    return producing(result, [&] { return a->value.div(b->value); });
}

CTStatus ct_add_scalar(CTTensor *a, double b, CTTensor **result) {
    return producing(result, [&] { return a->value.add(b); });
}

CTStatus ct_mul_scalar(CTTensor *a, double b, CTTensor **result) {
    return producing(result, [&] { return a->value.mul(b); });
}

CTStatus ct_pow_scalar(CTTensor *a, double b, CTTensor **result) {
    return producing(result, [&] { return a->value.pow(b); });
}

CTStatus ct_unary(CTUnary operation, CTTensor *a, CTTensor **result) {
    return producing(result, [&]() -> at::Tensor {
        const auto &x = a->value;
        switch (operation) {
        case CT_NEG: return x.neg();
        case CT_ABS: return x.abs();
        case CT_EXP: return x.exp();
        case CT_LOG: return x.log();
        case CT_SQRT: return x.sqrt();
        case CT_SIN: return x.sin();
        case CT_COS: return x.cos();
        case CT_GELU: return at::gelu(x);
        case CT_GELU_TANH: return at::gelu(x, "tanh");
        case CT_SILU: return at::silu(x);
        case CT_SIGMOID: return x.sigmoid();
        case CT_RELU: return x.relu();
        case CT_LOGICAL_NOT: return x.logical_not();
        }
        TORCH_CHECK(false, "unknown operation ", static_cast<int>(operation));
    });
}

CTStatus ct_softmax(CTTensor *a, int64_t dim, CTTensor **result) {
    return producing(result, [&] { return at::softmax(a->value, dim); });
}

CTStatus ct_log_softmax(CTTensor *a, int64_t dim, CTTensor **result) {
    return producing(result, [&] { return at::log_softmax(a->value, dim); });
}

// Reduce

CTStatus ct_sum_all(CTTensor *a, CTTensor **result) {
    return producing(result, [&] { return a->value.sum(); });
}

CTStatus ct_mean_all(CTTensor *a, CTTensor **result) {
    return producing(result, [&] { return a->value.mean(); });
}

CTStatus ct_sum(CTTensor *a, int64_t dim, bool keep, CTTensor **result) {
    return producing(result, [&] { return a->value.sum(dim, keep); });
}

CTStatus ct_mean(CTTensor *a, int64_t dim, bool keep, CTTensor **result) {
    return producing(result, [&] { return a->value.mean(dim, keep); });
}

namespace {

/// Hands out a (values, indices) pair, or neither.
template <typename Body>
CTStatus producing_pair(CTTensor **first, CTTensor **second, Body &&body) noexcept {
    return guarded([&] {
        auto [a, b] = body();
        auto *handle_a = handle(std::move(a));
        *second = handle(std::move(b));
        *first = handle_a;
    });
}

}  // namespace

CTStatus ct_max(CTTensor *a, int64_t dim, CTTensor **result, CTTensor **indices) {
    return producing_pair(result, indices, [&] { return a->value.max(dim); });
}

CTStatus ct_argmax(CTTensor *a, int64_t dim, CTTensor **result) {
    return producing(result, [&] { return a->value.argmax(dim); });
}

CTStatus ct_topk(CTTensor *a, int64_t k, int64_t dim, CTTensor **result, CTTensor **indices) {
    return producing_pair(result, indices, [&] {
        TORCH_CHECK(
            k <= a->value.size(dim), "expected k of at most ", a->value.size(dim), ", got ", k);
        // topk leaves the order of ties open; a stable sort keeps the lower index first.
        auto [sorted, order] = a->value.sort(/*stable=*/true, dim, /*descending=*/true);
        return std::make_pair(sorted.narrow(dim, 0, k), order.narrow(dim, 0, k));
    });
}

// Compare and choose

CTStatus ct_compare(CTComparison comparison, CTTensor *a, CTTensor *b, CTTensor **result) {
    return producing(result, [&]() -> at::Tensor {
        switch (comparison) {
        case CT_EQUAL: return a->value.eq(b->value);
        case CT_LESS: return a->value.lt(b->value);
        case CT_GREATER_EQUAL: return a->value.ge(b->value);
        }
        TORCH_CHECK(false, "unknown comparison ", static_cast<int>(comparison));
    });
}

CTStatus ct_where(CTTensor *condition, CTTensor *a, CTTensor *b, CTTensor **result) {
    return producing(result, [&] { return at::where(condition->value, a->value, b->value); });
}

CTStatus ct_masked_fill(CTTensor *a, CTTensor *mask, double value, CTTensor **result) {
    return producing(result, [&] { return a->value.masked_fill(mask->value, value); });
}

// Products

CTStatus ct_matmul(CTTensor *a, CTTensor *b, CTTensor **result) {
    return producing(result, [&] {
        if (widened::pays_in_training(a->value, b->value))
            return widened::matmul(a->value, b->value);
        return a->value.matmul(b->value);
    });
}

CTStatus ct_linear(CTTensor *x, CTTensor *weight, CTTensor *bias, CTTensor **result) {
    return producing(result, [&] {
        if (!widened::pays(weight->value))
            return at::linear(x->value, weight->value, optional(bias));
        return widened::linear(x->value, weight->value, optional(bias));
    });
}

CTStatus ct_affine(CTTensor *x, CTTensor *weight, CTTensor *bias, CTTensor **result) {
    return producing(result, [&] {
        if (widened::pays(weight->value))
            return widened::linear(x->value, weight->value.t(), optional(bias));
        auto rows = x->value.reshape({-1, x->value.size(-1)});
        auto product = bias ? at::addmm(bias->value, rows, weight->value)
                            : at::mm(rows, weight->value);
        auto shape = x->value.sizes().vec();
        shape.back() = weight->value.size(-1);
        return product.view(shape);
    });
}

CTStatus ct_solve(CTTensor *a, CTTensor *b, CTTensor **result) {
    return producing(result, [&] { return at::linalg_solve(a->value, b->value); });
}

// Transformer

CTStatus ct_embedding(CTTensor *weight, CTTensor *ids, CTTensor **result) {
    return producing(result, [&] { return at::embedding(weight->value, ids->value); });
}

CTStatus ct_layer_norm(
    CTTensor *x, CTTensor *weight, CTTensor *bias, double epsilon, CTTensor **result) {
    return producing(result, [&] {
        return at::layer_norm(
            x->value, weight->value.sizes(), weight->value, optional(bias), epsilon);
    });
}

CTStatus ct_rms_norm(CTTensor *x, CTTensor *weight, double epsilon, CTTensor **result) {
    return producing(result, [&] {
        return at::rms_norm(x->value, weight->value.sizes(), weight->value, epsilon);
    });
}

CTStatus ct_attention(
    CTTensor *query, CTTensor *key, CTTensor *value, CTTensor *mask, bool is_causal, double scale,
    bool grouped_queries, CTTensor **result) {
    return producing(result, [&] {
        return at::scaled_dot_product_attention(
            query->value, key->value, value->value, optional(mask), /*dropout_p=*/0.0, is_causal,
            scale, grouped_queries);
    });
}

// Loss

CTStatus ct_cross_entropy(
    CTTensor *logits, CTTensor *labels, int64_t ignored, CTTensor **result) {
    return producing(result, [&] {
        return at::cross_entropy_loss(
            logits->value, labels->value, /*weight=*/{}, at::Reduction::Mean, ignored);
    });
}

// Gradients

CTStatus ct_set_requires_grad(CTTensor *tensor, bool value) {
    return guarded([&] { tensor->value.set_requires_grad(value); });
}

CTStatus ct_requires_grad(CTTensor *tensor, bool *result) {
    return guarded([&] { *result = tensor->value.requires_grad(); });
}

CTStatus ct_backward(CTTensor *loss) {
    return guarded([&] { loss->value.backward(); });
}

CTStatus ct_grad(CTTensor *tensor, CTTensor **result) {
    return guarded([&] {
        const auto &gradient = tensor->value.grad();
        *result = gradient.defined() ? handle(gradient) : nullptr;
    });
}

CTStatus ct_clear_grad(CTTensor *tensor) {
    return guarded([&] { tensor->value.mutable_grad().reset(); });
}

CTStatus ct_detach(CTTensor *tensor, CTTensor **result) {
    return producing(result, [&] { return tensor->value.detach(); });
}

bool ct_set_grad_enabled(bool enabled) {
    bool previous = c10::GradMode::is_enabled();
    c10::GradMode::set_enabled(enabled);
    return previous;
}

// In place

CTStatus ct_add_in_place(CTTensor *a, CTTensor *b, double scale) {
    return guarded([&] {
        // Whole numbers refuse a factor that is not one, even 1.0.
        const bool is_whole = at::isIntegralType(a->value.scalar_type(), /*includeBool=*/true)
            && std::abs(scale) < 0x1p63 && std::trunc(scale) == scale;
        a->value.add_(
            b->value, is_whole ? at::Scalar(static_cast<int64_t>(scale)) : at::Scalar(scale));
    });
}

CTStatus ct_mul_in_place(CTTensor *a, double factor) {
    return guarded([&] { a->value.mul_(factor); });
}

CTStatus ct_addcmul_in_place(CTTensor *a, CTTensor *b, CTTensor *c, double scale) {
    return guarded([&] { a->value.addcmul_(b->value, c->value, scale); });
}

CTStatus ct_addcdiv_in_place(CTTensor *a, CTTensor *b, CTTensor *c, double scale) {
    return guarded([&] { a->value.addcdiv_(b->value, c->value, scale); });
}

CTStatus ct_copy_in_place(CTTensor *a, CTTensor *b) {
    return guarded([&] { a->value.copy_(b->value); });
}
