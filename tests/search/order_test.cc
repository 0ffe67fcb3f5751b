#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "earthcatalog/search/order/row_sorter.h"
#include "earthcatalog/search/order/sort_key.h"

namespace earthcatalog::search {
namespace {

template <class Builder, class T>
std::shared_ptr<arrow::Array> column(const std::vector<std::optional<T>>& values) {
  Builder builder;
  for (const auto& value : values) EXPECT_TRUE((value ? builder.Append(*value) : builder.AppendNull()).ok());
  return builder.Finish().ValueOrDie();
}

std::shared_ptr<arrow::RecordBatch> rows_of(const std::vector<std::optional<double>>& clouds,
                                            const std::vector<std::optional<std::string>>& ids) {
  return arrow::RecordBatch::Make(
      arrow::schema({arrow::field("clouds", arrow::float64()), arrow::field("id", arrow::utf8())}), std::ssize(clouds),
      {column<arrow::DoubleBuilder>(clouds), column<arrow::StringBuilder>(ids)});
}

std::vector<std::string> keys_of(const Order& order, const arrow::RecordBatch& rows) {
  const KeyMaker maker(order, rows);
  std::vector<std::string> keys(static_cast<std::size_t>(rows.num_rows()));
  for (std::size_t i = 0; i < keys.size(); ++i) maker.append(static_cast<std::int64_t>(i), keys[i]);
  return keys;
}

TEST(ParseOrder, ReadsSignsAndLeavesTheWordPropertiesOut) {
  EXPECT_EQ(*parse_order("-datetime,+properties.eo:cloud_cover,id"),
            (Order{{"datetime", true}, {"eo:cloud_cover", false}, {"id", false}}));
  for (const char* wrong : {"", "-", "id,", ",id", "properties."}) {
    EXPECT_EQ(parse_order(wrong).error().kind, ErrorKind::kInvalidArgument) << wrong;
  }
}

RC_GTEST_PROP(KeyMaker, KeysSortAsValuesDoAndNothingComesLast, ()) {
  struct Row {
    std::optional<double> cloud;
    std::string id;
  };
  const auto texts = rc::gen::container<std::string>(rc::gen::element('\0', '\1', 'a', '\xff'));
  const auto count = *rc::gen::inRange(1, 30);
  std::vector<std::optional<double>> clouds;
  std::vector<std::optional<std::string>> ids;
  for (int i = 0; i < count; ++i) {
    clouds.push_back(*rc::gen::oneOf(rc::gen::just(std::optional<double>()),
                                     rc::gen::map(rc::gen::element(-2.5, -0.0, 0.0, 1e300, -1e300, 7.0),
                                                  [](double value) { return std::optional(value); })));
    ids.emplace_back(*texts);
  }
  const bool descending = *rc::gen::arbitrary<bool>();
  const auto keys = keys_of({{"clouds", descending}}, *rows_of(clouds, ids));
  const auto rank = [&](std::size_t i) {
    const double value = clouds[i].value_or(0);
    return std::tuple(!clouds[i].has_value(), descending ? -value : value, *ids[i]);
  };
  for (std::size_t i = 0; i < keys.size(); ++i) {
    for (std::size_t j = 0; j < keys.size(); ++j) RC_ASSERT((keys[i] < keys[j]) == (rank(i) < rank(j)));
  }
}

// The keys that come out, batch after batch.
std::vector<std::string> drained(RowSorter& sorter) {
  std::vector<std::string> all;
  const auto status = sorter.drain(100, [&](const auto& rows, std::vector<std::string>&& keys) -> Result<bool> {
    EXPECT_EQ(rows->num_rows(), std::ssize(keys));
    EXPECT_LE(rows->num_rows(), 100);
    const auto& ids = static_cast<const arrow::StringArray&>(*rows->GetColumnByName("id"));
    for (std::int64_t row = 0; row < rows->num_rows(); ++row) {
      EXPECT_EQ(ids.GetView(row), keys[static_cast<std::size_t>(row)]) << "a row lost its key";
    }
    all.insert(all.end(), keys.begin(), keys.end());
    return true;
  });
  EXPECT_TRUE(status) << status.error().message;
  return all;
}

// Rows whose key is their id, a permutation of 0 to 9,999.
void fill(RowSorter& sorter) {
  for (int batch = 0; batch < 100; ++batch) {
    std::vector<std::optional<double>> clouds(100);
    std::vector<std::optional<std::string>> ids;
    std::vector<std::string> keys;
    for (int i = 0; i < 100; ++i) {
      const auto key = fmt::format("{:05}", (batch * 100 + i) * 7'919 % 10'000);
      keys.push_back(key);
      ids.emplace_back(key);
    }
    const auto added = sorter.add(rows_of(clouds, ids), keys);
    ASSERT_TRUE(added) << added.error().message;
  }
}

std::vector<std::string> numbers(int first, int end) {
  std::vector<std::string> keys;
  for (int i = first; i < end; ++i) keys.push_back(fmt::format("{:05}", i));
  return keys;
}

TEST(RowSorter, GivesAllRowsInOrderWhateverFitsIntoMemory) {
  for (const std::int64_t memory : {1'000, 60'000, 100'000'000}) {
    RowSorter sorter({.memory_bytes = memory});
    fill(sorter);
    EXPECT_EQ(drained(sorter), numbers(0, 10'000)) << memory;
  }
}

TEST(RowSorter, KeepsTheFirstRowsBehindAKey) {
  for (const std::int64_t memory : {1'000, 100'000'000}) {
    RowSorter sorter({.keep = 250, .after = "00299", .memory_bytes = memory});
    fill(sorter);
    EXPECT_FALSE(sorter.admits("00299"));
    EXPECT_TRUE(sorter.admits("00300"));
    EXPECT_EQ(drained(sorter), numbers(300, 550)) << memory;
  }
}

}  // namespace
}  // namespace earthcatalog::search
