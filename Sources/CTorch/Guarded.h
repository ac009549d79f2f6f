// The one place where C++ exceptions end, shared by the files of this target.

#pragma once

#include "CTorch.h"

#include <c10/util/Exception.h>
#include <exception>
#include <string>

inline thread_local std::string last_error;

/// Runs `body`; what it throws becomes the sentence of ct_last_error().
template <typename Body>
CTStatus guarded(Body &&body) noexcept {
    try {
        body();
        return CT_OK;
    } catch (const c10::Error &error) {
        last_error = error.what_without_backtrace();
    } catch (const std::exception &error) {
        last_error = error.what();
    } catch (...) {
        last_error = "the engine failed without saying why";
    }
    return CT_FAILED;
}
