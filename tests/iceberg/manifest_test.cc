#include "earthcatalog/iceberg/manifest/manifest.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "earthcatalog/iceberg/manifest/manifest_numbers_internal.h"
#include "iceberg/iceberg_testing.h"

namespace earthcatalog::iceberg {
namespace {

using testing::data_file;
using ::testing::ElementsAre;
using testing::IsError;
using testing::IsOk;
using ::testing::SizeIs;
using testing::small_schema;
using testing::value_of;

struct Layout {
  Schema schema = assign_fresh_ids(small_schema());
  PartitionSpec spec = value_of(grid_partition_spec(schema));
};

ManifestWriter::Finished write(const Layout& layout, const std::vector<ManifestEntry>& entries) {
  auto writer = value_of(ManifestWriter::make({.schema = &layout.schema, .spec = &layout.spec}));
  for (const auto& entry : entries) value_of(writer.add(entry));
  auto finished = writer.finish();
  finished.file.manifest_path = "memory://m.avro";
  return finished;
}

Result<std::vector<ManifestEntry>> read(const std::string& bytes, const ManifestFile& file, const PartitionSpec& spec,
                                        ManifestReadOptions options = {.live_only = false}) {
  std::vector<ManifestEntry> entries;
  EC_TRY(read_manifest(bytes, file, spec, options, [&](ManifestEntry&& entry) -> Status {
    entries.push_back(std::move(entry));
    return {};
  }));
  return entries;
}

ManifestEntry added(DataFile file) {
  ManifestEntry entry;
  entry.data_file = std::move(file);
  return entry;
}

ManifestEntry old_entry(ManifestStatus status, DataFile file, std::int64_t snapshot, std::int64_t sequence) {
  return {.status = status,
          .snapshot_id = snapshot,
          .sequence_number = sequence,
          .file_sequence_number = sequence,
          .data_file = std::move(file)};
}

TEST(Manifest, AddedFilesInheritFromTheList) {
  const Layout layout;
  auto [bytes, file] = write(layout, {added(data_file("c1", 2020, 1))});
  file.added_snapshot_id = 7;
  file.sequence_number = 3;
  const auto entries = value_of(read(bytes, file, layout.spec));
  ASSERT_THAT(entries, SizeIs(1));
  EXPECT_EQ(entries[0].snapshot_id, 7);
  EXPECT_EQ(entries[0].sequence_number, 3);
  EXPECT_EQ(entries[0].file_sequence_number, 3);
  EXPECT_EQ(entries[0].data_file, data_file("c1", 2020, 1));
}

TEST(Manifest, ExistingFilesKeepTheirNumbers) {
  const Layout layout;
  auto [bytes, file] = write(layout, {old_entry(ManifestStatus::kExisting, data_file("c1", 2020, 1), 5, 2)});
  file.added_snapshot_id = 7;
  file.sequence_number = 3;
  const auto entries = value_of(read(bytes, file, layout.spec));
  EXPECT_EQ(entries[0].snapshot_id, 5);
  EXPECT_EQ(entries[0].sequence_number, 2);
  EXPECT_EQ(file.min_sequence_number, 2);
}

TEST(Manifest, RefusesExistingFilesWithoutSequenceNumber) {
  const Layout layout;
  auto writer = value_of(ManifestWriter::make({.schema = &layout.schema, .spec = &layout.spec}));
  ManifestEntry entry = added(data_file("c1", 2020, 1));
  entry.status = ManifestStatus::kExisting;
  EXPECT_THAT(writer.add(entry), IsError(ErrorKind::kInvalidArgument, "part_000001"));
}

TEST(Manifest, CountsFilesAndRowsByStatusAndPartitionRanges) {
  const Layout layout;
  const auto file = write(layout, {added(data_file("c5", 2020, 1, 10)), added(data_file("c3", std::nullopt, 2, 20)),
                                   old_entry(ManifestStatus::kExisting, data_file("c9", 1969, 3, 40), 1, 1),
                                   old_entry(ManifestStatus::kDeleted, data_file("c1", 2030, 4, 80), 1, 1)})
                        .file;
  EXPECT_EQ(file.added_files_count, 2);
  EXPECT_EQ(file.added_rows_count, 30);
  EXPECT_EQ(file.existing_files_count, 1);
  EXPECT_EQ(file.existing_rows_count, 40);
  EXPECT_EQ(file.deleted_files_count, 1);
  EXPECT_EQ(file.deleted_rows_count, 80);
  EXPECT_THAT(file.partitions,
              ElementsAre(PartitionFieldSummary{false, false, "c1", "c9"},
                          PartitionFieldSummary{true, false, serialize_value(-1), serialize_value(60)}));
}

TEST(Manifest, RangeOfNullsHasNoBounds) {
  const Layout layout;
  DataFile nowhere = data_file("c", std::nullopt, 1);
  nowhere.partition.cell.reset();
  const auto file = write(layout, {added(nowhere)}).file;
  const PartitionFieldSummary nulls{true, false, std::nullopt, std::nullopt};
  EXPECT_THAT(file.partitions, ElementsAre(nulls, nulls));
}

TEST(Manifest, LeavesStatisticsAndDeletedFilesOutWhenAsked) {
  const Layout layout;
  const auto [bytes, file] = write(
      layout, {added(data_file("c1", 2020, 1)), old_entry(ManifestStatus::kDeleted, data_file("c1", 2020, 2), 1, 1)});
  const auto entries = value_of(read(bytes, file, layout.spec, {.live_only = true, .statistics = false}));
  ASSERT_THAT(entries, SizeIs(1));
  EXPECT_EQ(entries[0].data_file.record_count, 10);
  EXPECT_TRUE(entries[0].data_file.lower_bounds.empty());
}

TEST(Manifest, TakesPartitionFieldsInEitherOrder) {
  Layout layout;
  std::swap(layout.spec.fields[0], layout.spec.fields[1]);
  const auto [bytes, file] = write(layout, {added(data_file("c1", 2020, 1))});
  EXPECT_EQ(value_of(read(bytes, file, layout.spec))[0].data_file, data_file("c1", 2020, 1));
  EXPECT_EQ(file.partitions[1].lower_bound, "c1");
}

TEST(Manifest, RefusesAnotherPartitionSpec) {
  Layout layout;
  layout.spec.fields[1].transform = "month";
  EXPECT_THAT(ManifestWriter::make({.schema = &layout.schema, .spec = &layout.spec}),
              IsError(ErrorKind::kUnsupported, "year: month"));
}

TEST(Manifest, DeleteFilesComeBackAsTheyWere) {
  const Layout layout;
  auto positions = data_file("c1", 2020, 1), equality = data_file("c2", 2021, 2);
  positions.content = FileContent::kPositionDeletes;
  positions.referenced_data_file = "memory://w/a.parquet";
  equality.content = FileContent::kEqualityDeletes;
  equality.equality_ids = {1, 3};
  auto writer = value_of(
      ManifestWriter::make({.schema = &layout.schema, .spec = &layout.spec, .content = ManifestContent::kDeletes}));
  for (const auto& file : {positions, equality}) value_of(writer.add(added(file)));
  auto [bytes, file] = writer.finish();
  EXPECT_EQ(file.content, ManifestContent::kDeletes);
  const auto entries = value_of(read(bytes, file, layout.spec));
  ASSERT_THAT(entries, SizeIs(2));
  EXPECT_EQ(entries[0].data_file, positions);
  EXPECT_EQ(entries[1].data_file, equality);
}

TEST(Manifest, RefusesFilesOfTheOtherContent) {
  const Layout layout;
  auto [bytes, file] = write(layout, {added(data_file("c1", 2020, 1))});
  file.content = ManifestContent::kDeletes;
  EXPECT_THAT(read(bytes, file, layout.spec), IsError(ErrorKind::kInvalidData, "delete file"));
}

TEST(Manifest, OnlyCountsLeavesBoundsAndSizesOut) {
  const Layout layout;
  auto [bytes, file] = write(layout, {added(data_file("c1", 2020, 1))});
  const auto entries = value_of(read(bytes, file, layout.spec, {.only_counts = true}));
  ASSERT_THAT(entries, SizeIs(1));
  EXPECT_EQ(entries[0].data_file.value_counts, data_file("c1", 2020, 1).value_counts);
  EXPECT_TRUE(entries[0].data_file.column_sizes.empty());
  EXPECT_TRUE(entries[0].data_file.lower_bounds.empty());
}

TEST(Manifest, RefusesImpossibleNumbers) {
  const Layout layout;
  for (const std::int64_t number : {std::int64_t{-1}, kMostRowsOrBytes + 1}) {
    auto rows = data_file("c1", 2020, 1), bytes = rows;
    rows.record_count = number;
    bytes.file_size_in_bytes = number;
    for (const DataFile& damaged : {rows, bytes}) {
      const auto written = write(layout, {added(damaged)});
      EXPECT_THAT(read(written.bytes, written.file, layout.spec), IsError(ErrorKind::kInvalidData, "out of range"));
    }
  }
}

// Every prefix and every flipped byte gives an error or entries, never a crash; a cut is always noticed.
TEST(Manifest, NoticesDamage) {
  const Layout layout;
  const auto [bytes, file] = write(layout, {added(data_file("c1", 2020, 1)), added(data_file("c2", 2021, 2))});
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const auto entries = read(bytes.substr(0, length), file, layout.spec);
    if (entries) {
      EXPECT_THAT(*entries, SizeIs(0)) << length;  // cut between head and first block
    } else {
      EXPECT_THAT(entries.error().message, ::testing::HasSubstr("memory://m.avro"));
    }
  }
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
    static_cast<void>(read(damaged, file, layout.spec));
  }
}

rc::Gen<std::string> any_text() { return rc::gen::arbitrary<std::string>(); }

template <class T>
FieldMap<T> any_map(const rc::Gen<T>& values) {
  const auto entries = *rc::gen::container<std::map<int, T>>(rc::gen::inRange(0, 300), values);
  FieldMap<T> map;
  for (const auto& [id, value] : entries) map[id] = value;
  return map;
}

std::int64_t any_amount() { return *rc::gen::inRange<std::int64_t>(0, kMostRowsOrBytes + 1); }

DataFile any_file() {
  DataFile file;
  file.file_path = *any_text();
  file.partition.cell = *rc::gen::arbitrary<bool>() ? std::optional(*any_text()) : std::nullopt;
  file.partition.year_since_1970 =
      *rc::gen::arbitrary<bool>() ? std::optional(*rc::gen::arbitrary<std::int32_t>()) : std::nullopt;
  file.record_count = any_amount();
  file.file_size_in_bytes = any_amount();
  const auto numbers = rc::gen::arbitrary<std::int64_t>();
  file.column_sizes = any_map(numbers);
  file.value_counts = any_map(numbers);
  file.null_value_counts = any_map(numbers);
  file.nan_value_counts = any_map(numbers);
  file.lower_bounds = any_map(any_text());
  file.upper_bounds = any_map(any_text());
  file.split_offsets = *rc::gen::container<std::vector<std::int64_t>>(numbers);
  if (*rc::gen::arbitrary<bool>()) file.sort_order_id = *rc::gen::arbitrary<std::int32_t>();
  if (*rc::gen::arbitrary<bool>()) file.key_metadata = *any_text();
  return file;
}

RC_GTEST_PROP(Manifest, GivesBackWhatWasWritten, ()) {
  const Layout layout;
  std::vector<ManifestEntry> entries(*rc::gen::inRange<std::size_t>(0, 4));
  for (auto& entry : entries) {
    entry = old_entry(static_cast<ManifestStatus>(*rc::gen::inRange(0, 3)), any_file(),
                      *rc::gen::arbitrary<std::int64_t>(), *rc::gen::arbitrary<std::int64_t>());
  }
  const auto [bytes, file] = write(layout, entries);
  const auto back = value_of(read(bytes, file, layout.spec));
  RC_ASSERT(back.size() == entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    RC_ASSERT(back[i].status == entries[i].status);
    RC_ASSERT(back[i].snapshot_id == entries[i].snapshot_id);
    RC_ASSERT(back[i].sequence_number == entries[i].sequence_number);
    RC_ASSERT(back[i].data_file == entries[i].data_file);
  }
}

ManifestFile any_line() {
  const auto number = [] { return *rc::gen::arbitrary<std::int64_t>(); };
  const auto count = [] { return *rc::gen::inRange<std::int32_t>(0, 1'000'000); };
  const auto maybe = [] { return *rc::gen::arbitrary<bool>() ? std::optional(*any_text()) : std::nullopt; };
  ManifestFile line;
  line.manifest_path = *any_text();
  line.manifest_length = any_amount();
  line.partition_spec_id = count();
  line.content = *rc::gen::element(ManifestContent::kData, ManifestContent::kDeletes);
  line.sequence_number = number();
  line.min_sequence_number = number();
  line.added_snapshot_id = number();
  line.added_files_count = count();
  line.existing_files_count = count();
  line.deleted_files_count = count();
  line.added_rows_count = any_amount();
  line.existing_rows_count = any_amount();
  line.deleted_rows_count = any_amount();
  for (int i = *rc::gen::inRange(0, 3); i > 0; --i)
    line.partitions.push_back({count() % 2 == 0, std::nullopt, maybe(), maybe()});
  line.key_metadata = maybe();
  return line;
}

RC_GTEST_PROP(ManifestList, GivesBackWhatWasWritten, ()) {
  std::vector<ManifestFile> lines(*rc::gen::inRange<std::size_t>(0, 5));
  for (auto& line : lines) line = any_line();
  RC_ASSERT(value_of(read_manifest_list(
                write_manifest_list({.snapshot_id = 1, .parent_snapshot_id = {}, .sequence_number = 1}, lines), "x")) ==
            lines);
}

std::string list_of(const ManifestFile& line) {
  return write_manifest_list({.snapshot_id = 1, .parent_snapshot_id = {}, .sequence_number = 1}, {line});
}

TEST(ManifestList, RefusesImpossibleNumbers) {
  const auto refused = [](const ManifestFile& line) {
    EXPECT_THAT(read_manifest_list(list_of(line), "l"), IsError(ErrorKind::kInvalidData, "out of range"));
  };
  for (const auto field : {&ManifestFile::added_rows_count, &ManifestFile::existing_rows_count,
                           &ManifestFile::deleted_rows_count, &ManifestFile::manifest_length}) {
    ManifestFile line;
    line.*field = kMostRowsOrBytes + 1;
    refused(line);
  }
  for (const auto field :
       {&ManifestFile::added_files_count, &ManifestFile::existing_files_count, &ManifestFile::deleted_files_count}) {
    ManifestFile line;
    line.*field = -1;
    refused(line);
  }
  ManifestFile line;
  line.manifest_length = -1;
  refused(line);
}

TEST(ManifestList, RowCountsAreOptional) {
  ManifestFile line;
  line.added_rows_count = -3;
  EXPECT_EQ(value_of(read_manifest_list(list_of(line), "l")).at(0).added_rows_count, kUnknownRows);
}

TEST(ManifestList, RefusesOtherAvroFiles) {
  const Layout layout;
  EXPECT_THAT(read_manifest_list(write(layout, {}).bytes, "memory://l.avro"),
              IsError(ErrorKind::kInvalidData, "manifest list memory://l.avro"));
  EXPECT_THAT(read_manifest_list("PAR1", "memory://l.avro"), IsError(ErrorKind::kInvalidData, "not an Avro file"));
}

// Written by PyIceberg 0.12 (pyiceberg_*.avro).
TEST(ManifestOfPyIceberg, IsRead) {
  const auto lines =
      value_of(read_manifest_list(testing::read_text("tests/data/iceberg/pyiceberg_manifest_list.avro"), "list"));
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_EQ(lines[0].added_files_count, 2);
  EXPECT_EQ(lines[0].sequence_number, 2);
  EXPECT_EQ(lines[0].partitions[0].upper_bound, "c2");
  EXPECT_TRUE(lines[0].partitions[1].contains_null);
  const Layout layout{
      .spec = {.spec_id = 0, .fields = {{2, 1000, "grid_partition", "identity"}, {4, 1001, "year", "year"}}}};
  const auto entries =
      value_of(read(testing::read_text("tests/data/iceberg/pyiceberg_manifest.avro"), lines[0], layout.spec));
  ASSERT_THAT(entries, SizeIs(2));
  const DataFile& file = entries[0].data_file;
  EXPECT_EQ(file.partition, (PartitionKey{"c1", 50}));
  EXPECT_EQ(entries[1].data_file.partition, (PartitionKey{"c2", std::nullopt}));
  EXPECT_EQ(file.record_count, 1);
  EXPECT_EQ(file.lower_bounds.at(1), std::string(16, 'a'));
  EXPECT_EQ(file.value_counts.at(4), 1);  // written after field 5
  EXPECT_EQ(file.split_offsets, std::vector<std::int64_t>{4});
}

}  // namespace
}  // namespace earthcatalog::iceberg
