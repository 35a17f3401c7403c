// One function, done in pieces on a thread of its own.

#include "core/debug/paused_work.hpp"

#include <gtest/gtest.h>
#include <stdexcept>
#include <string>

namespace rnnscope::debug {
namespace {

constexpr std::chrono::steady_clock::time_point long_ago{};

TEST(PausedWork, IsDoneInPieces) {
    int done = 0;
    PausedWork work([&](const Pause& pause) {
        for (; done < 10; ++done) pause.here();
    });
    for (int i = 0; i < 10; ++i) {
        ASSERT_FALSE(work.pump(long_ago));
        EXPECT_EQ(done, i);
        EXPECT_EQ(work.steps(), static_cast<std::uint64_t>(i) + 1);
    }
    EXPECT_TRUE(work.pump(long_ago));
    EXPECT_EQ(done, 10);
    EXPECT_TRUE(work.pump(long_ago)) << "done is done";
}

TEST(PausedWork, WithTimeEnoughIsDoneAtOnce) {
    int done = 0;
    PausedWork work([&](const Pause& pause) {
        for (; done < 10; ++done) pause.here();
    });
    EXPECT_TRUE(work.pump(std::chrono::steady_clock::now() + std::chrono::hours(1)));
    EXPECT_EQ(done, 10);
}

TEST(PausedWork, ThatIsGivenUpCleansUpAndGoesNoFurther) {
    struct Cleaner {
        int& cleaned;
        ~Cleaner() { ++cleaned; }
    };
    int cleaned = 0, done = 0;
    {
        PausedWork work([&](const Pause& pause) {
            const Cleaner cleaner{cleaned};
            for (; done < 10; ++done) pause.here();
        });
        work.pump(long_ago);
        work.pump(long_ago);
        EXPECT_EQ(cleaned, 0);
    }
    EXPECT_EQ(cleaned, 1);
    EXPECT_EQ(done, 1);
    {
        const PausedWork never_begun([&](const Pause&) { ++done; });
    }
    EXPECT_EQ(done, 1);
}

TEST(PausedWork, PassesOnWhatItThrows) {
    PausedWork work([](const Pause& pause) {
        pause.here();
        throw std::runtime_error("no more memory");
    });
    EXPECT_FALSE(work.pump(long_ago));
    EXPECT_THROW(work.pump(long_ago), std::runtime_error);
    EXPECT_TRUE(work.pump(long_ago));
}

TEST(Pause, WithoutAnyoneWhoInterruptsDoesNothing) {
    Pause().here();
}

} // namespace
} // namespace rnnscope::debug
