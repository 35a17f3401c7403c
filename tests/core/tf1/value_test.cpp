#include "core/tf1/value.hpp"

#include <gtest/gtest.h>

namespace rnnscope::tf1 {
namespace {

/// One inside of the other, far more than fit on a stack of calls.
TEST(Value, DeepContainersAreFreed) {
    constexpr int depth = 300'000;
    const std::shared_ptr<std::vector<Value>> innermost = std::make_shared<std::vector<Value>>();
    Value value(innermost);
    for (int i = 0; i < depth; ++i) {
        std::vector<Value> items;
        items.push_back(std::move(value));
        if (i % 3 == 0)
            value = Value::list(std::move(items));
        else if (i % 3 == 1)
            value = Value::tuple(std::move(items));
        else
            value = Value::dict({{Value("key"), std::move(items[0])}});
    }
    Value other = value;
    EXPECT_EQ(innermost.use_count(), 2);
    value = Value();
    EXPECT_EQ(innermost.use_count(), 2) << "another still holds them";
    other = Value();
    EXPECT_EQ(innermost.use_count(), 1);
}

TEST(Value, ListsAreShared) {
    const Value list = Value::list({Value(1)});
    const Value same = list;
    (*same.as<ListValue>())->push_back(Value(2));
    EXPECT_EQ(items_of(list)->size(), 2U);
}

} // namespace
} // namespace rnnscope::tf1
