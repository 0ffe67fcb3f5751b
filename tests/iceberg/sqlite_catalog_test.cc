#include "earthcatalog/iceberg/sqlite_catalog.h"

#include <sqlite3.h>
#include <sys/stat.h>

#include <filesystem>
#include <latch>
#include <thread>

#include "earthcatalog/iceberg/sqlite.h"
#include "iceberg/iceberg_testing.h"

namespace earthcatalog::iceberg {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::HasSubstr;
using testing::IsError;
using testing::IsOk;
using ::testing::Optional;
using testing::TempFolder;
using testing::value_of;

// The rows of a query, columns joined by '|'.
std::vector<std::string> query(const std::string& path, const std::string& sql) {
  sqlite3* connection = nullptr;
  EXPECT_EQ(sqlite3_open(path.c_str(), &connection), SQLITE_OK);
  std::vector<std::string> rows;
  const auto collect = [](void* out, int columns, char** values, char**) {
    std::string row;
    for (int i = 0; i < columns; ++i)
      row += std::string(i == 0 ? "" : "|") + (values[i] == nullptr ? "NULL" : values[i]);
    static_cast<std::vector<std::string>*>(out)->push_back(row);
    return 0;
  };
  char* problem = nullptr;
  EXPECT_EQ(sqlite3_exec(connection, sql.c_str(), collect, &rows, &problem), SQLITE_OK) << (problem ? problem : "");
  sqlite3_free(problem);
  sqlite3_close(connection);
  return rows;
}

class SqliteCatalogTest : public ::testing::Test {
 protected:
  std::unique_ptr<SqliteCatalog> create(int busy_timeout_ms = 30'000) {
    return value_of(SqliteCatalog::open(path_, {.create = true, .busy_timeout_ms = busy_timeout_ms}));
  }

  TempFolder folder_;
  const std::string path_ = folder_ / "catalog.db";
  const TableIdentifier table_;
};

TEST_F(SqliteCatalogTest, DoesNotCreateAMistypedPath) {
  EXPECT_THAT(SqliteCatalog::open(path_), IsError(ErrorKind::kNotFound, path_));
  EXPECT_THAT(SqliteCatalog::open(path_, {.create = true, .read_only = true}), IsError(ErrorKind::kNotFound, path_));
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(SqliteCatalogTest, RefusesOtherFiles) {
  std::ofstream(path_)
      << "bucket,key\nand more than enough bytes for the head of a SQLite file, which has a hundred of them\n";
  EXPECT_THAT(SqliteCatalog::open(path_), IsError(ErrorKind::kInvalidData, "file is not a database"));
  EXPECT_THAT(SqliteCatalog::open(path_, {.create = true}), IsError(ErrorKind::kInvalidData, path_));
}

TEST_F(SqliteCatalogTest, RefusesOtherDatabases) {
  query(path_, "CREATE TABLE bookmarks (url TEXT)");
  EXPECT_THAT(SqliteCatalog::open(path_), IsError(ErrorKind::kInvalidData, "iceberg_tables"));
  EXPECT_THAT(SqliteCatalog::open(path_, {.create = true}), IsError(ErrorKind::kInvalidData, "holds other tables"));
  EXPECT_THAT(query(path_, "SELECT name FROM sqlite_master"), ElementsAre("bookmarks"));
}

TEST_F(SqliteCatalogTest, RefusesAFolder) {
  EXPECT_THAT(SqliteCatalog::open(folder_.path(), {.create = true}), IsError(ErrorKind::kInvalidArgument, "folder"));
}

TEST_F(SqliteCatalogTest, HoldsRowsAsPyIcebergWritesThem) {
  const auto catalog = create();
  EXPECT_THAT(catalog->metadata_location(table_), IsOk());
  EXPECT_TRUE(value_of(catalog->swap(table_, std::nullopt, "file:///v0")));
  EXPECT_TRUE(value_of(catalog->swap(table_, "file:///v0", "file:///v1")));
  EXPECT_EQ(value_of(catalog->metadata_location(table_)), "file:///v1");
  EXPECT_THAT(query(path_, "SELECT * FROM iceberg_tables"),
              ElementsAre("earthcatalog|earthcatalog|stac_items|file:///v1|file:///v0|TABLE"));
  EXPECT_THAT(query(path_, "SELECT * FROM iceberg_namespace_properties"),
              ElementsAre("earthcatalog|earthcatalog|exists|true"));
}

TEST_F(SqliteCatalogTest, SwapsOnlyFromWhatIsExpected) {
  const auto catalog = create();
  EXPECT_FALSE(value_of(catalog->swap(table_, "v0", "v1")));
  EXPECT_EQ(value_of(catalog->metadata_location(table_)), std::nullopt);
  EXPECT_TRUE(value_of(catalog->swap(table_, std::nullopt, "v0")));
  EXPECT_FALSE(value_of(catalog->swap(table_, std::nullopt, "other")));
  EXPECT_FALSE(value_of(catalog->swap(table_, "other", "v1")));
  EXPECT_EQ(value_of(catalog->metadata_location(table_)), "v0");
}

TEST_F(SqliteCatalogTest, WithoutTypeColumnStaysSo) {
  query(path_,
        "CREATE TABLE iceberg_tables (catalog_name VARCHAR(255) NOT NULL, table_namespace VARCHAR(255) NOT NULL, "
        "table_name VARCHAR(255) NOT NULL, metadata_location VARCHAR(1000), previous_metadata_location VARCHAR(1000), "
        "PRIMARY KEY (catalog_name, table_namespace, table_name));"
        "CREATE TABLE iceberg_namespace_properties (catalog_name VARCHAR(255) NOT NULL, namespace VARCHAR(255) NOT "
        "NULL, property_key VARCHAR(255) NOT NULL, property_value VARCHAR(1000) NOT NULL, PRIMARY KEY "
        "(catalog_name, namespace, property_key));"
        "INSERT INTO iceberg_tables VALUES ('earthcatalog', 'earthcatalog', 'stac_items', 'v0', NULL)");
  const auto catalog = value_of(SqliteCatalog::open(path_, {.create = true}));
  EXPECT_TRUE(value_of(catalog->swap(table_, "v0", "v1")));
  EXPECT_TRUE(value_of(catalog->swap({"earthcatalog", "new"}, std::nullopt, "n0")));
  EXPECT_THAT(query(path_, "SELECT * FROM iceberg_tables ORDER BY table_name"),
              ElementsAre("earthcatalog|earthcatalog|new|n0|NULL", "earthcatalog|earthcatalog|stac_items|v1|v0"));
}

TEST_F(SqliteCatalogTest, PassesOverViewsAndOtherCatalogs) {
  const auto catalog = create();
  query(path_,
        "INSERT INTO iceberg_tables VALUES ('earthcatalog', 'earthcatalog', 'stac_items', 'v', NULL, 'VIEW'), "
        "('other', 'earthcatalog', 'stac_items', 'o', NULL, 'TABLE')");
  EXPECT_EQ(value_of(catalog->metadata_location(table_)), std::nullopt);
}

TEST_F(SqliteCatalogTest, RefusingGuardRollsBackThePointerAndItsWrites) {
  const auto catalog = create();
  ASSERT_TRUE(value_of(catalog->swap(table_, std::nullopt, "v0")));
  const auto guard = [](sqlite3* connection) -> Status {
    sqlite3_exec(connection, "CREATE TABLE token (value TEXT)", nullptr, nullptr, nullptr);
    return fail(ErrorKind::kConflict, "the lock is another's");
  };
  EXPECT_THAT(catalog->swap(table_, "v0", "v1", guard), IsError(ErrorKind::kConflict, "the lock is another's"));
  EXPECT_EQ(value_of(catalog->metadata_location(table_)), "v0");
  EXPECT_THAT(query(path_, "SELECT name FROM sqlite_master WHERE name = 'token'"), ElementsAre());
}

TEST_F(SqliteCatalogTest, GuardSeesAndWritesTheSameTransaction) {
  const auto catalog = create();
  value_of(catalog->transaction([](sqlite3* connection) -> Status {
    sqlite3_exec(connection, "CREATE TABLE token (value TEXT)", nullptr, nullptr, nullptr);
    return {};
  }));
  const auto guard = [](sqlite3* connection) -> Status {
    sqlite3_exec(connection, "INSERT INTO token VALUES ('7')", nullptr, nullptr, nullptr);
    return {};
  };
  ASSERT_TRUE(value_of(catalog->swap(table_, std::nullopt, "v0", guard)));
  EXPECT_THAT(query(path_, "SELECT value FROM token"), ElementsAre("7"));
}

TEST_F(SqliteCatalogTest, IsOneWholeFileAtRest) {
  query(path_,
        "PRAGMA journal_mode = WAL; CREATE TABLE iceberg_tables (catalog_name, table_namespace, table_name, "
        "metadata_location, previous_metadata_location, iceberg_type)");
  const auto catalog = value_of(SqliteCatalog::open(path_));
  EXPECT_THAT(query(path_, "PRAGMA journal_mode"), ElementsAre("delete"));
  EXPECT_FALSE(std::filesystem::exists(path_ + "-wal"));
}

TEST_F(SqliteCatalogTest, BusyForTooLongIsUnavailable) {
  const auto one = create();
  const auto other = value_of(SqliteCatalog::open(path_, {.busy_timeout_ms = 20}));
  value_of(one->transaction([&](sqlite3*) -> Status {
    EXPECT_THAT(other->swap(table_, std::nullopt, "v0"), IsError(ErrorKind::kUnavailable, "another process"));
    return {};
  }));
  EXPECT_TRUE(value_of(other->swap(table_, std::nullopt, "v0")));
}

// As an idle Spark session leaves it: a statement that was never finished keeps its SHARED lock.
TEST_F(SqliteCatalogTest, BlockedCommitNamesTheReader) {
  const auto catalog = create(20);
  EXPECT_TRUE(value_of(catalog->swap(table_, std::nullopt, "v0")));
  sqlite3* raw = nullptr;
  ASSERT_EQ(sqlite3_open(path_.c_str(), &raw), SQLITE_OK);
  const SqliteConnection reader(raw);
  {
    auto statement = value_of(Statement::prepare(raw, "SELECT * FROM iceberg_tables"));
    EXPECT_TRUE(value_of(statement.step()));
    EXPECT_EQ(value_of(catalog->metadata_location(table_)), "v0") << "reading beside it works";
    const auto swapped = catalog->swap(table_, "v0", "v1");
    ASSERT_THAT(swapped, IsError(ErrorKind::kUnavailable, "a reader keeps a transaction"));
    EXPECT_THAT(swapped.error().message, AllOf(HasSubstr("jdbc.init-catalog-tables"), HasSubstr(path_)));
  }
  EXPECT_EQ(value_of(catalog->metadata_location(table_)), "v0");
  EXPECT_TRUE(value_of(catalog->swap(table_, "v0", "v1")));
}

TEST_F(SqliteCatalogTest, ConcurrentCreatorsMakeOneFile) {
  for (int round = 0; round < 40; ++round) {
    const std::string path = folder_ / fmt::format("{}.db", round);
    std::latch start(6);
    std::vector<std::jthread> threads;
    for (int t = 0; t < 6; ++t) {
      threads.emplace_back([&] {
        start.arrive_and_wait();
        EXPECT_THAT(SqliteCatalog::open(path, {.create = true}), IsOk());
      });
    }
  }
}

TEST_F(SqliteCatalogTest, ReadOnlyDoesNotWrite) {
  create();
  const auto catalog = value_of(SqliteCatalog::open(path_, {.read_only = true}));
  EXPECT_THAT(catalog->swap(table_, std::nullopt, "v0"), IsError(ErrorKind::kPermissionDenied, path_));
  EXPECT_THAT(catalog->transaction([](sqlite3*) -> Status { return {}; }), IsOk());
}

// A transaction with pages already in the file, and the journal that takes them back: as a SIGKILL leaves them.
void copy_in_mid_transaction(const std::string& from, const std::string& to) {
  sqlite3* raw = nullptr;
  ASSERT_EQ(sqlite3_open(from.c_str(), &raw), SQLITE_OK);
  const SqliteConnection writer(raw);
  value_of(execute(raw,
                   "PRAGMA cache_size = 1; BEGIN IMMEDIATE; UPDATE iceberg_tables SET metadata_location = 'half'; "
                   "CREATE TABLE much AS WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < "
                   "1000) SELECT randomblob(1000) FROM n"));
  std::filesystem::copy_file(from, to);
  std::filesystem::copy_file(from + "-journal", to + "-journal");
}

TEST_F(SqliteCatalogTest, ReadOnlyRollsBackAKilledWriter) {
  EXPECT_TRUE(value_of(create()->swap(table_, std::nullopt, "v0")));
  const std::string killed = folder_ / "killed.db";
  copy_in_mid_transaction(path_, killed);
  const std::string without_journal = folder_ / "half.db";
  std::filesystem::copy_file(killed, without_journal);
  const auto half = SqliteCatalog::open(without_journal, {.read_only = true});
  EXPECT_FALSE(half && value_of((*half)->metadata_location(table_)) == "v0") << "nothing to roll back";
  const auto catalog = value_of(SqliteCatalog::open(killed, {.read_only = true}));
  EXPECT_THAT(value_of(catalog->metadata_location(table_)), Optional(Eq("v0")));
}

TEST_F(SqliteCatalogTest, ClosedIsClosed) {
  const auto catalog = create();
  EXPECT_THAT(catalog->close(), IsOk());
  EXPECT_THAT(catalog->close(), IsOk());
  EXPECT_THAT(catalog->metadata_location(table_), IsError(ErrorKind::kInvalidArgument, "closed"));
}

}  // namespace
}  // namespace earthcatalog::iceberg
