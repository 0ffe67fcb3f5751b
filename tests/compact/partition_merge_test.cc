#include "earthcatalog/compact/partition_merge.h"

#include <arrow/api.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>

#include "earthcatalog/catalog/table_schema.h"

namespace earthcatalog::compact {
namespace {

const iceberg::Schema& table_schema() {
  static const auto schema = catalog::iceberg_schema(stac::initial_schema(stac::SchemaKind::kItslive));
  return schema;
}

// The columns that matter, and one ("assets") that says which row it is. No id: a row that is nobody's double.
struct TestRow {
  std::optional<std::string> id, collection, platform;
  std::optional<TimeMicros> datetime, updated;
  std::string assets;
};

std::shared_ptr<arrow::RecordBatch> batch_of(std::span<const TestRow> rows) {
  arrow::StringBuilder id, collection, platform, assets;
  const auto type = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  arrow::TimestampBuilder datetime(type, arrow::default_memory_pool()), updated(type, arrow::default_memory_pool());
  for (const auto& row : rows) {
    EXPECT_TRUE((id.AppendOrNull(row.id) & collection.AppendOrNull(row.collection)).ok());
    EXPECT_TRUE((platform.AppendOrNull(row.platform) & assets.Append(row.assets)).ok());
    EXPECT_TRUE((datetime.AppendOrNull(row.datetime) & updated.AppendOrNull(row.updated)).ok());
  }
  arrow::FieldVector fields;
  arrow::ArrayVector columns;
  const auto add = [&](const char* name, auto& builder) {
    columns.push_back(builder.Finish().ValueOrDie());
    fields.push_back(arrow::field(name, columns.back()->type()));
  };
  add("id", id);
  add("collection", collection);
  add("platform", platform);
  add("assets", assets);
  add("datetime", datetime);
  add("updated", updated);
  return arrow::RecordBatch::Make(arrow::schema(fields), std::ssize(rows), columns);
}

// Rows in memory as a source; `bytes_per_row` is what it says that they take.
class MemorySource final : public write::RowSource {
 public:
  MemorySource(std::vector<TestRow> rows, std::int64_t bytes_per_row)
      : rows_(std::move(rows)), bytes_per_row_(bytes_per_row) {}
  std::int64_t rows() const override { return std::ssize(rows_); }
  std::int64_t bytes() const override { return rows() * bytes_per_row_; }
  std::int64_t stream_bytes() const override { return 0; }
  Result<std::unique_ptr<geoparquet::RowStream>> read(const iceberg::Schema& schema, std::int64_t batch_rows) override {
    return std::make_unique<Stream>(rows_, schema, batch_rows);
  }

 private:
  struct Stream final : geoparquet::RowStream {
    Stream(std::span<const TestRow> left, const iceberg::Schema& columns, std::int64_t most)
        : rows(left), schema(columns), batch_rows(static_cast<std::size_t>(most)) {}
    Result<std::shared_ptr<arrow::RecordBatch>> next() override {
      if (rows.empty()) return nullptr;
      const auto part = rows.first(std::min(batch_rows, rows.size()));
      rows = rows.subspan(part.size());
      return geoparquet::conform(batch_of(part), schema);
    }
    std::span<const TestRow> rows;
    const iceberg::Schema schema;
    std::size_t batch_rows;
  };
  const std::vector<TestRow> rows_;
  const std::int64_t bytes_per_row_;
};

struct Merged {
  std::vector<std::string> assets;  // which rows, in order
  std::int64_t dropped = 0;
  compact::MergeCounts counts;
};

Merged merge(std::span<const std::unique_ptr<write::RowSource>> sources, std::int64_t memory_limit_bytes) {
  compact::PartitionMerge merge(table_schema(), {.memory_limit_bytes = memory_limit_bytes});
  const auto read = merge.read(sources);
  EXPECT_TRUE(read) << read.error().message;
  Merged merged{.dropped = merge.dropped_rows(), .counts = merge.counts()};
  const auto written = merge.write([&](const auto& rows) -> Status {
    EXPECT_TRUE(rows->ValidateFull().ok());
    const auto column = std::static_pointer_cast<arrow::StringArray>(rows->GetColumnByName("assets"));
    for (std::int64_t i = 0; i < column->length(); ++i) merged.assets.push_back(column->GetString(i));
    return {};
  });
  EXPECT_TRUE(written) << written.error().message;
  EXPECT_EQ(std::ssize(merged.assets), merge.rows());
  return merged;
}

auto order_of(const TestRow& row) { return std::tuple(row.platform.value_or(""), row.datetime.value_or(INT64_MIN)); }

// What merging must give, by the plainest means.
std::vector<std::string> model(const std::vector<std::vector<TestRow>>& sources) {
  std::vector<TestRow> rows;
  std::map<std::pair<std::string, std::string>, std::size_t> newest;
  std::vector<bool> dropped;
  for (const auto& source : sources) {
    for (const auto& row : source) {
      rows.push_back(row);
      dropped.push_back(false);
      if (!row.id) continue;
      const auto [at, is_new] = newest.emplace(std::pair(row.collection.value_or(""), *row.id), rows.size() - 1);
      if (is_new) continue;
      const bool newer = row.updated.value_or(INT64_MIN) > rows[at->second].updated.value_or(INT64_MIN);
      dropped[newer ? std::exchange(at->second, rows.size() - 1) : rows.size() - 1] = true;
    }
  }
  std::vector<TestRow> kept;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!dropped[i]) kept.push_back(rows[i]);
  }
  std::ranges::stable_sort(kept, {}, order_of);
  std::vector<std::string> names;
  for (const auto& row : kept) names.push_back(row.assets);
  return names;
}

template <class T>
std::optional<T> maybe(T value) {
  return *rc::gen::inRange(0, 8) == 0 ? std::nullopt : std::optional<T>(value);
}

std::vector<std::vector<TestRow>> random_sources() {
  std::vector<std::vector<TestRow>> sources(*rc::gen::inRange<std::size_t>(0, 7));
  const int ids = *rc::gen::element(1, 20, 100'000);
  int number = 0;
  for (auto& rows : sources) {
    rows.resize(*rc::gen::inRange<std::size_t>(0, 150));
    for (auto& row : rows) {
      row.id = maybe(std::to_string(*rc::gen::inRange(0, ids)));
      row.collection = maybe(std::to_string(*rc::gen::inRange(0, 2)));
      row.platform = maybe(std::string(static_cast<std::size_t>(*rc::gen::inRange(0, 3)), 'p'));
      row.datetime = maybe<TimeMicros>(*rc::gen::inRange(-5, 5));
      row.updated = maybe<TimeMicros>(*rc::gen::inRange(0, 3));
      row.assets = std::to_string(number++);
    }
    if (*rc::gen::arbitrary<bool>()) std::ranges::stable_sort(rows, {}, order_of);
  }
  return sources;
}

// Whatever the memory and the way that the rows take: in memory, as runs, straight from sorted sources, or mixed.
RC_GTEST_PROP(BucketMerging, GivesWhatTheModelGives, ()) {
  const auto sources = random_sources();
  const auto limit = *rc::gen::element<std::int64_t>(3'000, 100'000, 10 << 20, 768 << 20);
  const auto bytes_per_row = *rc::gen::element<std::int64_t>(1, 1'000, 1'000'000);
  std::vector<std::unique_ptr<write::RowSource>> inputs;
  for (const auto& rows : sources) inputs.push_back(std::make_unique<MemorySource>(rows, bytes_per_row));
  const auto merged = merge(inputs, limit);
  RC_ASSERT(merged.assets == model(sources));
  RC_CLASSIFY(merged.counts.runs > 1, "several runs");
  RC_CLASSIFY(merged.counts.sources_merged > 1, "sorted sources as they are");
  RC_CLASSIFY(merged.dropped > 0, "doubles");
  const auto scan = compact::scan_keys(inputs, table_schema(), {.memory_limit_bytes = limit});
  RC_ASSERT(scan.has_value());
  RC_ASSERT(scan->dropped_rows == merged.dropped);
  std::vector<TestRow> all;
  for (const auto& rows : sources) all.insert(all.end(), rows.begin(), rows.end());
  RC_ASSERT(scan->in_order == std::ranges::is_sorted(all, {}, order_of));
}

// All that Arrow has allocated, and the most of it at a moment that somebody looked.
std::int64_t bytes_held() {
  return arrow::default_memory_pool()->bytes_allocated() + arrow::system_memory_pool()->bytes_allocated();
}
std::int64_t most_held = 0;
void look() { most_held = std::max(most_held, bytes_held()); }

// Rows that are made while they are read: none of them is in memory before.
class MadeSource final : public write::RowSource {
 public:
  static constexpr std::size_t kTextBytes = 2'000;
  MadeSource(std::int64_t number, std::int64_t rows, bool sorted) : number_(number), rows_(rows), sorted_(sorted) {}
  std::int64_t rows() const override { return rows_; }
  std::int64_t bytes() const override { return rows_ * static_cast<std::int64_t>(kTextBytes); }
  std::int64_t stream_bytes() const override { return 0; }
  Result<std::unique_ptr<geoparquet::RowStream>> read(const iceberg::Schema& schema, std::int64_t batch_rows) override {
    return std::make_unique<Stream>(*this, schema, batch_rows);
  }

 private:
  struct Stream final : geoparquet::RowStream {
    Stream(const MadeSource& from, const iceberg::Schema& columns, std::int64_t most)
        : source(from), schema(columns), batch_rows(most) {}
    Result<std::shared_ptr<arrow::RecordBatch>> next() override {
      look();
      std::vector<TestRow> rows;
      const std::size_t text_bytes = schema.find("assets") != nullptr ? kTextBytes : 0;
      for (; row < source.rows_ && std::ssize(rows) < batch_rows; ++row) {
        const auto at = source.sorted_ ? row : (row * 7'919) % source.rows_;
        rows.push_back({.id = fmt::format("{}-{}", source.number_, at),
                        .collection = "c",
                        .platform = "p",
                        .datetime = at,
                        .updated = 1,
                        .assets = std::string(text_bytes, 'a')});
      }
      if (rows.empty()) return nullptr;
      return geoparquet::conform(batch_of(rows), schema);
    }
    const MadeSource& source;
    const iceberg::Schema schema;
    std::int64_t batch_rows, row = 0;
  };
  const std::int64_t number_, rows_;
  const bool sorted_;
};

// 160 MB of rows with a limit of 32 MiB, and of 16 MiB.
TEST(BucketMergingMemory, StaysBelowTheLimitForAnyRows) {
  for (const bool sorted : {true, false}) {
    for (const std::int64_t limit : {32 << 20, 16 << 20}) {
      std::vector<std::unique_ptr<write::RowSource>> sources;
      for (int i = 0; i < 8; ++i) sources.push_back(std::make_unique<MadeSource>(i, 10'000, sorted));
      std::int64_t rows = 0;
      const std::int64_t before = bytes_held();
      most_held = before;
      compact::PartitionMerge merge(table_schema(), {.memory_limit_bytes = limit});
      ASSERT_TRUE(merge.read(sources));
      ASSERT_TRUE(merge.write([&](const auto& batch) -> Status {
        look();
        rows += batch->num_rows();
        return {};
      }));
      EXPECT_EQ(rows, 80'000);
      EXPECT_EQ(merge.counts().sources_merged, sorted ? 8 : 0);
      EXPECT_LT(most_held - before, limit);
    }
  }
}

TEST(BucketMergingErrors, NameWhatIsMissing) {
  const auto nameless = iceberg::Schema{.fields = {*table_schema().find("platform")}};
  std::vector<std::unique_ptr<write::RowSource>> sources;
  sources.push_back(std::make_unique<MemorySource>(std::vector<TestRow>(3), 1));
  compact::PartitionMerge merge(nameless, {});
  const auto read = merge.read(sources);
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().message.find("id and collection"), std::string::npos);
}

TEST(BucketMergingErrors, NoFolderForTheScratchFile) {
  std::vector<std::unique_ptr<write::RowSource>> sources;
  sources.push_back(std::make_unique<MadeSource>(0, 1'000, false));
  compact::PartitionMerge merge(table_schema(), {.memory_limit_bytes = 1 << 20, .scratch_folder = "/nowhere"});
  const auto read = merge.read(sources);
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().message.find("/nowhere"), std::string::npos);
}

}  // namespace
}  // namespace earthcatalog::compact
