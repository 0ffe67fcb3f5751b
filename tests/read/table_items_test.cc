#include "earthcatalog/read/table_items.h"

#include <nlohmann/json.hpp>

#include "read/read_support.h"

namespace earthcatalog::read {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class TableItemsTest : public ReadTest {
 protected:
  std::int64_t add(const std::string& name, const char* cell, const std::vector<catalog::Row>& rows) {
    catalog::CommitRequest request;
    request.added = {catalog::write_rows(stores_, std::string(kWarehouse) + "/" + name, cell, 2020, rows)};
    return commit(request);
  }
  static std::vector<std::string> ids_of(const TableReader& table, const ItemsQuery& query = {}) {
    std::vector<std::string> ids;
    const auto read = read_items(table, query, [&](std::string_view json) -> Result<bool> {
      ids.push_back(nlohmann::json::parse(json)["id"]);
      return true;
    });
    EXPECT_TRUE(read) << read.error().message;
    std::ranges::sort(ids);
    return ids;
  }
};

TEST_F(TableItemsTest, AnItemInTwoCellsComesOnce) {
  add("a.parquet", kNorth, {{.id = "1", .updated = {}}, {.id = "2", .updated = {}}});
  add("b.parquet", kSouth, {{.id = "2", .updated = {}}});
  EXPECT_THAT(ids_of(open()), ElementsAre("1", "2"));
}

TEST_F(TableItemsTest, OlderSnapshotGivesItsItems) {
  const auto first = add("a.parquet", kNorth, {{.id = "1", .updated = {}}});
  add("b.parquet", kSouth, {{.id = "2", .updated = {}}});
  EXPECT_THAT(ids_of(open(first)), ElementsAre("1"));
  EXPECT_THAT(ids_of(open()), ElementsAre("1", "2"));
}

TEST_F(TableItemsTest, IdsThatTheTableLacksAreNamed) {
  add("a.parquet", kNorth, {{.id = "1", .updated = {}}});
  const auto read = read_items(open(), {.ids = {"1", "9"}}, [](std::string_view) -> Result<bool> { return true; });
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->items, 1);
  EXPECT_THAT(read->missing, ElementsAre("9"));
}

TEST_F(TableItemsTest, CollectionAndLimitChoose) {
  add("a.parquet", kNorth, {{.id = "1", .updated = {}}, {.id = "2", .updated = {}, .collection = "other"}});
  EXPECT_THAT(ids_of(open(), {.ids = {}, .collection = "other", .limit = {}}), ElementsAre("2"));
  EXPECT_EQ(ids_of(open(), {.ids = {}, .collection = {}, .limit = 1}).size(), 1U);
  EXPECT_THAT(ids_of(open(), {.ids = {}, .collection = "none", .limit = {}}), IsEmpty());
}

}  // namespace
}  // namespace earthcatalog::read
