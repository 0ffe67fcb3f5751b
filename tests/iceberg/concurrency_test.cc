// Many threads and processes commit to one catalog file; processes are killed while they do.
#include <signal.h>
#include <sys/wait.h>

#include <atomic>
#include <thread>

#include "iceberg/iceberg_testing.h"

namespace earthcatalog::iceberg {
namespace {

using testing::data_file;
using testing::TempFolder;
using testing::value_of;

class ConcurrencyTest : public ::testing::Test {
 protected:
  ConcurrencyTest() {
    storage::Stores stores{storage::StorageSettings{}};
    const auto catalog = value_of(SqliteCatalog::open(path_, {.create = true}));
    value_of(Table::create(
        stores, *catalog,
        {.schema = testing::small_schema(),
         .warehouse = "file://" + folder_.path(),
         .properties = {{"write.metadata.previous-versions-max", "5"}, {"commit.manifest.min-count-to-merge", "8"}}}));
  }

  // Appends `commits` files, one a commit, with stores and a connection of its own.
  void append_files(int writer, int commits) const {
    storage::Stores stores{storage::StorageSettings{}};
    const auto catalog = value_of(SqliteCatalog::open(path_));
    Table table = value_of(Table::load(stores, *catalog));
    for (int i = 0; i < commits;) {
      Transaction change(table);
      change.append({data_file(fmt::format("w{}", writer), 2020, i)});
      const auto done = change.commit(table, {.make_durable = false});
      if (done) {
        ++i;
      } else {
        ASSERT_EQ(done.error().kind, ErrorKind::kConflict) << done.error().message;
        ASSERT_THAT(table.refresh(), testing::IsOk());
      }
    }
  }

  pid_t start_process(int writer, int commits) const {
    const pid_t child = fork();
    if (child == 0) {
      append_files(writer, commits);
      _exit(::testing::Test::HasFailure() ? 1 : 0);
    }
    return child;
  }

  // Files by writer, and that the summary and the hint agree with them.
  std::map<std::string, int> files() const {
    storage::Stores stores{storage::StorageSettings{}};
    const auto catalog = value_of(SqliteCatalog::open(path_));
    const Table table = value_of(Table::load(stores, *catalog));
    std::map<std::string, int> counts;
    std::int64_t all = 0;
    value_of(table.list_files({}, [&](DataFile&& file) -> Status {
      ++counts[*file.partition.cell];
      ++all;
      return {};
    }));
    if (table.current_snapshot() != nullptr) {
      EXPECT_EQ(table.current_snapshot()->summary.at("total-data-files"), std::to_string(all));
    }
    return counts;
  }

  std::string hinted() const {
    const std::string metadata = folder_ / "earthcatalog/stac_items/metadata/";
    return "file://" + metadata + testing::read_text(metadata + "version-hint.text") + ".metadata.json";
  }

  TempFolder folder_;
  const std::string path_ = folder_ / "catalog.db";
};

TEST_F(ConcurrencyTest, EveryAppendSurvives) {
  constexpr int kProcesses = 3, kThreads = 3, kCommits = 8;
  std::vector<pid_t> children;
  for (int i = 0; i < kProcesses; ++i) children.push_back(start_process(i, kCommits));
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) threads.emplace_back([this, i] { append_files(kProcesses + i, kCommits); });
  }
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  const auto counts = files();
  EXPECT_EQ(counts.size(), static_cast<std::size_t>(kProcesses + kThreads));
  for (const auto& [writer, count] : counts) EXPECT_EQ(count, kCommits) << writer;
  storage::Stores stores{storage::StorageSettings{}};
  const auto catalog = value_of(SqliteCatalog::open(path_));
  EXPECT_EQ(hinted(), value_of(catalog->metadata_location({})));
}

TEST_F(ConcurrencyTest, KilledWritersLeaveAWholeTable) {
  int seen = 0;
  for (int round = 0; round < 12 || (seen == 0 && round < 100); ++round) {
    const pid_t child = start_process(round, 1000);
    std::this_thread::sleep_for(std::chrono::milliseconds(3 + 7 * round));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    int now = 0;
    for (const auto& [writer, count] : files()) now += count;
    EXPECT_GE(now, seen);
    seen = now;
    storage::Stores stores{storage::StorageSettings{}};
    EXPECT_THAT(Table::open_metadata(stores, hinted()), testing::IsOk());
  }
  EXPECT_GT(seen, 0);
  append_files(99, 1);
  EXPECT_EQ(files()["w99"], 1);
}

}  // namespace
}  // namespace earthcatalog::iceberg
