#include "earthcatalog/catalog/index_merge.h"

#include <queue>
#include <utility>

namespace earthcatalog::catalog {
namespace {

class RunSource final : public EntrySource {
 public:
  explicit RunSource(const RunReader& reader) : reader_(reader) {}
  Result<std::vector<RunEntry>> next() override {
    if (next_ == reader_.row_groups()) return std::vector<RunEntry>();
    return reader_.read_row_group(next_++);
  }

 private:
  const RunReader& reader_;
  int next_ = 0;
};

// A source with the piece that is being read.
struct Cursor {
  std::unique_ptr<EntrySource> source;
  std::vector<RunEntry> piece;
  std::size_t at = 0;

  // Whether there is an entry at the cursor.
  Result<bool> fill() {
    if (at < piece.size()) return true;
    EC_ASSIGN_OR_RETURN(piece, source->next());
    at = 0;
    return !piece.empty();
  }
  const Hash128& object() const { return piece[at].entry.object; }
};

}  // namespace

std::unique_ptr<EntrySource> source_of(const RunReader& reader) { return std::make_unique<RunSource>(reader); }

Status merge_entries(std::vector<std::unique_ptr<EntrySource>> sources,
                     const std::function<Status(RunEntry&&)>& visit) {
  std::vector<Cursor> cursors;
  for (auto& source : sources) cursors.push_back({.source = std::move(source), .piece = {}});
  // The least hash first; of equal ones the youngest source's.
  const auto later = [&](std::size_t a, std::size_t b) {
    const auto order = cursors[a].object() <=> cursors[b].object();
    return order != 0 ? order > 0 : a < b;
  };
  std::priority_queue<std::size_t, std::vector<std::size_t>, decltype(later)> heap(later);
  for (std::size_t i = 0; i < cursors.size(); ++i) {
    EC_ASSIGN_OR_RETURN(const bool filled, cursors[i].fill());
    if (filled) heap.push(i);
  }
  std::optional<Hash128> last;
  while (!heap.empty()) {
    const std::size_t i = heap.top();
    heap.pop();
    RunEntry& entry = cursors[i].piece[cursors[i].at++];
    if (entry.entry.object != last) {
      last = entry.entry.object;
      EC_TRY(visit(std::move(entry)));
    }
    EC_ASSIGN_OR_RETURN(const bool filled, cursors[i].fill());
    if (filled) heap.push(i);
  }
  return {};
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

}  // namespace earthcatalog::catalog
