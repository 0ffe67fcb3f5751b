#include "earthcatalog/index/index_merge.h"

#include <future>
#include <utility>

#include "earthcatalog/extsort/sorted_merge.h"

namespace earthcatalog::index {
namespace {

// Reads a run. The next row group of a far one is on its way while the one at hand is merged with those of other runs.
class RunSource final : public EntrySource {
 public:
  explicit RunSource(const RunReader& reader) : reader_(reader) {
    if (reader_.is_far()) ask();
  }

  Result<std::vector<RunEntry>> next() override {
    if (!reader_.is_far()) return read_next();
    auto piece = ahead_.get();
    if (piece && !piece->empty()) ask();
    return piece;
  }

 private:
  Result<std::vector<RunEntry>> read_next() {
    if (next_ == reader_.row_groups()) return std::vector<RunEntry>();
    return reader_.read_row_group(next_++);
  }
  void ask() {
    ahead_ = std::async(std::launch::async, [this] { return read_next(); });
  }

  const RunReader& reader_;
  int next_ = 0;
  std::future<Result<std::vector<RunEntry>>> ahead_;  // the last one: its destructor waits for the thread
};

// A source with the piece that is being read.
struct Cursor {
  std::unique_ptr<EntrySource> source;
  std::vector<RunEntry> piece = {};
  std::size_t at = 0;

  Result<bool> fill() {
    if (at < piece.size()) return true;
    EC_ASSIGN_OR_RETURN(piece, source->next());
    at = 0;
    return !piece.empty();
  }
  void advance() { ++at; }
  RunEntry& entry() { return piece[at]; }
  const Hash128& object() const { return piece[at].entry.object; }
};

}  // namespace

std::unique_ptr<EntrySource> source_of(const RunReader& reader) { return std::make_unique<RunSource>(reader); }

Status merge_entries(std::vector<std::unique_ptr<EntrySource>> sources,
                     const std::function<Status(RunEntry&&)>& visit) {
  std::vector<Cursor> cursors;
  for (auto& source : sources) cursors.push_back({.source = std::move(source)});
  std::optional<Hash128> last;
  return extsort::merge_sorted(
      cursors, [](const Cursor& a, const Cursor& b) { return a.object() < b.object(); },
      [&](Cursor& cursor) -> Status {
        if (cursor.object() == last) return {};  // the youngest source's came first
        last = cursor.object();
        return visit(std::move(cursor.entry()));
      });
}

std::size_t runs_to_merge(std::span<const std::int64_t> entries) {
  std::int64_t sum = entries.back();
  std::size_t count = 1;
  while (count < entries.size()) {
    const std::int64_t before = entries[entries.size() - count - 1];
    if (count > 1 && sum <= before) break;
    sum += before;
    ++count;
  }
  return count;
}

}  // namespace earthcatalog::index
