// libtorch behind plain C: the only door between Errata and C++.
//
// Contract
//   - A function that can fail returns CT_OK or CT_FAILED. After CT_FAILED, ct_last_error() holds
//     libtorch's own sentence, valid until the next call on the same thread.
//   - Results come last, as out-parameters, and are untouched on failure.
//   - A CTTensor* written to an out-parameter belongs to the caller, who gives it back once with
//     ct_release(). Tensors passed in stay the caller's; only the functions under "In place" write
//     to them, and those under "Gradients" to their gradients.
//   - No C++ exception leaves this library. Sizes and dimensions are int64_t throughout; negative
//     dimensions count from the end.

#ifndef CTORCH_H
#define CTORCH_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma clang assume_nonnull begin

typedef struct CTTensor CTTensor;

typedef enum CTStatus { CT_OK = 0, CT_FAILED = 1 } CTStatus;

typedef enum CTDType {
    CT_FLOAT32 = 0,
    CT_FLOAT16 = 1,
    CT_BFLOAT16 = 2,
    CT_FLOAT64 = 3,
    CT_INT64 = 4,
    CT_INT32 = 5,
    CT_UINT8 = 6,
    CT_BOOL = 7,
} CTDType;

typedef enum CTDeviceKind { CT_CPU = 0, CT_CUDA = 1, CT_MPS = 2 } CTDeviceKind;

typedef struct CTDevice {
    CTDeviceKind kind;
    int64_t index;
} CTDevice;

// Runtime

const char *ct_last_error(void);
const char *ct_engine_version(void);
/// Handles created and not yet released, over all threads.
int64_t ct_live_tensors(void);
void ct_release(CTTensor *_Nullable tensor);
CTStatus ct_set_threads(int64_t count);
int64_t ct_threads(void);
/// Gives memory that was freed back to the system, where the allocator would keep it.
void ct_release_freed_memory(void);
/// How many devices of this kind the engine can use here; 0 where the wheel lacks it.
CTStatus ct_device_count(CTDeviceKind kind, int64_t *result);
/// Waits until everything queued on the device is done.
CTStatus ct_synchronize(CTDevice device);

// Create and read

/// Copies `byte_count` bytes into a new tensor.
CTStatus ct_from_bytes(
    const void *bytes, int64_t byte_count, const int64_t *shape, int64_t rank, CTDType dtype,
    CTDevice device, CTTensor *_Nullable *_Nonnull result);
/// Borrows memory without copying; `release(context)` is called when the last view has gone.
CTStatus ct_borrow(
    void *bytes, const int64_t *shape, int64_t rank, CTDType dtype, void *context,
    void (*release)(void *context), CTTensor *_Nullable *_Nonnull result);
CTStatus ct_full(
    const int64_t *shape, int64_t rank, double value, CTDType dtype, CTDevice device,
    CTTensor *_Nullable *_Nonnull result);
/// Zeros with the shape, the type, the device and the memory layout of `tensor`.
CTStatus ct_zeros_like(CTTensor *tensor, CTTensor *_Nullable *_Nonnull result);
CTStatus ct_arange(
    int64_t start, int64_t end, CTDevice device, CTTensor *_Nullable *_Nonnull result);
/// Drawn on the CPU from a generator of its own: the same seed gives the same values anywhere.
CTStatus ct_normal(
    const int64_t *shape, int64_t rank, double mean, double deviation, uint64_t seed,
    CTDType dtype, CTDevice device, CTTensor *_Nullable *_Nonnull result);
CTStatus ct_uniform(
    const int64_t *shape, int64_t rank, double low, double high, uint64_t seed, CTDType dtype,
    CTDevice device, CTTensor *_Nullable *_Nonnull result);
CTStatus ct_copy_bytes(CTTensor *tensor, void *bytes, int64_t byte_count);
int64_t ct_rank(CTTensor *tensor);
/// Writes ct_rank() sizes.
void ct_shape(CTTensor *tensor, int64_t *shape);
CTStatus ct_dtype(CTTensor *tensor, CTDType *result);
CTStatus ct_device(CTTensor *tensor, CTDevice *result);
/// Same type, same shape, same bits (NaNs included).
CTStatus ct_bit_equal(CTTensor *a, CTTensor *b, bool *result);

// Move

CTStatus ct_to_dtype(CTTensor *tensor, CTDType dtype, CTTensor *_Nullable *_Nonnull result);
CTStatus ct_to_device(CTTensor *tensor, CTDevice device, CTTensor *_Nullable *_Nonnull result);
CTStatus ct_contiguous(CTTensor *tensor, CTTensor *_Nullable *_Nonnull result);
CTStatus ct_copy(CTTensor *tensor, CTTensor *_Nullable *_Nonnull result);

// Shape

CTStatus ct_reshape(
    CTTensor *tensor, const int64_t *shape, int64_t rank, CTTensor *_Nullable *_Nonnull result);
CTStatus ct_transpose(
    CTTensor *tensor, int64_t a, int64_t b, CTTensor *_Nullable *_Nonnull result);
CTStatus ct_permute(
    CTTensor *tensor, const int64_t *dims, int64_t rank, CTTensor *_Nullable *_Nonnull result);
CTStatus ct_narrow(
    CTTensor *tensor, int64_t dim, int64_t start, int64_t length,
    CTTensor *_Nullable *_Nonnull result);
CTStatus ct_select(
    CTTensor *tensor, int64_t dim, int64_t index, CTTensor *_Nullable *_Nonnull result);
CTStatus ct_index_select(
    CTTensor *tensor, int64_t dim, CTTensor *index, CTTensor *_Nullable *_Nonnull result);
CTStatus ct_gather(
    CTTensor *tensor, int64_t dim, CTTensor *index, CTTensor *_Nullable *_Nonnull result);
/// A copy of `tensor` with `source` written at `index` along `dim`.
CTStatus ct_scatter(
    CTTensor *tensor, int64_t dim, CTTensor *index, CTTensor *source,
    CTTensor *_Nullable *_Nonnull result);
CTStatus ct_cat(
    CTTensor *_Nonnull const *_Nonnull tensors, int64_t count, int64_t dim,
    CTTensor *_Nullable *_Nonnull result);
CTStatus ct_stack(
    CTTensor *_Nonnull const *_Nonnull tensors, int64_t count, int64_t dim,
    CTTensor *_Nullable *_Nonnull result);
CTStatus ct_expand(
    CTTensor *tensor, const int64_t *shape, int64_t rank, CTTensor *_Nullable *_Nonnull result);
CTStatus ct_unsqueeze(CTTensor *tensor, int64_t dim, CTTensor *_Nullable *_Nonnull result);
CTStatus ct_squeeze(CTTensor *tensor, int64_t dim, CTTensor *_Nullable *_Nonnull result);

// Arithmetic

CTStatus ct_add(CTTensor *a, CTTensor *b, CTTensor *_Nullable *_Nonnull result);
CTStatus ct_sub(CTTensor *a, CTTensor *b, CTTensor *_Nullable *_Nonnull result);
CTStatus ct_mul(CTTensor *a, CTTensor *b, CTTensor *_Nullable *_Nonnull result);
CTStatus ct_div(CTTensor *a, CTTensor *b, CTTensor *_Nullable *_Nonnull result);
CTStatus ct_add_scalar(CTTensor *a, double b, CTTensor *_Nullable *_Nonnull result);
CTStatus ct_mul_scalar(CTTensor *a, double b, CTTensor *_Nullable *_Nonnull result);
CTStatus ct_pow_scalar(CTTensor *a, double b, CTTensor *_Nullable *_Nonnull result);

typedef enum CTUnary {
    CT_NEG,
    CT_ABS,
    CT_EXP,
    CT_LOG,
    CT_SQRT,
    CT_SIN,
    CT_COS,
    CT_GELU,
    CT_GELU_TANH,
    CT_SILU,
    CT_SIGMOID,
    CT_RELU,
    CT_LOGICAL_NOT,
} CTUnary;

CTStatus ct_unary(CTUnary operation, CTTensor *a, CTTensor *_Nullable *_Nonnull result);
CTStatus ct_softmax(CTTensor *a, int64_t dim, CTTensor *_Nullable *_Nonnull result);
CTStatus ct_log_softmax(CTTensor *a, int64_t dim, CTTensor *_Nullable *_Nonnull result);

// Reduce

CTStatus ct_sum_all(CTTensor *a, CTTensor *_Nullable *_Nonnull result);
CTStatus ct_mean_all(CTTensor *a, CTTensor *_Nullable *_Nonnull result);
CTStatus ct_sum(CTTensor *a, int64_t dim, bool keep, CTTensor *_Nullable *_Nonnull result);
CTStatus ct_mean(CTTensor *a, int64_t dim, bool keep, CTTensor *_Nullable *_Nonnull result);
CTStatus ct_max(
    CTTensor *a, int64_t dim, CTTensor *_Nullable *_Nonnull values,
    CTTensor *_Nullable *_Nonnull indices);
CTStatus ct_argmax(CTTensor *a, int64_t dim, CTTensor *_Nullable *_Nonnull result);
/// The k largest, largest first; of equal values the lower index first.
CTStatus ct_topk(
    CTTensor *a, int64_t k, int64_t dim, CTTensor *_Nullable *_Nonnull values,
    CTTensor *_Nullable *_Nonnull indices);

// Compare and choose

typedef enum CTComparison { CT_EQUAL, CT_LESS, CT_GREATER_EQUAL } CTComparison;

CTStatus ct_compare(
    CTComparison comparison, CTTensor *a, CTTensor *b, CTTensor *_Nullable *_Nonnull result);
CTStatus ct_where(
    CTTensor *condition, CTTensor *a, CTTensor *b, CTTensor *_Nullable *_Nonnull result);
CTStatus ct_masked_fill(
    CTTensor *a, CTTensor *mask, double value, CTTensor *_Nullable *_Nonnull result);

// Products

CTStatus ct_matmul(CTTensor *a, CTTensor *b, CTTensor *_Nullable *_Nonnull result);
/// x · weightᵀ + bias, weight [out, in].
CTStatus ct_linear(
    CTTensor *x, CTTensor *weight, CTTensor *_Nullable bias, CTTensor *_Nullable *_Nonnull result);
/// x · weight + bias, weight [in, out].
CTStatus ct_affine(
    CTTensor *x, CTTensor *weight, CTTensor *_Nullable bias, CTTensor *_Nullable *_Nonnull result);
/// The x of a · x = b.
CTStatus ct_solve(CTTensor *a, CTTensor *b, CTTensor *_Nullable *_Nonnull result);

// Transformer

CTStatus ct_embedding(CTTensor *weight, CTTensor *ids, CTTensor *_Nullable *_Nonnull result);
CTStatus ct_layer_norm(
    CTTensor *x, CTTensor *weight, CTTensor *_Nullable bias, double epsilon,
    CTTensor *_Nullable *_Nonnull result);
CTStatus ct_rms_norm(
    CTTensor *x, CTTensor *weight, double epsilon, CTTensor *_Nullable *_Nonnull result);
/// Fused scaled dot product over [B, H, T, d]; a boolean mask is true where a query may look.
CTStatus ct_attention(
    CTTensor *query, CTTensor *key, CTTensor *value, CTTensor *_Nullable mask, bool is_causal,
    double scale, bool grouped_queries, CTTensor *_Nullable *_Nonnull result);

// Loss

/// Mean over the labels that are not `ignored`.
CTStatus ct_cross_entropy(
    CTTensor *logits, CTTensor *labels, int64_t ignored, CTTensor *_Nullable *_Nonnull result);

// Gradients

CTStatus ct_set_requires_grad(CTTensor *tensor, bool value);
CTStatus ct_requires_grad(CTTensor *tensor, bool *result);
CTStatus ct_backward(CTTensor *loss);
/// Null when nothing has flowed back yet.
CTStatus ct_grad(CTTensor *tensor, CTTensor *_Nullable *_Nonnull result);
CTStatus ct_clear_grad(CTTensor *tensor);
CTStatus ct_detach(CTTensor *tensor, CTTensor *_Nullable *_Nonnull result);
/// Turns recording on or off on this thread and returns what it was.
bool ct_set_grad_enabled(bool enabled);

// In place

CTStatus ct_add_in_place(CTTensor *a, CTTensor *b, double scale);
CTStatus ct_mul_in_place(CTTensor *a, double factor);
/// a += scale · b · c
CTStatus ct_addcmul_in_place(CTTensor *a, CTTensor *b, CTTensor *c, double scale);
/// a += scale · b / c
CTStatus ct_addcdiv_in_place(CTTensor *a, CTTensor *b, CTTensor *c, double scale);
CTStatus ct_copy_in_place(CTTensor *a, CTTensor *b);

// Store: keys and bytes that processes share through a server in one of them (c10d's TCPStore).
//
// Calls may come from any thread. None waits longer than the store's timeout for the server: it
// fails then, and may be tried again. A value holds at most 8 MiB, for at more the server hangs up.

typedef struct CTStore CTStore;

/// Connects to the server at `host`; with `is_server` starts it here first, on all addresses of the
/// machine, where port 0 lets the system choose. Waits `connect_ms` for the server to start. The caller
/// gives the store back once, with ct_store_release(), which ends a server that was started.
CTStatus ct_store_open(
    const char *host, int64_t port, bool is_server, int64_t connect_ms, int64_t timeout_ms,
    CTStore *_Nullable *_Nonnull result);
void ct_store_release(CTStore *_Nullable store);
int64_t ct_store_port(CTStore *store);
CTStatus ct_store_set(
    CTStore *store, const char *key, const void *_Nullable bytes, int64_t count);
/// Waits up to `wait_ms` for the key. The caller gives `bytes` back with ct_store_release_bytes().
CTStatus ct_store_get(
    CTStore *store, const char *key, int64_t wait_ms, void *_Nullable *_Nonnull bytes,
    int64_t *count);
void ct_store_release_bytes(void *_Nullable bytes);
CTStatus ct_store_check(CTStore *store, const char *key, bool *result);
/// Adds to a number that starts at 0, and hands out the sum.
CTStatus ct_store_add(CTStore *store, const char *key, int64_t amount, int64_t *result);
/// Sets `desired` where the value is `expected`; no bytes expected stands for no key. Hands out the
/// value that stands then, to be given back as after ct_store_get().
CTStatus ct_store_compare_set(
    CTStore *store, const char *key, const void *_Nullable expected, int64_t expected_count,
    const void *_Nullable desired, int64_t desired_count, void *_Nullable *_Nonnull bytes,
    int64_t *count);
/// Whether there was such a key.
CTStatus ct_store_delete_key(CTStore *store, const char *key, bool *result);

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif

#endif
