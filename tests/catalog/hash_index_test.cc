// The hash index against a std::set: what is built, updated, checked and looked for.
#include "earthcatalog/index/hash_index.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <parquet/arrow/writer.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "catalog/table_support.h"
#include "earthcatalog/index/hash_index_file.h"

namespace earthcatalog::catalog {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

using Hashes = std::vector<Hash128>;
using HashSet = std::set<Hash128>;

Hash128 hash_of(int number) { return id_hash(fmt::format("item {}", number)); }

Hashes read_all(const storage::Location& where) {
  const auto reader = index::HashIndexReader::open(where);
  EXPECT_TRUE(reader) << reader.error().message;
  Hashes all;
  for (;;) {
    const auto piece = (*reader)->next();
    EXPECT_TRUE(piece) << piece.error().message;
    if (!piece || piece->empty()) return all;
    all.insert(all.end(), piece->begin(), piece->end());
  }
}

storage::Location at(storage::Stores& stores, const std::string& uri) { return stores.locate(uri).value(); }

RC_GTEST_PROP(HashIndex, UpdatesAreThoseOfASet, ()) {
  storage::Stores stores({});
  const auto where = at(stores, "memory://b/w_id_hashes.parquet");
  HashSet model;
  for (int round = 0, rounds = *rc::gen::inRange(1, 4); round < rounds; ++round) {
    index::HashChanges changes(
        {.scratch_folder = "/tmp", .memory_bytes = *rc::gen::element<std::int64_t>(2, 2000, 1 << 20)});
    HashSet added, dropped;
    for (const int number : *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 400))) {
      const bool drop = round > 0 && *rc::gen::inRange(0, 3) == 0;
      (drop ? dropped : added).insert(hash_of(number));
      RC_ASSERT((drop ? changes.drop(hash_of(number)) : changes.add(hash_of(number))).has_value());
    }
    const HashSet before = model;
    for (const auto& hash : dropped) model.erase(hash);
    model.insert(added.begin(), added.end());
    const auto report =
        round == 0 ? index::build_hash_index(where, changes, 5) : index::update_hash_index(where, changes, 6);
    RC_ASSERT(report.has_value());
    RC_ASSERT(report->entries == static_cast<std::int64_t>(model.size()));
    RC_ASSERT(static_cast<std::int64_t>(before.size()) + report->added - report->dropped == report->entries);
  }
  RC_ASSERT(read_all(where) == Hashes(model.begin(), model.end()));
  const auto check = index::check_hash_index(where, nullptr, {});
  RC_ASSERT(check->good() && check->entries == static_cast<std::int64_t>(model.size()));
}

TEST(HashIndex, FileBelongsToItsFirstTable) {
  storage::Stores stores({});
  const auto where = at(stores, "memory://b/w_id_hashes.parquet");
  for (const std::int64_t gather_bytes : {1 << 20, 0}) {  // conditional put, stream
    const auto before = where.store->head(where.key).value();
    const auto writer = index::HashIndexWriter::create(
        where, {.etag_before = before ? std::optional(before->etag) : std::nullopt, .gather_bytes = gather_bytes}, {});
    ASSERT_TRUE((*writer)->append(hash_of(1)));
    ASSERT_TRUE(where.store->put(where.key, fmt::format("another's {}", gather_bytes)));
    const auto status = (*writer)->finish();
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().kind, ErrorKind::kConflict);
    EXPECT_THAT(status.error().message, AllOf(HasSubstr("w_id_hashes.parquet"), HasSubstr("run again")));
    EXPECT_THAT(where.store->get(where.key).value()->bytes, HasSubstr("another's"));
  }
}

class BadHashIndex : public ::testing::Test {
 protected:
  void write(const std::shared_ptr<arrow::Array>& array, const std::string& name = "id_hash") {
    const auto table = arrow::Table::Make(arrow::schema({arrow::field(name, array->type())}), {array});
    const auto out = where_.store->open_output(where_.key).value();
    ASSERT_TRUE(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), out, 1000).ok());
    ASSERT_TRUE(out->Close().ok());
  }
  static std::shared_ptr<arrow::Array> fixed(const std::vector<std::string>& values, int width) {
    arrow::FixedSizeBinaryBuilder builder(arrow::fixed_size_binary(width));
    for (const auto& value : values) {
      EXPECT_TRUE((value.empty() ? builder.AppendNull() : builder.Append(value)).ok());
    }
    return builder.Finish().ValueOrDie();
  }
  // The error that names the file and the remedy, whoever reads it; and the file is left as it is.
  void expect_refused(ErrorKind kind, const std::string& what) {
    const auto before = where_.store->head(where_.key).value();
    index::HashChanges changes({});
    ASSERT_TRUE(changes.add("an id"));
    const auto updated = index::update_hash_index(where_, changes, {});
    const auto checked = index::check_hash_index(where_, nullptr, {});
    for (const auto* error : {updated ? nullptr : &updated.error(), checked ? nullptr : &checked.error()}) {
      ASSERT_NE(error, nullptr);
      EXPECT_EQ(error->kind, kind);
      EXPECT_THAT(error->message,
                  AllOf(HasSubstr("memory://b/w_id_hashes.parquet"), HasSubstr(what), HasSubstr("`index.build()`")));
    }
    const auto after = where_.store->head(where_.key).value();
    EXPECT_EQ(before ? before->etag : "", after ? after->etag : "");
  }

  storage::Stores stores_{{}};
  const storage::Location where_ = at(stores_, "memory://b/w_id_hashes.parquet");
};

TEST_F(BadHashIndex, Missing) { expect_refused(ErrorKind::kNotFound, "there is no hash index"); }

TEST_F(BadHashIndex, NoParquet) {
  ASSERT_TRUE(where_.store->put(where_.key, "this is no Parquet file"));
  expect_refused(ErrorKind::kInvalidData, "no valid Parquet file");
}

TEST_F(BadHashIndex, CutShort) {
  write(fixed({std::string(16, 'a'), std::string(16, 'b')}, 16));
  const auto bytes = where_.store->get(where_.key).value()->bytes;
  ASSERT_TRUE(where_.store->put(where_.key, bytes.substr(0, bytes.size() - 20)));
  expect_refused(ErrorKind::kInvalidData, "no valid Parquet file");
}

TEST_F(BadHashIndex, AnotherWidth) {
  write(fixed({std::string(8, 'a')}, 8));
  expect_refused(ErrorKind::kInvalidData, "fixed_size_binary[8]");
}

TEST_F(BadHashIndex, AnotherType) {
  arrow::StringBuilder builder;
  ASSERT_TRUE(builder.Append("an id").ok());
  write(builder.Finish().ValueOrDie());
  expect_refused(ErrorKind::kInvalidData, "of string");
}

TEST_F(BadHashIndex, AnotherColumn) {
  write(fixed({std::string(16, 'a')}, 16), "hash");
  expect_refused(ErrorKind::kInvalidData, "no column id_hash");
}

TEST_F(BadHashIndex, Unsorted) {
  write(fixed({std::string(16, 'b'), std::string(16, 'a')}, 16));
  expect_refused(ErrorKind::kInvalidData, "not sorted: row 2");
}

TEST_F(BadHashIndex, Null) {
  write(fixed({std::string(16, 'b'), ""}, 16));
  expect_refused(ErrorKind::kInvalidData, "null");
}

TEST_F(BadHashIndex, DoubledHashesAreCountedAndGoWithTheNextUpdate) {
  write(fixed({std::string(16, 'a'), std::string(16, 'b'), std::string(16, 'b')}, 16));
  const auto check = index::check_hash_index(where_, nullptr, {});
  EXPECT_EQ(check->entries, 2);
  EXPECT_EQ(check->doubled, 1);
  EXPECT_FALSE(check->good());
  index::HashChanges none({});
  EXPECT_EQ(index::update_hash_index(where_, none, {})->entries, 2);
  EXPECT_EQ(read_all(where_).size(), 2u);
}

class HashIndexOfTable : public ::testing::Test {
 protected:
  void SetUp() override {
    test_time = kTestStart;
    living.clear();
    catalog_ =
        Catalog::open(stores_, writer_options("memory://b/c.db", "memory://b/w", "r1", made_up_host("a", 1))).value();
  }
  iceberg::DataFile file(const std::string& name, const std::vector<std::string>& ids) {
    std::vector<Row> rows;
    for (const auto& id : ids) rows.push_back({.id = id, .updated = 1});
    return write_rows(stores_, "memory://b/w/" + name, "81063ffffffffff", 2020, rows);
  }
  void commit(std::vector<iceberg::DataFile> added, std::vector<iceberg::DataFile> removed) {
    CommitRequest request;
    request.added = std::move(added);
    request.removed = std::move(removed);
    const auto done = catalog_->commit(request);
    ASSERT_TRUE(done) << done.error().message;
  }
  static Hashes sorted(const std::vector<std::string>& ids) {
    HashSet hashes;
    for (const auto& id : ids) hashes.insert(id_hash(id));
    return {hashes.begin(), hashes.end()};
  }

  storage::Stores stores_{{}};
  std::unique_ptr<Catalog> catalog_;
  const storage::Location where_ = at(stores_, "memory://b/w_id_hashes.parquet");
};

TEST_F(HashIndexOfTable, FollowsItsSnapshots) {
  const auto f1 = file("1.parquet", {"a", "b", "c"}), f2 = file("2.parquet", {"c", "d"});
  commit({f1, f2}, {});
  auto report = index::update_hash_index(catalog_->table(), where_, {});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_TRUE(report->rebuilt) << "there was none";
  EXPECT_THAT(read_all(where_), ElementsAreArray(sorted({"a", "b", "c", "d"})));

  commit({file("3.parquet", {"a", "e"})}, {f1});  // b goes; c stays in the other file
  report = index::update_hash_index(catalog_->table(), where_, {});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_FALSE(report->rebuilt);
  EXPECT_EQ(report->added, 1);
  EXPECT_EQ(report->dropped, 1);
  EXPECT_THAT(read_all(where_), ElementsAreArray(sorted({"a", "c", "d", "e"})));
  EXPECT_EQ(index::check_hash_index(where_, &catalog_->table(), {})->table_ids, 4);
  EXPECT_TRUE(index::check_hash_index(where_, &catalog_->table(), {})->good());

  report = index::update_hash_index(catalog_->table(), where_, {});
  EXPECT_EQ(report->entries, 4);
  EXPECT_EQ(report->added + report->dropped, 0) << "up to date: nothing is read";
  report = index::build_hash_index(catalog_->table(), where_, {});
  EXPECT_THAT(read_all(where_), ElementsAreArray(sorted({"a", "c", "d", "e"})));
  EXPECT_TRUE(index::check_hash_index(where_, &catalog_->table(), {})->good());
}

TEST_F(HashIndexOfTable, KeepsAnIdThatAnotherCollectionHas) {
  const auto ours = write_rows(stores_, "memory://b/w/1.parquet", "x", 2020,
                               {{.id = "same", .updated = 1, .collection = "c1"}, {.id = "other", .updated = 1}});
  const auto theirs =
      write_rows(stores_, "memory://b/w/2.parquet", "x", 2020, {{.id = "same", .updated = 1, .collection = "c2"}});
  commit({ours, theirs}, {});
  ASSERT_TRUE(index::update_hash_index(catalog_->table(), where_, {}));
  commit({}, {ours});
  const auto report =
      index::update_hash_index(catalog_->table(), where_, {.scratch_folder = "/tmp", .memory_bytes = 64});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_FALSE(report->rebuilt);
  EXPECT_EQ(report->dropped, 1);
  EXPECT_THAT(read_all(where_), ElementsAreArray(sorted({"same"})));
}

TEST_F(HashIndexOfTable, IsRebuiltWhenItNamesNoSnapshot) {
  commit({file("1.parquet", {"a"})}, {});
  index::HashChanges others({});
  ASSERT_TRUE(others.add("gone"));
  ASSERT_TRUE(index::build_hash_index(where_, others, {}));
  const auto check = index::check_hash_index(where_, &catalog_->table(), {});
  EXPECT_EQ(check->missing, 1);
  EXPECT_EQ(check->extra, 1);
  EXPECT_TRUE(index::update_hash_index(catalog_->table(), where_, {})->rebuilt);
  EXPECT_THAT(read_all(where_), ElementsAreArray(sorted({"a"})));
}

}  // namespace
}  // namespace earthcatalog::catalog
