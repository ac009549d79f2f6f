// c10d's TCPStore behind plain C, with a limit on every wait.

#include "Guarded.h"

#include <c10/util/Logging.h>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <future>
#include <mutex>
#include <thread>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <vector>

using Milliseconds = std::chrono::milliseconds;
using Bytes = std::vector<uint8_t>;

struct CTStore {
    c10::intrusive_ptr<c10d::TCPStore> store;
    Milliseconds timeout;
};

namespace {

/// Runs `body` on a thread of its own and stops waiting for it after `limit`.
///
/// The engine's client reads without a limit, even while it connects, so a server that is frozen or
/// cut off would keep its caller for ever. The thread left behind holds all that it uses, and ends
/// with the connection.
template <typename Body>
auto within(Milliseconds limit, Body body) {
    std::packaged_task<decltype(body())()> task(std::move(body));
    auto result = task.get_future();
    std::thread(std::move(task)).detach();
    TORCH_CHECK(
        result.wait_for(limit) == std::future_status::ready, "expected an answer of the store within ",
        limit.count(), " ms, got none; see whether its process is alive and can be reached.");
    return result.get();
}

/// Runs `body(store)` within the store's own limit, and `more`.
template <typename Body>
auto asking(CTStore *store, Body body, Milliseconds more = Milliseconds(0)) {
    return within(
        store->timeout + more,
        [inner = store->store, body = std::move(body)] { return body(*inner); });
}

Bytes copied(const void *bytes, int64_t count) {
    auto *first = static_cast<const uint8_t *>(bytes);
    return Bytes(first, first + count);
}

void hand_out(const Bytes &value, void **bytes, int64_t *count) {
    auto *copy = std::malloc(std::max<size_t>(value.size(), 1));
    TORCH_CHECK(copy, "out of memory for ", value.size(), " bytes");
    if (!value.empty()) std::memcpy(copy, value.data(), value.size());
    *bytes = copy;
    *count = static_cast<int64_t>(value.size());
}

/// The engine logs each lost connection with a page of frames; what went wrong is in the exception.
void quieten() {
    static std::once_flag once;
    std::call_once(once, [] {
        if (!std::getenv("TORCH_CPP_LOG_LEVEL")) FLAGS_caffe2_log_level = c10::GLOG_FATAL;
    });
}

}  // namespace

CTStatus ct_store_open(
    const char *host, int64_t port, bool is_server, int64_t connect_ms, int64_t timeout_ms,
    CTStore **result) {
    return guarded([&] {
        quieten();
        c10d::TCPStoreOptions options;
        options.port = static_cast<uint16_t>(port);
        options.isServer = is_server;
        options.waitWorkers = false;
        options.timeout = Milliseconds(connect_ms);
        // The engine may try again when its time is up; its own sentence is worth a second more.
        auto store = within(options.timeout + Milliseconds(1000), [name = std::string(host), options] {
            return c10::make_intrusive<c10d::TCPStore>(name, options);
        });
        store->setTimeout(Milliseconds(timeout_ms));
        *result = new CTStore{std::move(store), Milliseconds(timeout_ms)};
    });
}

int64_t ct_store_port(CTStore *store) { return store->store->getPort(); }

void ct_store_release(CTStore *store) { delete store; }

void ct_store_release_bytes(void *bytes) { std::free(bytes); }

CTStatus ct_store_set(CTStore *store, const char *key, const void *bytes, int64_t count) {
    return guarded([&] {
        asking(store, [key = std::string(key), value = copied(bytes, count)](auto &inner) {
            inner.set(key, value);
            // The engine sends and goes on; this answer says that the server has it, for everybody.
            inner.check({key});
        });
    });
}

CTStatus ct_store_get(
    CTStore *store, const char *key, int64_t wait_ms, void **bytes, int64_t *count) {
    return guarded([&] {
        auto wait = Milliseconds(std::max<int64_t>(wait_ms, 1));
        auto value = asking(
            store,
            [key = std::string(key), wait](auto &inner) {
                inner.wait({key}, wait);
                return inner.get(key);
            },
            wait);
        hand_out(value, bytes, count);
    });
}

CTStatus ct_store_check(CTStore *store, const char *key, bool *result) {
    return guarded([&] {
        *result = asking(
            store, [key = std::string(key)](auto &inner) { return inner.check({key}); });
    });
}

CTStatus ct_store_add(CTStore *store, const char *key, int64_t amount, int64_t *result) {
    return guarded([&] {
        *result = asking(
            store, [key = std::string(key), amount](auto &inner) { return inner.add(key, amount); });
    });
}

CTStatus ct_store_compare_set(
    CTStore *store, const char *key, const void *expected, int64_t expected_count,
    const void *desired, int64_t desired_count, void **bytes, int64_t *count) {
    return guarded([&] {
        auto value = asking(
            store,
            [key = std::string(key), old = copied(expected, expected_count),
             fresh = copied(desired, desired_count)](auto &inner) {
                return inner.compareSet(key, old, fresh);
            });
        hand_out(value, bytes, count);
    });
}

CTStatus ct_store_delete_key(CTStore *store, const char *key, bool *result) {
    return guarded([&] {
        *result = asking(
            store, [key = std::string(key)](auto &inner) { return inner.deleteKey(key); });
    });
}
