// Random changes to a table against a map of files.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "iceberg/iceberg_testing.h"

namespace earthcatalog::iceberg {
namespace {

using testing::data_file;
using testing::MemoryCatalog;
using testing::value_of;

using Files = std::map<std::string, DataFile>;

class Model {
 public:
  Model() {
    static int warehouses = 0;
    value_of(Table::create(stores_, catalog_,
                           {.schema = testing::small_schema(),
                            .warehouse = fmt::format("memory://model{}", warehouses++),
                            .properties = {{"commit.manifest.min-count-to-merge", "3"},
                                           {"commit.manifest.target-size-bytes", "6000"},
                                           {"write.metadata.previous-versions-max", "2"}}}));
    readers_.push_back(value_of(Table::load(stores_, catalog_)));
    readers_.push_back(readers_.front());
  }

  // One transaction of random changes, on a table object that may be behind.
  void step() {
    Table& table = readers_[*rc::gen::inRange<std::size_t>(0, readers_.size())];
    Transaction change(table);
    Files next = files_;
    const auto removed = *rc::gen::inRange(0, 4);
    std::vector<DataFile> gone;
    for (int i = 0; i < removed && !next.empty(); ++i) {
      const auto at = std::next(next.begin(), *rc::gen::inRange<std::ptrdiff_t>(0, std::ssize(next)));
      gone.push_back(at->second);
      next.erase(at);
    }
    change.remove(gone);
    std::vector<DataFile> added;
    for (int i = *rc::gen::inRange(0, 5); i > 0; --i) {
      const auto year = *rc::gen::arbitrary<bool>() ? std::optional(*rc::gen::inRange(1965, 1975)) : std::nullopt;
      added.push_back(data_file(fmt::format("c{}", *rc::gen::inRange(0, 5)), year, number_++));
      next[added.back().file_path] = added.back();
    }
    change.append(added);
    if (*rc::gen::inRange(0, 4) == 0 && added.empty() && gone.empty())
      change.set_property("key", std::to_string(number_++));
    auto done = change.commit(table);
    if (!done) {  // the object was behind
      RC_ASSERT(done.error().kind == ErrorKind::kConflict);
      value_of(table.refresh());
      done = change.commit(table);
    }
    value_of(done);
    files_ = std::move(next);
  }

  void check() {
    readers_.push_back(value_of(Table::load(stores_, catalog_)));
    FileFilter filter;
    for (int i = *rc::gen::inRange(0, 3); i > 0; --i) filter.cells.insert(fmt::format("c{}", *rc::gen::inRange(0, 5)));
    for (int i = *rc::gen::inRange(0, 3); i > 0; --i) {
      filter.years_since_1970.insert(*rc::gen::arbitrary<bool>() ? std::optional(*rc::gen::inRange(-5, 5))
                                                                 : std::nullopt);
    }
    Files expected, found;
    for (const auto& [path, file] : files_) {
      if (filter.matches(file.partition)) expected[path] = file;
    }
    value_of(readers_.back().list_files({.filter = filter}, [&](DataFile&& file) -> Status {
      const std::string path = file.file_path;
      RC_ASSERT(found.emplace(path, std::move(file)).second);
      return {};
    }));
    RC_ASSERT(found == expected);
    check_totals(readers_.back());
  }

 private:
  void check_totals(const Table& table) {
    if (table.current_snapshot() == nullptr) return;
    std::int64_t rows = 0, bytes = 0;
    for (const auto& [path, file] : files_) {
      rows += file.record_count;
      bytes += file.file_size_in_bytes;
    }
    const auto& summary = table.current_snapshot()->summary;
    RC_ASSERT(summary.at("total-data-files") == std::to_string(files_.size()));
    RC_ASSERT(summary.at("total-records") == std::to_string(rows));
    RC_ASSERT(summary.at("total-files-size") == std::to_string(bytes));
  }

  storage::Stores stores_{storage::StorageSettings{}};
  MemoryCatalog catalog_;
  std::vector<Table> readers_;
  Files files_;
  int number_ = 0;
};

RC_GTEST_PROP(Model, TableHoldsTheFilesThatCommitsLeft, ()) {
  Model model;
  for (int steps = *rc::gen::inRange(1, 20); steps > 0; --steps) {
    model.step();
    model.check();
  }
}

}  // namespace
}  // namespace earthcatalog::iceberg
