#include "earthcatalog/maintenance/recover/add_files.h"

#include "catalog/forwarding_store.h"
#include "earthcatalog/index/object_index.h"
#include "maintenance/item_files.h"
#include "support/index_owners.h"

namespace earthcatalog::maintenance {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class AddingFiles : public ::testing::Test {
 protected:
  AddingFiles() : name_(fmt::format("add{}", tests_++)), warehouse_(name_) {
    EXPECT_TRUE(catalog::create_table(warehouse_.stores, warehouse_.options()));
  }

  std::string file(const std::string& name, const std::string& cell = kOneCell) const {
    return warehouse_.uri(fmt::format("grid_partition={}/year=2020/{}.parquet", cell, name));
  }
  // The error's message, or nothing.
  std::string add(const std::vector<std::string>& files) {
    report_ = {};
    const auto status =
        run_add_files(warehouse_.stores, {.catalog = warehouse_.options(), .files = files, .workers = 2}, report_);
    kind_ = status ? std::nullopt : std::optional(status.error().kind);
    return status ? std::string() : status.error().message;
  }
  std::vector<std::string> files() { return catalog::files_of(warehouse_.table()); }

  static inline int tests_ = 0;
  const std::string name_;
  Warehouse warehouse_;
  AddFilesReport report_;
  std::optional<ErrorKind> kind_;
};

TEST_F(AddingFiles, MakesTheirRowsThoseOfTheTableAndOfItsIndex) {
  write_items(warehouse_, kOneCell, "a", {{"x", 1}, {"y", std::nullopt}});
  write_items(warehouse_, kOtherCell, "b", {{"x", 1}});
  ASSERT_EQ(add({file("a"), file("b", kOtherCell)}), "");
  EXPECT_EQ(report_.files, 2);
  EXPECT_EQ(report_.rows, 3);
  EXPECT_GT(report_.bytes, 0);
  EXPECT_THAT(files(), ElementsAre(file("a"), file("b", kOtherCell)));
  const auto table = warehouse_.table();
  EXPECT_EQ(table.current_snapshot()->operation(), "append");
  EXPECT_EQ(report_.snapshot_id, table.current_snapshot()->snapshot_id);

  catalog::CatalogOptions reading;
  reading.catalog = warehouse_.options().catalog;
  const auto catalog = catalog::Catalog::open(warehouse_.stores, reading).value();
  EXPECT_EQ(catalog->index().manifest().snapshot_id, report_.snapshot_id) << "the index caught up, and is the table's";
  EXPECT_EQ(catalog->index().count_items().value(), 2);
  const auto item = identity_hash("", "x");
  const auto owners = testing::owners_of(catalog->index(), {&item, 1}).value();
  ASSERT_EQ(owners.size(), 1);
  EXPECT_THAT(owners[0].cells, ::testing::UnorderedElementsAre(kOneCell, kOtherCell));
}

TEST_F(AddingFiles, LeavesTheObjectsThatTheTableHas) {
  const auto old = catalog::Row{.id = "old", .updated = 1, .collection = ""};
  {
    const auto catalog = catalog::Catalog::open(warehouse_.stores, warehouse_.options()).value();
    catalog::CommitRequest request;
    request.added = {catalog::write_rows(warehouse_.stores, file("old"), kOneCell, 2020, {old})};
    request.objects.entries = {catalog::object_of("k", old, {kOneCell}, 2020)};
    request.objects.more_items = 1;
    ASSERT_TRUE(catalog->commit(request));
  }
  write_items(warehouse_, kOneCell, "a", {{"x", 1}});
  ASSERT_EQ(add({file("a")}), "");
  const auto catalog = catalog::Catalog::open(warehouse_.stores, warehouse_.options()).value();
  EXPECT_EQ(catalog->index().count_items().value(), 2);
  const auto item = identity_hash("", "old");
  const auto owners = testing::owners_of(catalog->index(), {&item, 1}).value();
  ASSERT_EQ(owners.size(), 1);
  EXPECT_EQ(owners[0].name, "b/k");
}

TEST_F(AddingFiles, RefusesWhatTheTableHasAlready) {
  write_items(warehouse_, kOneCell, "a", {{"x", 1}});
  write_items(warehouse_, kOneCell, "b", {{"y", 1}});
  ASSERT_EQ(add({file("a")}), "");
  EXPECT_THAT(add({file("b"), file("a")}), HasSubstr(file("a")));
  EXPECT_EQ(kind_, ErrorKind::kAlreadyExists);
  EXPECT_THAT(files(), ElementsAre(file("a"))) << "all or none";
  EXPECT_THAT(add({file("b"), file("b")}), HasSubstr("twice"));
  EXPECT_EQ(kind_, ErrorKind::kInvalidArgument);
}

TEST_F(AddingFiles, RefusesRowsOfAnotherPartition) {
  write_items(warehouse_, kOneCell, "a", {{"x", 1}});
  const auto wrong = file("a", kOtherCell);
  const auto from = warehouse_.stores.locate(file("a")).value();
  const auto to = warehouse_.stores.locate(wrong).value();
  ASSERT_TRUE(to.store->put(to.key, from.store->get(from.key).value()->bytes));
  EXPECT_THAT(add({wrong}), AllOf(HasSubstr(wrong), HasSubstr("another cell")));
  EXPECT_EQ(kind_, ErrorKind::kInvalidData);
  EXPECT_THAT(add({warehouse_.uri("loose.parquet")}), HasSubstr("does not say the partition"));
  EXPECT_EQ(kind_, ErrorKind::kInvalidArgument);
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(AddingFiles, RefusesColumnsThatAreNotTheTables) {
  const auto schema = arrow::schema({arrow::field("id", arrow::utf8()), arrow::field("grid_partition", arrow::utf8()),
                                     arrow::field("mine", arrow::utf8())});
  arrow::StringBuilder texts;
  ASSERT_TRUE(texts.Append(kOneCell).ok());
  const auto text = texts.Finish().ValueOrDie();
  const auto write = [&](const std::string& name, const std::shared_ptr<arrow::Table>& rows) {
    const auto where = warehouse_.stores.locate(file(name)).value();
    const auto out = where.store->open_output(where.key).value();
    ASSERT_TRUE(parquet::arrow::WriteTable(*rows, arrow::default_memory_pool(), out, 1000).ok());
    ASSERT_TRUE(out->Close().ok());
  };
  write("foreign", arrow::Table::Make(schema, {text, text, text}));
  EXPECT_THAT(add({file("foreign")}), AllOf(HasSubstr(file("foreign")), HasSubstr("\"mine\"")));
  EXPECT_EQ(kind_, ErrorKind::kUnsupported);
  arrow::Int64Builder numbers;
  ASSERT_TRUE(numbers.Append(7).ok());
  write("retyped", arrow::Table::Make(arrow::schema({arrow::field("id", arrow::int64()), schema->field(1)}),
                                      {numbers.Finish().ValueOrDie(), text}));
  EXPECT_THAT(add({file("retyped")}), AllOf(HasSubstr("\"id\""), HasSubstr("another type")));
  write("nameless", arrow::Table::Make(arrow::schema({schema->field(1)}), {text}));
  EXPECT_THAT(add({file("nameless")}), HasSubstr("no column \"id\""));
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(AddingFiles, NamesWhatIsMissing) {
  EXPECT_THAT(add({file("gone")}), HasSubstr(file("gone")));
  EXPECT_EQ(kind_, ErrorKind::kNotFound);
  auto options = warehouse_.options();
  options.catalog = "memory://nowhere/catalog.db";
  const auto status = run_add_files(warehouse_.stores, {.catalog = options, .files = {file("a")}}, report_);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::kNotFound);
}

TEST_F(AddingFiles, AfterAnotherWriterWasFirstAddsThemToItsState) {
  write_items(warehouse_, kOneCell, "a", {{"x", 1}});
  write_items(warehouse_, kOneCell, "theirs", {{"y", 1}});
  catalog::OtherEngine other(warehouse_.stores, warehouse_.options().catalog);
  const auto theirs =
      catalog::write_rows(warehouse_.stores, file("other"), kOneCell, 2020, {{.id = "z", .updated = {}}});
  bool committed = false;
  const auto store = std::make_shared<catalog::ForwardingStore>(warehouse_.store);
  warehouse_.stores.replace("memory://" + name_, store);
  store->before = [&](std::string_view call) -> Status {
    if (committed || call != "put") return {};
    committed = true;
    other.commit({theirs}, {});
    return {};
  };
  ASSERT_EQ(add({file("a")}), "");
  EXPECT_TRUE(committed);
  EXPECT_THAT(files(), ElementsAre(file("a"), file("other")));
}

TEST_F(AddingFiles, NoneAreNothing) {
  EXPECT_EQ(add({}), "");
  EXPECT_EQ(warehouse_.table().current_snapshot(), nullptr);
}

}  // namespace
}  // namespace earthcatalog::maintenance
