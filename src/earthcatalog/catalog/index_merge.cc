#include "earthcatalog/catalog/index_merge.h"

#include <utility>

#include "earthcatalog/catalog/sorted_merge.h"

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
  return merge_sorted(
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

}  // namespace earthcatalog::catalog
