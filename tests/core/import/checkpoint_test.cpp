#include "core/import/checkpoint.hpp"
#include "core/import/crc32c.hpp"
#include "tests/core/import/checkpoint_files.hpp"

#include <fmt/format.h>
#include <leveldb/env.h>
#include <leveldb/iterator.h>
#include <leveldb/options.h>
#include <leveldb/table.h>

#include <array>
#include <map>

namespace rnnscope {
namespace {

namespace fs = std::filesystem;
using CheckpointTest = Folder;

fs::path shared(const std::string& name) {
    return fs::path(RNNSCOPE_SHARED_DIR) / name;
}

/// What leveldb's own reader finds in a table.
std::map<std::string, std::string> leveldb_entries(const std::string& file) {
    leveldb::RandomAccessFile* raw = nullptr;
    EXPECT_TRUE(leveldb::Env::Default()->NewRandomAccessFile(file, &raw).ok());
    const std::unique_ptr<leveldb::RandomAccessFile> access(raw);
    leveldb::Options options;
    options.paranoid_checks = true;
    leveldb::Table* opened = nullptr;
    EXPECT_TRUE(leveldb::Table::Open(options, access.get(), fs::file_size(file), &opened).ok());
    const std::unique_ptr<leveldb::Table> table(opened);
    leveldb::ReadOptions read;
    read.verify_checksums = true;
    const std::unique_ptr<leveldb::Iterator> it(table->NewIterator(read));
    std::map<std::string, std::string> entries;
    for (it->SeekToFirst(); it->Valid(); it->Next()) entries[it->key().ToString()] = it->value().ToString();
    EXPECT_TRUE(it->status().ok());
    return entries;
}

Tensor of_bytes(DType dtype, std::int64_t count) {
    std::vector<std::byte> bytes(static_cast<std::size_t>(count) * dtype_size(dtype));
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(37 * i + 11);
    return Tensor::from_bytes(dtype, Shape{count}, bytes);
}

std::vector<ops::NamedTensor> one_of_each_type() {
    std::vector<ops::NamedTensor> tensors;
    for (const DType dtype :
         {DType::float32, DType::float64, DType::int32, DType::uint8, DType::int16, DType::int8, DType::complex64,
          DType::int64, DType::qint8, DType::quint8, DType::qint32, DType::bfloat16, DType::qint16, DType::quint16,
          DType::uint16, DType::half, DType::complex128, DType::uint32, DType::uint64})
        tensors.push_back({fmt::format("types/{}", dtype_name(dtype)), of_bytes(dtype, 5)});
    tensors.push_back({"types/bool", Tensor::of_bools(Shape{3}, {true, false, true})});
    tensors.push_back({"types/string", Tensor::of<std::string>(Shape{2, 2}, {"", "a", std::string(300, 'x'), "ä\n"})});
    tensors.push_back({"shapes/scalar", Tensor::scalar(2.5F)});
    tensors.push_back({"shapes/nothing", Tensor::of<float>(Shape{0, 7}, {})});
    tensors.push_back({"shapes/no_strings", Tensor::of<std::string>(Shape{0}, {})});
    tensors.push_back({"shapes/deep", of_bytes(DType::float64, 24).reshaped(Shape{1, 2, 3, 4, 1})});
    return tensors;
}

TEST(Crc32c, IsCastagnoliAndGoesOnWhereItStopped) {
    EXPECT_EQ(crc32c("123456789"), 0xE3069283U);
    EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAU) << "RFC 3720, B.4";
    std::string text;
    for (int i = 0; i < 100; ++i) text += static_cast<char>(i * 7);
    for (std::size_t cut = 0; cut <= text.size(); ++cut)
        EXPECT_EQ(crc32c(text.substr(cut), crc32c(text.substr(0, cut))), crc32c(text));
    EXPECT_EQ(unmasked_crc(masked_crc(0x12345678U)), 0x12345678U);
}

TEST_F(CheckpointTest, WritesWhatTensorFlowWritesByteForByte) {
    const fs::path golden = shared("golden/ckpt/mini");
    if (!fs::exists(golden.string() + ".index")) GTEST_SKIP() << "the golden checkpoint is not here";
    const std::vector<ops::NamedTensor> tensors = {{"rnn/bias", Tensor::of<float>(Shape{2}, {1, 2})},
                                                   {"rnn/step", Tensor::scalar(std::int32_t{7})}};
    ASSERT_TRUE(write_checkpoint(path("mini"), tensors).ok());
    EXPECT_EQ(read_file(path("mini.index")), read_file(golden.string() + ".index"));
    EXPECT_EQ(read_file(path("mini.data-00000-of-00001")), read_file(golden.string() + ".data-00000-of-00001"));
    EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 2) << "nothing else is left";
}

TEST_F(CheckpointTest, ReadsWhatItWrote) {
    const std::vector<ops::NamedTensor> tensors = one_of_each_type();
    ASSERT_TRUE(write_checkpoint(path("sub/model"), tensors).ok());
    const auto checkpoint = Checkpoint::open(path("sub/model"));
    ASSERT_TRUE(checkpoint.ok()) << checkpoint.error().message;
    EXPECT_EQ(checkpoint->entries().size(), tensors.size());
    EXPECT_TRUE(std::ranges::is_sorted(checkpoint->entries(), {}, &CheckpointEntry::name));
    for (const ops::NamedTensor& tensor : tensors) {
        const CheckpointEntry* entry = checkpoint->find(tensor.name);
        ASSERT_NE(entry, nullptr) << tensor.name;
        EXPECT_EQ(entry->dtype, tensor.value.dtype());
        EXPECT_EQ(entry->shape, tensor.value.shape());
        const auto value = checkpoint->read(tensor.name);
        ASSERT_TRUE(value.ok()) << value.error().message;
        EXPECT_TRUE(value->identical(tensor.value)) << tensor.name;
    }
    EXPECT_EQ(checkpoint->read("types").error(), (Error{"NotFoundError", "Key types not found in checkpoint"}));
    EXPECT_EQ(leveldb_entries(path("sub/model.index")).size(), tensors.size() + 1);
}

TEST_F(CheckpointTest, LargeIndexesHaveManyBlocks) {
    std::vector<ops::NamedTensor> tensors;
    for (int i = 0; i < 9000; ++i)
        tensors.push_back({fmt::format("layer_{:05}/{}", i * 7919 % 9000, std::string(40, 'n')), Tensor::scalar(i)});
    ASSERT_TRUE(write_checkpoint(path("large"), tensors).ok());
    EXPECT_GT(fs::file_size(path("large.index")), std::size_t{262144}) << "one block is not the test";
    const auto checkpoint = Checkpoint::open(path("large"));
    ASSERT_TRUE(checkpoint.ok()) << checkpoint.error().message;
    const auto expected = leveldb_entries(path("large.index"));
    ASSERT_EQ(checkpoint->entries().size() + 1, expected.size());
    auto it = std::next(expected.begin());
    for (const CheckpointEntry& entry : checkpoint->entries()) EXPECT_EQ(entry.name, (it++)->first);
    for (std::size_t i = 0; i < tensors.size(); i += 997)
        EXPECT_TRUE(checkpoint->read(tensors[i].name)->identical(tensors[i].value));
}

TEST_F(CheckpointTest, EveryCheckpointOfTheDataReads) {
    if (!fs::exists(shared("data/tf1"))) GTEST_SKIP() << "the data are not here";
    std::vector<std::string> prefixes;
    for (const auto& file : fs::recursive_directory_iterator(shared("data/tf1")))
        if (file.path().extension() == ".index") prefixes.push_back(file.path().string());
    std::ranges::sort(prefixes);
    EXPECT_GE(prefixes.size(), 10u);
    for (std::string prefix : prefixes) {
        prefix.resize(prefix.size() - std::string(".index").size());
        const auto checkpoint = Checkpoint::open(prefix);
        ASSERT_TRUE(checkpoint.ok()) << checkpoint.error().message;
        EXPECT_EQ(checkpoint->entries().size() + 1, leveldb_entries(checkpoint->index_file()).size());
        std::uint64_t bytes = 0;
        std::size_t values = 0;
        for (const CheckpointEntry& entry : checkpoint->entries()) {
            bytes += entry.size;
            const auto value = checkpoint->read(entry);
            if (!fs::exists(checkpoint->data_file(entry.shard))) {
                EXPECT_EQ(value.error().code, "NotFoundError");
                continue;
            }
            ASSERT_TRUE(value.ok()) << value.error().message;
            ++values;
        }
        fmt::print("{:<70} {:>3} tensors {:>9} bytes, {:>3} values read\n",
                   fs::relative(prefix, shared("data")).string(), checkpoint->entries().size(), bytes, values);
        // Where the data are there, writing what was read gives the same data file: TensorFlow saves in order of names.
        if (values != checkpoint->entries().size() || prefix.find("tf2") != std::string::npos) continue;
        std::vector<ops::NamedTensor> tensors;
        for (const CheckpointEntry& entry : checkpoint->entries())
            tensors.push_back({entry.name, *checkpoint->read(entry)});
        ASSERT_TRUE(write_checkpoint(path("copy"), tensors).ok());
        EXPECT_TRUE(read_file(path("copy.data-00000-of-00001")) == read_file(checkpoint->data_file(0))) << prefix;
        EXPECT_TRUE(leveldb_entries(path("copy.index")) == leveldb_entries(checkpoint->index_file())) << prefix;
    }
}

TEST_F(CheckpointTest, TheDatasStatesNameTheirCheckpoints) {
    if (!fs::exists(shared("data/tf1"))) GTEST_SKIP() << "the data are not here";
    for (const auto& [folder, name] : std::map<std::string, std::string>{
             {"gru-process-model", "GRU.ckpt"}, {"sentiment-lstm-training-run", "model.ckpt-10006"}}) {
        const std::string place = shared("data/tf1/" + folder).string();
        const auto latest = latest_checkpoint(place);
        ASSERT_TRUE(latest.ok()) << latest.error().message;
        EXPECT_EQ(*latest, place + "/" + name);
        EXPECT_TRUE(Checkpoint::open(*latest).ok());
    }
}

TEST_F(CheckpointTest, SaysWhatIsMissing) {
    const auto nothing = Checkpoint::open(path("model"));
    EXPECT_EQ(nothing.error().code, "NotFoundError");
    EXPECT_EQ(nothing.error().message,
              "Unsuccessful TensorSliceReader constructor: Failed to find any matching files for " + path("model"));
    write_file(path("old"), "something");
    EXPECT_EQ(Checkpoint::open(path("old")).error().code, "UnimplementedError");
    EXPECT_NE(Checkpoint::open(path("old")).error().message.find("V1 checkpoint"), std::string::npos);
    ASSERT_TRUE(write_checkpoint(path("model"), std::vector<ops::NamedTensor>{{"v", Tensor::scalar(1.0F)}}).ok());
    fs::remove(path("model.data-00000-of-00001"));
    const auto listed = Checkpoint::open(path("model"));
    ASSERT_TRUE(listed.ok());
    EXPECT_EQ(listed->entries()[0].name, "v");
    EXPECT_EQ(listed->read("v").error(),
              (Error{"NotFoundError", path("model.data-00000-of-00001") + "; No such file or directory"}));
}

TEST_F(CheckpointTest, RefusesToWriteWhatCannotBeRead) {
    const Tensor one = Tensor::scalar(1.0F);
    const auto write = [&](std::vector<ops::NamedTensor> tensors) { return write_checkpoint(path("m"), tensors); };
    EXPECT_EQ(write({{"a", one}, {"a", one}}).error().message, "Adding duplicate key: a");
    EXPECT_EQ(write({{"a", Tensor::resource("localhost/a")}}).error().code, "UnimplementedError");
    EXPECT_FALSE(write({{"", one}}).ok());
    EXPECT_TRUE(fs::is_empty(folder_));
    write_file(path("file"), "");
    const Status status = write_checkpoint(path("file/m"), std::vector<ops::NamedTensor>{{"a", one}});
    EXPECT_NE(status.error().message.find("file/m"), std::string::npos);
}

TEST_F(CheckpointTest, FindsTheLatest) {
    ASSERT_TRUE(write_checkpoint(path("m-1"), std::vector<ops::NamedTensor>{{"v", Tensor::scalar(1.0F)}}).ok());
    EXPECT_EQ(latest_checkpoint(folder_.string()).error().code, "NotFoundError");
    write_file(path("checkpoint"), "model_checkpoint_path: \"m-1\"\nall_model_checkpoint_paths: \"/gone/m-0\"\n"
                                   "all_model_checkpoint_paths: \"m-1\"\nall_model_checkpoint_timestamps: 1.5\n");
    EXPECT_EQ(*latest_checkpoint(folder_.string()), path("m-1"));
    EXPECT_EQ(read_checkpoint_state(folder_.string())->all, (std::vector<std::string>{"/gone/m-0", path("m-1")}));
    for (const char* name : {"m-1", "m-1.index", "m-1.data-00000-of-00001", "m-1.meta", ""})
        EXPECT_EQ(*checkpoint_prefix(path(name)), path("m-1")) << name;
    EXPECT_EQ(*checkpoint_prefix(path("m-2.index")), path("m-2.index")) << "opening it says what is missing";
    write_file(path("checkpoint"), "model_checkpoint_path: \"m-2\"\n");
    EXPECT_EQ(latest_checkpoint(folder_.string()).error().message,
              "Couldn't match files for checkpoint " + path("m-2"));
    write_file(path("checkpoint"), "model_checkpoint_path \"m-2\"");
    EXPECT_EQ(latest_checkpoint(folder_.string()).error().code, "DataLossError");
    EXPECT_NE(latest_checkpoint(folder_.string()).error().message.find("checkpoint:1:"), std::string::npos);
}

} // namespace
} // namespace rnnscope
