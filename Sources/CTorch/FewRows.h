// Products of rows with a bfloat16 matrix, for processors with AVX2.
//
// A general library widens or packs the whole matrix first, which for a few rows costs more than
// the product. Here numbers are widened to float32 as they are read, a block of them goes through
// all rows, and the next block is on its way meanwhile. Sums are float32, and a row's do not hang
// on the rows beside it or on the number of threads.

#pragma once

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <latch>

// Sizes: n rows, M [p, q] the matrix as it is stored, R and C rows and columns of a tile, which is
// summed in registers.

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#endif

namespace few_rows {

/// With more rows, widening the whole matrix is cheap beside the product.
constexpr int64_t most_rows = 48;
/// Numbers in a register.
constexpr int64_t lanes = 8;
/// The largest block of M that is taken at a time, and the most rows that go through it together:
/// both fit into the near caches.
constexpr int64_t block_rows = 24, block_columns = 512, near_rows = 16;

typedef float Lanes __attribute__((vector_size(32), aligned(4), may_alias));
typedef uint16_t Halves __attribute__((vector_size(16), aligned(2), may_alias));
typedef uint32_t Bits __attribute__((vector_size(32)));

inline Lanes widened(const float *values) { return *reinterpret_cast<const Lanes *>(values); }

inline Lanes widened(const uint16_t *values) {
    const auto halves = *reinterpret_cast<const Halves *>(values);
    const Bits bits = __builtin_convertvector(halves, Bits) << 16;
    Lanes result;
    std::memcpy(&result, &bits, sizeof bits);
    return result;
}

/// Rows of numbers, and how far one is from the next.
template <typename Number>
struct Rows {
    Number *values;
    int64_t stride;

    Number *at(int64_t row, int64_t column) const { return values + row * stride + column; }
    Rows from(int64_t row, int64_t column) const { return {at(row, column), stride}; }
    Lanes lanes_at(int64_t row, int64_t column) const { return widened(at(row, column)); }
};
using Inputs = Rows<const float>;
using Stored = Rows<const uint16_t>;
using Sums = Rows<float>;

/// A block of M.
struct Block {
    Stored values;
    int64_t rows, columns;
};

/// Asks for numbers that are read soon: a group's rows are too short for the processor to foresee
/// where the next ones lie. Behind the end of the matrix it does nothing.
inline void fetch(const uint16_t *values) { __builtin_prefetch(values, 0, 2); }

/// out [R, C] += a [R, length] · groupᵀ, for a group of C rows of M.
template <int R, int C>
void add_dot_products(
    const Inputs &a, const Stored &group, int64_t length, const Sums &out) {
    Lanes sums[R][C] = {};
    for (int64_t k = 0; k < length; k += lanes) {
        Lanes others[C];
        for (int c = 0; c < C; c++) {
            fetch(group.at(c + 2 * C, k));
            others[c] = group.lanes_at(c, k);
        }
        for (int r = 0; r < R; r++) {
            const Lanes row = a.lanes_at(r, k);
            for (int c = 0; c < C; c++) sums[r][c] += row * others[c];
        }
    }
    for (int r = 0; r < R; r++)
        for (int c = 0; c < C; c++) {
            float sum = 0;
            for (int lane = 0; lane < lanes; lane++) sum += sums[r][c][lane];
            *out.at(r, c) += sum;
        }
}

/// out [R, 8 C] += a [R, length] · group, for a group of 8 C columns of M.
template <int R, int C>
void add_weighted_rows(
    const Inputs &a, const Stored &group, int64_t length, const Sums &out) {
    Lanes sums[R][C] = {};
    for (int64_t k = 0; k < length; k++) {
        fetch(group.at(k + block_rows, 0));
        Lanes others[C];
        for (int c = 0; c < C; c++) others[c] = group.lanes_at(k, c * lanes);
        for (int r = 0; r < R; r++) {
            const float weight = *a.at(r, k);
            for (int c = 0; c < C; c++) sums[r][c] += weight * others[c];
        }
    }
    for (int r = 0; r < R; r++)
        for (int c = 0; c < C; c++)
            *reinterpret_cast<Lanes *>(out.at(r, c * lanes)) += sums[r][c];
}

/// Calls `body` with where threes and ones of 0..<count begin; their size is known to the compiler.
template <typename Body>
void in_threes(int64_t count, const Body &body) {
    int64_t start = 0;
    for (; start + 3 <= count; start += 3) body.template operator()<3>(start);
    for (; start < count; start++) body.template operator()<1>(start);
}

/// Calls `body` with where fours of 0..<count begin, and what is left of it.
template <typename Body>
void in_fours(int64_t count, const Body &body) {
    int64_t start = 0;
    for (; start + 4 <= count; start += 4) body.template operator()<4>(start);
    if (count - start == 1) body.template operator()<1>(start);
    if (count - start == 2) body.template operator()<2>(start);
    if (count - start == 3) body.template operator()<3>(start);
}

/// A product with a block's transpose: out [n, rows] += a [n, columns] · blockᵀ.
struct Transposed {
    static void add(const Inputs &a, int64_t n, const Block &block, const Sums &out) {
        in_threes(block.rows, [&]<int C>(int64_t row) {
            in_fours(n, [&]<int R>(int64_t i) {
                add_dot_products<R, C>(
                    a.from(i, 0), block.values.from(row, 0), block.columns, out.from(i, row));
            });
        });
    }
};

/// A product with a block: out [n, columns] += a [n, rows] · block.
struct Plain {
    static void add(const Inputs &a, int64_t n, const Block &block, const Sums &out) {
        in_threes(block.columns / lanes, [&]<int C>(int64_t part) {
            const auto column = part * lanes;
            in_fours(n, [&]<int R>(int64_t i) {
                add_weighted_rows<R, C>(
                    a.from(i, 0), block.values.from(0, column), block.rows,
                    out.from(i, column));
            });
        });
    }
};

/// Adds the products of all n rows with a block.
template <typename Product>
void add_rows(const Inputs &a, int64_t n, const Block &block, const Sums &out) {
    for (int64_t i = 0; i < n; i += near_rows)
        Product::add(a.from(i, 0), std::min(near_rows, n - i), block, out.from(i, 0));
}

inline Inputs inputs(const at::Tensor &tensor) {
    return {tensor.const_data_ptr<float>(), tensor.size(1)};
}

inline Sums sums(const at::Tensor &tensor) { return {tensor.data_ptr<float>(), tensor.size(1)}; }

inline Stored stored(const at::Tensor &matrix) {
    const auto *values = matrix.const_data_ptr<at::BFloat16>();
    return {reinterpret_cast<const uint16_t *>(values), matrix.size(1)};
}

/// Calls `body` with parts of 0..<count, on as many threads as the engine uses.
///
/// `at::parallel_for` is a template over OpenMP, which is at home inside libtorch alone: compiled
/// here it would run in one thread.
///
/// - `work`: multiplications for each of `count`; a part has enough of them to be worth a thread.
template <typename Body>
void in_parallel(int64_t count, int64_t work, const Body &body) {
    constexpr int64_t least_work = 1 << 19;
    const auto most = std::max<int64_t>(count * work / least_work, 1);
    const auto parts = std::min({most, count, static_cast<int64_t>(at::get_num_threads())});
    if (parts <= 1) return body(0, count);
    const auto size = (count + parts - 1) / parts;
    std::latch others(parts - 1);
    for (int64_t part = 1; part < parts; part++)
        at::launch([&, part] {
            body(part * size, std::min((part + 1) * size, count));
            others.count_down();
        });
    body(0, size);
    others.wait();
}

/// a [n, q] · Mᵀ: [n, p]. Threads share the rows of M.
inline at::Tensor times_transposed(const at::Tensor &a, const at::Tensor &matrix) {
    const auto n = a.size(0), p = matrix.size(0), q = matrix.size(1);
    auto result = at::zeros({n, p}, a.options());
    const auto from = inputs(a);
    const auto to = sums(result);
    in_parallel(p, n * q, [&](int64_t start, int64_t end) {
        for (int64_t row = start; row < end; row += block_rows)
            for (int64_t column = 0; column < q; column += block_columns) {
                const Block block{
                    stored(matrix).from(row, column), std::min(block_rows, end - row),
                    std::min(block_columns, q - column)};
                add_rows<Transposed>(from.from(0, column), n, block, to.from(0, row));
            }
    });
    return result;
}

/// a [n, p] · M: [n, q]. Threads share the columns of M.
inline at::Tensor times(const at::Tensor &a, const at::Tensor &matrix) {
    const auto n = a.size(0), p = matrix.size(0), q = matrix.size(1);
    auto result = at::zeros({n, q}, a.options());
    const auto from = inputs(a);
    const auto to = sums(result);
    in_parallel(q / lanes, n * p * lanes, [&](int64_t start, int64_t end) {
        for (int64_t column = start * lanes; column < end * lanes; column += block_columns)
            for (int64_t row = 0; row < p; row += block_rows) {
                const Block block{
                    stored(matrix).from(row, column), std::min(block_rows, p - row),
                    std::min(block_columns, end * lanes - column)};
                add_rows<Plain>(from.from(0, row), n, block, to.from(0, column));
            }
    });
    return result;
}

/// Whether `product` can be used with a `weight`, which is stored as it is or transposed.
inline bool can(const at::Tensor &weight) {
#if defined(__x86_64__)
    static const bool has_lanes = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (!has_lanes) return false;
#endif
    if (weight.is_contiguous()) return weight.size(1) % lanes == 0;
    return weight.t().is_contiguous() && weight.size(0) % lanes == 0;
}

/// rows [n, in] · weightᵀ, weight [out, in] of bfloat16, all else in float32: [n, out].
inline at::Tensor product(const at::Tensor &rows, const at::Tensor &weight) {
    const auto a = rows.contiguous();
    return weight.is_contiguous() ? times_transposed(a, weight) : times(a, weight.t());
}

}  // namespace few_rows

#if defined(__x86_64__)
#pragma clang attribute pop
#endif
