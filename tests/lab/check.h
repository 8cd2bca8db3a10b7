// SPDX-License-Identifier: Apache-2.0
// Assertions about Results.
#pragma once

#include <gtest/gtest.h>

#include "base/result.h"

// Stops the test with the Error's words. `expression` is evaluated once.
#define LAB_ASSERT_OK(expression)                                        \
  do {                                                                   \
    const auto& lab_result_ = (expression);                              \
    ASSERT_TRUE(lab_result_.has_value()) << lab_result_.error().message; \
  } while (false)

// Stops the test, or moves the value into `target`.
#define LAB_ASSERT_OK_AND(target, expression)                            \
  do {                                                                   \
    auto lab_result_ = (expression);                                     \
    ASSERT_TRUE(lab_result_.has_value()) << lab_result_.error().message; \
    target = std::move(*lab_result_);                                    \
  } while (false)
