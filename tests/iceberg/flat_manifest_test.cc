#include "earthcatalog/iceberg/manifest/flat_manifest.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace earthcatalog::iceberg {
namespace {

std::string some_text(std::mt19937& random) {
  std::string text(random() % 12, ' ');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

std::vector<DataFile> some_files(std::mt19937& random, int count) {
  std::vector<DataFile> files;
  for (int i = 0; i < count; ++i) {
    auto& file = files.emplace_back();
    file.file_path = "s3://b/" + some_text(random);
    if (random() % 5 != 0) file.partition.cell = some_text(random);
    if (random() % 5 != 0) file.partition.year_since_1970 = static_cast<int>(random() % 100) - 50;
    file.record_count = static_cast<std::int64_t>(random());
    file.file_size_in_bytes = static_cast<std::int64_t>(random());
    for (const int field : {1, 7, 1000}) {
      if (random() % 3 != 0) file.lower_bounds[field] = some_text(random);
      if (random() % 3 != 0) file.upper_bounds[field] = some_text(random);
      if (random() % 3 != 0) file.null_value_counts[field] = static_cast<std::int64_t>(random() % 9);
    }
  }
  return files;
}

std::optional<std::string> copy(std::optional<std::string_view> text) {
  return text ? std::optional(std::string(*text)) : std::nullopt;
}

template <class T>
std::optional<T> value(const FieldMap<T>& map, int field) {
  const auto* const found = map.find(field);
  return found == nullptr ? std::nullopt : std::optional(*found);
}

std::optional<FlatManifest> open(const std::string& bytes, const std::vector<int>& fields) {
  const auto kept = std::make_shared<const std::string>(bytes);
  return FlatManifest::open(*kept, kept, fields);
}

TEST(FlatManifest, SaysWhatTheFilesSay) {
  std::mt19937 random(26);
  for (int round = 0; round < 50; ++round) {
    const auto files = some_files(random, round);
    const std::vector<int> fields = {7, 1000, 5};
    const auto flat = open(FlatManifest::encode(files), fields);
    ASSERT_TRUE(flat);
    ASSERT_EQ(flat->size(), files.size());
    for (std::size_t i = 0; i < files.size(); ++i) {
      EXPECT_EQ(flat->file_path(i), files[i].file_path);
      EXPECT_EQ(copy(flat->cell(i)), files[i].partition.cell);
      EXPECT_EQ(flat->year_since_1970(i), files[i].partition.year_since_1970);
      EXPECT_EQ(flat->record_count(i), files[i].record_count);
      EXPECT_EQ(flat->file_size_in_bytes(i), files[i].file_size_in_bytes);
      for (const int field : fields) {
        EXPECT_EQ(copy(flat->lower_bound(i, field)), value(files[i].lower_bounds, field));
        EXPECT_EQ(copy(flat->upper_bound(i, field)), value(files[i].upper_bounds, field));
        EXPECT_EQ(flat->null_count(i, field), value(files[i].null_value_counts, field));
      }
    }
  }
}

TEST(FlatManifest, IsNotOpenedWhenAnyByteThatItNeedsIsAnother) {
  std::mt19937 random(27);
  const auto files = some_files(random, 3);
  const auto bytes = FlatManifest::encode(files);
  ASSERT_TRUE(open(bytes, {1, 7, 1000}));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto broken = bytes;
    broken[i] = static_cast<char>(broken[i] ^ 0x40);
    EXPECT_FALSE(open(broken, {1, 7, 1000})) << "byte " << i;
  }
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(open(bytes.substr(0, size), {1, 7, 1000})) << size << " bytes";
  }
}

}  // namespace
}  // namespace earthcatalog::iceberg
