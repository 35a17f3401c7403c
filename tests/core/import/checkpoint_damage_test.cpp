// Files that are cut, changed, or made to harm: every one gives the same tensors, or an error that names the file.

#include "core/import/checkpoint.hpp"
#include "core/import/crc32c.hpp"
#include "core/import/table_reader.hpp"
#include "tests/core/import/checkpoint_files.hpp"
#include "tests/core/import/protobuf_bytes.hpp"

#include <fmt/format.h>
#include <leveldb/env.h>
#include <leveldb/table_builder.h>

#include <map>
#include <memory>

namespace rnnscope {
namespace {

namespace fs = std::filesystem;

class CheckpointDamage : public Folder {
  protected:
    void SetUp() override {
        Folder::SetUp();
        tensors_ = {{"rnn/bias", Tensor::of<float>(Shape{2}, {1, 2})},
                    {"rnn/names", Tensor::of<std::string>(Shape{3}, {"a", "", "bc"})},
                    {"rnn/on", Tensor::of_bools(Shape{}, {true})},
                    {"rnn/step", Tensor::scalar(std::int64_t{7})}};
        ASSERT_TRUE(write_checkpoint(path("good"), tensors_).ok());
        index_ = read_file(path("good.index"));
        data_ = read_file(path("good.data-00000-of-00001"));
    }

    /// Opens and reads all. `whole`: are the checksums right, so that other values are no mistake?
    void check(const std::string& index, const std::string& data, const std::string& what, bool whole = false) {
        write_file(path("m.index"), index);
        write_file(path("m.data-00000-of-00001"), data);
        const auto checkpoint = Checkpoint::open(path("m"));
        if (!checkpoint) {
            EXPECT_NE(checkpoint.error().message.find(path("m.index")), std::string::npos)
                << what << ": " << checkpoint.error().message;
            ++refused_;
            return;
        }
        for (const CheckpointEntry& entry : checkpoint->entries()) {
            const auto value = checkpoint->read(entry);
            if (!value) {
                EXPECT_NE(value.error().message.find(path("m.")), std::string::npos) << what << value.error().message;
                ++refused_;
                return;
            }
        }
        ++read_;
        if (whole) return;
        ASSERT_EQ(checkpoint->entries().size(), tensors_.size()) << what;
        for (const ops::NamedTensor& tensor : tensors_)
            EXPECT_TRUE(checkpoint->read(tensor.name)->identical(tensor.value)) << what << ", " << tensor.name;
    }

    std::vector<ops::NamedTensor> tensors_;
    std::string index_, data_;
    int refused_ = 0, read_ = 0;
};

TEST_F(CheckpointDamage, TheWholeFilesRead) {
    check(index_, data_, "unchanged");
    EXPECT_EQ(read_, 1);
    check(index_, data_ + "more", "longer data");
    EXPECT_EQ(read_, 2);
}

TEST_F(CheckpointDamage, EveryByteChanged) {
    for (const int change : {0xFF, 0x01, 0x80}) {
        for (std::size_t i = 0; i < index_.size(); ++i) {
            std::string bad = index_;
            bad[i] = static_cast<char>(bad[i] ^ change);
            check(bad, data_, fmt::format("byte {} of the index ^ {}", i, change));
        }
        for (std::size_t i = 0; i < data_.size(); ++i) {
            std::string bad = data_;
            bad[i] = static_cast<char>(bad[i] ^ change);
            check(index_, bad, fmt::format("byte {} of the data ^ {}", i, change));
        }
    }
    EXPECT_GT(refused_, 3 * 100) << "most of them";
}

TEST_F(CheckpointDamage, CutAtEveryLength) {
    for (std::size_t length = 0; length < index_.size(); ++length)
        check(index_.substr(0, length), data_, fmt::format("index of {} bytes", length));
    for (std::size_t length = 0; length < data_.size(); ++length)
        check(index_, data_.substr(0, length), fmt::format("data of {} bytes", length));
    EXPECT_EQ(read_, 0);
    EXPECT_EQ(refused_, static_cast<int>(index_.size() + data_.size()));
}

/// Makes the checksums right again after a change inside a block, so that what is behind them has to stand it.
TEST_F(CheckpointDamage, EveryByteChangedUnderRightChecksums) {
    std::string_view footer = std::string_view(index_).substr(index_.size() - 48);
    std::uint64_t meta_at = 0, meta_size = 0, at = 0, size = 0;
    ASSERT_TRUE(take_varint64(footer, meta_at) && take_varint64(footer, meta_size) && take_varint64(footer, at) &&
                take_varint64(footer, size));
    const std::size_t blocks[][2] = {{0, static_cast<std::size_t>(meta_at) - 5},
                                     {static_cast<std::size_t>(at), static_cast<std::size_t>(size)}};
    for (const auto& [begin, length] : blocks)
        for (std::size_t i = begin; i <= begin + length; ++i)
            for (const int value : {0x00, 0x01, 0x05, 0x7F, 0x80, 0xFF}) {
                std::string bad = index_;
                bad[i] = static_cast<char>(value);
                const std::uint32_t crc = masked_crc(crc32c(std::string_view(bad).substr(begin, length + 1)));
                for (unsigned k = 0; k < 4; ++k) bad[begin + length + 1 + k] = static_cast<char>(crc >> (8 * k) & 0xFF);
                check(bad, data_, fmt::format("byte {} of the index = {}", i, value), true);
            }
    EXPECT_GT(refused_, read_);
}

using testing::field, testing::number, testing::varint;

std::string shape(std::vector<std::int64_t> dims) {
    std::string text;
    for (const std::int64_t dim : dims) text += field(2, number(1, static_cast<std::uint64_t>(dim)));
    return field(2, text);
}

class CheckpointHarm : public Folder {
  protected:
    void write_index(const std::map<std::string, std::string>& entries, leveldb::CompressionType compression,
                     std::size_t block_size = 4096) {
        leveldb::WritableFile* raw = nullptr;
        ASSERT_TRUE(leveldb::Env::Default()->NewWritableFile(path("m.index"), &raw).ok());
        const std::unique_ptr<leveldb::WritableFile> file(raw);
        leveldb::Options options;
        options.compression = compression;
        options.block_size = block_size;
        leveldb::TableBuilder builder(options, file.get());
        for (const auto& [key, value] : entries) builder.Add(key, value);
        ASSERT_TRUE(builder.Finish().ok());
        ASSERT_TRUE(file->Close().ok());
    }
    /// The message for a checkpoint whose index has this header and this entry "v"; "" if the value reads.
    std::string message(const std::string& header, const std::string& entry) {
        write_index({{"", header}, {"v", entry}}, leveldb::kNoCompression);
        write_file(path("m.data-00000-of-00001"), std::string(16, '\0'));
        const auto checkpoint = Checkpoint::open(path("m"));
        if (!checkpoint) return checkpoint.error().message;
        const auto value = checkpoint->read("v");
        return value ? "" : value.error().message;
    }

    const std::string header_ = number(1, 1) + field(3, number(1, 1));
};

TEST_F(CheckpointHarm, HeadersThatAreNotUnderstood) {
    const std::string entry = number(1, 1) + shape({4}) + number(5, 16);
    EXPECT_NE(message(number(1, 1) + number(2, 1), entry).find("different endianness"), std::string::npos);
    EXPECT_NE(
        message(number(1, 1) + field(3, number(2, 2)), entry).find("min consumer version 2 above current version 1"),
        std::string::npos);
    EXPECT_NE(message(number(1, 1) + field(3, number(3, 1)), entry).find("disallows consumer version 1"),
              std::string::npos);
    EXPECT_NE(message(number(1, 0), entry).find("0 data files"), std::string::npos);
    EXPECT_NE(message(number(1, static_cast<std::uint64_t>(-4)), entry).find("-4 data files"), std::string::npos);
    EXPECT_NE(message("\xFF", entry).find("unable to parse header"), std::string::npos);
}

TEST_F(CheckpointHarm, EntriesThatCannotBe) {
    constexpr std::int64_t huge = std::int64_t{1} << 62;
    const std::string zeros = varint(6 << 3 | 5) + std::string("\xd8\xea\x82\xa2", 4); // masked crc 0
    const auto said = [&](const std::string& entry, const std::string& text) {
        const std::string message = this->message(header_, entry);
        EXPECT_NE(message.find(text), std::string::npos) << message;
        EXPECT_NE(message.find(path("m.")), std::string::npos) << message;
    };
    said(number(1, 1) + shape({4}) + number(5, 12),
         "Invalid size in bundle entry: key v; stored size 12; expected size 16");
    said(number(1, 7) + shape({20}) + number(5, 16),
         "Invalid size in bundle entry: key v; stored size 16; expected size is at least 20");
    said(number(1, 1) + shape({4}) + number(5, 16), "Checksum does not match: stored");
    said(number(1, 1) + shape({huge}) + number(5, 16), "expected size 18446744073709551615");
    said(number(1, 1) + shape({huge, huge}) + number(5, 16), "Invalid tensor shape: v");
    said(number(1, 1) + shape({-1}) + number(5, 16), "Invalid tensor shape: v");
    said(number(1, 1) + shape({-2, -2}) + number(5, 16), "Invalid tensor shape: v");
    said(number(1, 1) + shape(std::vector<std::int64_t>(300, 1)) + number(5, 4), "Invalid tensor shape: v");
    said(number(1, 1) + shape({4}) + number(4, 1) + number(5, 16), "the file ends at byte 16");
    said(number(1, 1) + shape({4}) + number(4, huge) + number(5, 16), "the file ends at byte 16");
    said(number(1, 1) + shape({4}) + number(4, INT64_MAX) + number(5, 16), "impossible place");
    said(number(1, 1) + shape({4}) + number(4, static_cast<std::uint64_t>(-16)) + number(5, 16), "impossible place");
    said(number(1, 1) + shape({huge / 4}) + number(5, huge), "the file ends at byte 16");
    said(number(1, 7) + shape({huge}) + number(5, huge), "the file ends at byte 16");
    said(number(1, 1) + shape({4}) + number(3, 1) + number(5, 16), "data file 1 of 1");
    said(number(1, 99) + shape({4}) + number(5, 16), "unknown data type 99");
    said(number(1, 20) + shape({}), "resource");
    said(number(1, 1) + shape({8, 4}) + field(7, field(1, number(2, 4))) + field(7, field(1, number(1, 4))),
         "impossible slices: v");
    const std::string all = field(1, "");
    said(number(1, 1) + shape({8, 4}) + field(7, field(1, number(2, 4)) + all) +
             field(7, field(1, number(1, 4) + number(2, 4)) + all),
         "v is stored in 2 slices, but 0 are there");
    said(number(1, 1) + shape({8, 4}) + field(7, field(1, number(1, 4) + number(2, 5)) + all), "impossible slices: v");
    said(number(1, 1) + shape({8, 4}) + field(7, field(1, number(1, huge) + number(2, huge)) + all),
         "impossible slices: v");
    said("\x08", "Entry for key v not parseable.");
    said(number(1, 7) + shape({12}) + number(5, 16), "The length checksum does not match");
    EXPECT_EQ(message(header_, number(1, 1) + shape({0}) + zeros), "");
}

TEST_F(CheckpointHarm, StringsThatNeedMoreMemoryThanTheyShould) {
    // 4 Mi empty strings: 4 MiB in the file, 128 MiB in memory.
    const std::string count(std::size_t{4} << 20, '\0');
    write_index({{"", header_}, {"v", number(1, 7) + shape({std::int64_t{4} << 20}) + number(5, count.size() + 4)}},
                leveldb::kNoCompression);
    write_file(path("m.data-00000-of-00001"), count + "crc.");
    EXPECT_EQ(Checkpoint::open(path("m"))->read("v").error().code, "ResourceExhaustedError");
}

TEST_F(CheckpointHarm, NamesThatGrowInMemory) {
    // Each name repeats the one before: few bytes in the file, a kilobyte more in memory for each.
    std::map<std::string, std::string> entries{{"", header_}};
    std::string name;
    for (int i = 0; i < 1200; ++i) {
        name += std::string(100, 'n');
        entries[name] = number(1, 1);
    }
    write_index(entries, leveldb::kSnappyCompression, 262144);
    const auto checkpoint = Checkpoint::open(path("m"));
    ASSERT_FALSE(checkpoint.ok()) << "70 MB of names from " << fs::file_size(path("m.index")) << " bytes";
    EXPECT_NE(checkpoint.error().message.find("too long for so small a file"), std::string::npos);
}

TEST_F(CheckpointHarm, CompressedIndexesRead) {
    std::map<std::string, std::string> entries{{"", header_}};
    for (int i = 0; i < 500; ++i)
        entries[fmt::format("layer/kernel_{:04}", i)] =
            number(1, 1) + shape({2, 3}) + number(4, 24u * i) + number(5, 24);
    write_index(entries, leveldb::kNoCompression);
    const auto plain_size = fs::file_size(path("m.index"));
    write_index(entries, leveldb::kSnappyCompression);
    EXPECT_LT(fs::file_size(path("m.index")), plain_size) << "this leveldb does not compress: nothing was tested";
    const auto checkpoint = Checkpoint::open(path("m"));
    ASSERT_TRUE(checkpoint.ok()) << checkpoint.error().message;
    ASSERT_EQ(checkpoint->entries().size(), 500u);
    EXPECT_EQ(checkpoint->find("layer/kernel_0321")->offset, 24u * 321);
}

// --- partitioned variables ----------------------------------------------------------------------------------------

using Extents = std::vector<std::pair<std::int64_t, std::int64_t>>; ///< start and length by dimension; -1: all

/// A variable of floats 0, 1, 2, ... that is stored in slices, as TensorFlow's BundleWriter would.
class CheckpointSlices : public CheckpointHarm {
  protected:
    /// OrderedCode of small numbers.
    static std::string piece_key(const std::string& name, const Extents& slice) {
        std::string key = '\0' + name + std::string("\0\1\1", 3) + static_cast<char>(slice.size());
        for (const auto& [start, length] : slice)
            for (const std::int64_t value : {start, length}) key += static_cast<char>(0x80 ^ value);
        return key;
    }
    static std::string entry(const std::vector<std::int64_t>& dims, std::size_t offset, const std::string& bytes) {
        const std::uint32_t crc = masked_crc(crc32c(bytes));
        return number(1, 1) + shape(dims) + number(4, offset) + number(5, bytes.size()) + varint(6 << 3 | 5) +
               std::string(reinterpret_cast<const char*>(&crc), sizeof crc);
    }
    static std::vector<std::int64_t> dims_of(const Extents& slice, const std::vector<std::int64_t>& whole) {
        std::vector<std::int64_t> dims;
        for (std::size_t d = 0; d < whole.size(); ++d) dims.push_back(slice[d].second < 0 ? whole[d] : slice[d].second);
        return dims;
    }
    /// The elements of the slice, found by looking at each of the tensor.
    static std::string bytes_of(const Extents& slice, const std::vector<std::int64_t>& whole) {
        const std::vector<std::int64_t> dims = dims_of(slice, whole);
        std::string bytes;
        const std::int64_t elements = Shape(whole).elements();
        for (std::int64_t i = 0; i < elements; ++i) {
            bool is_in = true;
            std::int64_t left = i;
            for (std::size_t d = whole.size(); d-- > 0; left /= whole[d]) {
                const std::int64_t at = left % whole[d] - slice[d].first;
                is_in = is_in && at >= 0 && at < dims[d];
            }
            const auto value = static_cast<float>(i);
            if (is_in) bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
        }
        return bytes;
    }
    /// `slices`: in the order in which they are named, which need not be that of their keys.
    void write(const std::vector<std::int64_t>& whole, const std::vector<Extents>& slices) {
        std::string data, named = number(1, 1) + shape(whole);
        entries_ = {{"", header_}};
        for (const Extents& slice : slices) {
            std::string extents;
            for (const auto& [start, length] : slice)
                extents += field(1, length < 0 ? ""
                                               : number(1, static_cast<std::uint64_t>(start)) +
                                                     number(2, static_cast<std::uint64_t>(length)));
            named += field(7, extents);
            const std::string bytes = bytes_of(slice, whole);
            entries_[piece_key("v", slice)] = entry(dims_of(slice, whole), data.size(), bytes);
            data += bytes;
        }
        entries_["v"] = named;
        entries_["w"] = entry({2}, 0, data.substr(0, 8));
        write_file(path("m.data-00000-of-00001"), data);
    }
    Result<Tensor> read() {
        write_index(entries_, leveldb::kNoCompression);
        auto checkpoint = Checkpoint::open(path("m"));
        if (!checkpoint) return checkpoint.error();
        EXPECT_EQ(checkpoint->entries().size(), 2U) << "pieces are no tensors";
        return checkpoint->read("v");
    }

    std::map<std::string, std::string> entries_;
};

TEST_F(CheckpointSlices, ArePutTogether) {
    struct Case {
        std::vector<std::int64_t> whole;
        std::vector<Extents> slices;
    };
    for (const Case& partitioned :
         {Case{{5, 3}, {{{3, 2}, {0, -1}}, {{0, 3}, {0, -1}}}}, Case{{4, 3}, {{{0, -1}, {0, 1}}, {{0, -1}, {1, 2}}}},
          Case{{2, 3, 2}, {{{0, -1}, {2, 1}, {0, -1}}, {{0, -1}, {0, 2}, {0, -1}}}},
          Case{{2, 2}, {{{0, 1}, {0, 1}}, {{0, 1}, {1, 1}}, {{1, 1}, {0, -1}}}},
          Case{{7}, {{{0, 3}}, {{3, 0}}, {{3, 4}}}}, Case{{3, 2}, {{{0, -1}, {0, -1}}}}}) {
        write(partitioned.whole, partitioned.slices);
        const Result<Tensor> value = read();
        ASSERT_TRUE(value.ok()) << value.error().message;
        EXPECT_EQ(value->shape(), Shape(partitioned.whole));
        for (std::int64_t i = 0; i < value->elements(); ++i)
            ASSERT_EQ(value->number(i), static_cast<double>(i)) << to_python(value->shape());
    }
}

TEST_F(CheckpointSlices, ThatAreNotAllOfItAreRefused) {
    const Extents top{{0, 2}, {0, -1}}, bottom{{2, 2}, {0, -1}};
    const auto said = [&](const std::string& text) {
        const Result<Tensor> value = read();
        ASSERT_FALSE(value.ok()) << text;
        EXPECT_EQ(value.error().code, "DataLossError");
        EXPECT_NE(value.error().message.find(text), std::string::npos) << value.error().message;
    };
    write({4, 3}, {top, bottom});
    entries_.erase(piece_key("v", top));
    said("v is stored in 2 slices, but 1 are there");
    write({4, 3}, {top, bottom});
    entries_[piece_key("v", top)] = entry({1, 3}, 0, bytes_of({{0, 1}, {0, -1}}, {4, 3}));
    said("and one of them is float32 (1, 3)");
    write({4, 3}, {top, bottom, {{1, 2}, {0, -1}}});
    said("which are not all of it, or more");
    write({4, 3}, {top, bottom});
    entries_[std::string("\0v", 2)] = entries_["w"];
    said("a key that names no slice");
    write({4, 3}, {top, bottom});
    write_file(path("m.data-00000-of-00001"), std::string(40, 'x'));
    said("v is larger than the files that hold it");
    write({4, 3}, {top, bottom});
    write_file(path("m.data-00000-of-00001"), std::string(48, 'x'));
    said("Checksum does not match");
}

TEST_F(CheckpointSlices, NamesMayHoldAnyByte) {
    write({4}, {{{0, 2}}, {{2, 2}}});
    std::map<std::string, std::string> renamed{{"", header_}};
    const std::string name("v\xff\0v", 4), escaped("v\xff\0\0\xffv", 6);
    for (const Extents& slice : {Extents{{0, 2}}, Extents{{2, 2}}})
        renamed[piece_key(escaped, slice)] = entries_[piece_key("v", slice)];
    renamed[name] = entries_["v"];
    write_index(renamed, leveldb::kNoCompression);
    const auto checkpoint = Checkpoint::open(path("m"));
    ASSERT_TRUE(checkpoint.ok()) << checkpoint.error().message;
    const Result<Tensor> value = checkpoint->read(name);
    ASSERT_TRUE(value.ok()) << value.error().message;
    EXPECT_EQ(value->number(3), 3.0);
}

} // namespace
} // namespace rnnscope
