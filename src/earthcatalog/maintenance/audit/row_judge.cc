#include "earthcatalog/maintenance/audit/row_judge.h"

#include <algorithm>
#include <optional>

namespace earthcatalog::maintenance {
namespace {

using Facts = std::span<const RowFact>;
using What = RowFact::What;

class Judge {
 public:
  Judge(const extsort::HashTableOptions& options, AuditedRows& counted)
      : counted_(counted),
        verdict_{.rows = RowFaults(kExpected, options), .entries = EntryFaults(kExpected, options)} {}

  // The facts of one item.
  Status item(Facts facts) {
    const auto newest = newest_row(facts);
    if (newest) ++counted_.items;
    const auto owner = std::ranges::find(facts, What::kOwner, &RowFact::what);
    const bool owned = owner != facts.end();
    if (owned && has_another_owner(facts, *owner)) {
      EC_TRY(verdict_.entries.append({owner->key, 0, Finding::kDoubledObjects}));
    }
    const bool held = std::ranges::any_of(facts, [](const RowFact& f) { return f.what == What::kSuperseded; });
    if (held && !owned && !newest) EC_TRY(verdict_.entries.append({facts.front().key, 0, Finding::kLostRows}));
    for (auto begin = facts.begin(); begin != facts.end();) {
      const auto end = std::find_if(begin, facts.end(), [&](const RowFact& f) { return f.place != begin->place; });
      EC_TRY(place({begin, end}, owned ? nullptr : newest));
      begin = end;
    }
    EC_TRY(cover(facts, owned));
    return primary(facts);
  }

  RowVerdict finish() && { return std::move(verdict_); }
  Status seal() {
    EC_TRY(verdict_.rows.finish());
    return verdict_.entries.finish();
  }

 private:
  static constexpr std::int64_t kExpected = 1 << 16;

  static const RowFact* newest_row(Facts facts) {
    const RowFact* newest = nullptr;
    for (const auto& fact : facts) {
      if (fact.is_row() && (newest == nullptr || fact.updated > newest->updated)) newest = &fact;
    }
    return newest;
  }

  static bool has_another_owner(Facts facts, const RowFact& owner) {
    return std::ranges::any_of(facts,
                               [&](const RowFact& f) { return f.what == What::kOwner && f.source != owner.source; });
  }

  // The facts of one item in one cell and year, owners first. `newest`: of an item without owners, the row that says
  // which version and year the others should have.
  Status place(Facts facts, const RowFact* newest) {
    const auto first_row = std::ranges::find_if(facts, &RowFact::is_row);
    const Facts owners(facts.begin(),
                       std::ranges::find_if(facts, [](const RowFact& f) { return f.what != What::kOwner; }));
    const Facts rows(first_row, facts.end());
    if (rows.empty()) {
      return owners.empty() ? Status{}
                            : verdict_.entries.append({facts.front().key, facts.front().place, Finding::kLostRows});
    }
    const auto is_right = [&](const RowFact& row) {
      if (newest != nullptr) return row.updated == newest->updated;
      return std::ranges::find(owners, row.updated, &RowFact::updated) != owners.end();
    };
    const auto right = std::ranges::find_if(rows, is_right);
    const RowFact& counts = right != rows.end() ? *right : rows.back();
    for (const auto& row : rows) {
      if (&row != &counts) EC_TRY(fault(row, Finding::kDoubledRows));
    }
    if (newest == nullptr && owners.empty()) return fault(counts, Finding::kUnknownRows);
    if (right == rows.end()) return fault(counts, Finding::kStaleRows);
    if (newest == nullptr) return ++counted_.held, Status{};
    return fault(counts, counts.year == newest->year ? Finding::kUnknownRows : Finding::kDoubledRows);
  }

  // An item has as many places recorded as its footprint has cells; one without owners has rows in as many. A recorded
  // row that is not there is another fault.
  Status cover(Facts facts, bool owned) {
    const auto primary = std::ranges::find(facts, What::kPrimaryRow, &RowFact::what);
    if (primary == facts.end()) return {};
    std::uint32_t places = 0;
    const RowFact* last = nullptr;
    for (const auto& fact : facts) {
      const bool counts = owned ? fact.what == What::kOwner : fact.is_row();
      if (!counts || (last != nullptr && last->place == fact.place)) continue;
      ++places;
      last = &fact;
    }
    return places < primary->cover ? fault(*primary, Finding::kLostCells, !owned) : Status{};
  }

  Status primary(Facts facts) {
    std::int64_t primary = 0;
    const RowFact* said = nullptr;
    bool has_rows = false;
    for (const auto& fact : facts) {
      has_rows = has_rows || fact.is_row();
      primary += fact.what == What::kPrimaryRow ? 1 : 0;
      if (fact.what == What::kPrimaryRow || fact.what == What::kRow) said = &fact;
    }
    if (said == nullptr) return counted_.without_primary += has_rows ? 1 : 0, Status{};
    return primary == 1 ? Status{} : fault(*said, Finding::kPrimary);
  }

  Status fault(const RowFact& row, Finding finding, bool nameless = false) {
    if (finding == Finding::kUnknownRows) ++verdict_.unknown;
    if (verdict_.faulty_files.size() <= row.source) verdict_.faulty_files.resize(row.source + 1);
    verdict_.faulty_files[row.source] = true;
    return verdict_.rows.append(
        {.key = row.key, .file = row.source, .row = row.row, .finding = finding, .nameless = nameless});
  }

  AuditedRows& counted_;
  RowVerdict verdict_;
};

}  // namespace

Result<RowVerdict> judge_rows(RowFacts& facts, const extsort::HashTableOptions& options, AuditedRows& counted) {
  Judge judge(options, counted);
  EC_TRY(facts.drain([&](Facts part) -> Status {
    for (auto begin = part.begin(); begin != part.end();) {
      const auto end = std::find_if(begin, part.end(), [&](const RowFact& f) { return f.key != begin->key; });
      EC_TRY(judge.item({begin, end}));
      begin = end;
    }
    return {};
  }));
  EC_TRY(judge.seal());
  return std::move(judge).finish();
}

}  // namespace earthcatalog::maintenance
