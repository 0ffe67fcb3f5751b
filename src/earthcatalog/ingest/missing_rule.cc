#include "earthcatalog/ingest/missing_rule.h"

namespace earthcatalog::ingest {

Status check_missing(const MissingCounts& counts, const MissingRule& rule) {
  const auto& [asked, missing, pending, first] = counts;
  if (missing > 0 && missing + pending == asked) {
    return fail(ErrorKind::kNotFound,
                "none of the {} objects asked for was found, the first is {}; check `source_root`, `endpoint` and the "
                "inventory's keys",
                asked, first);
  }
  const auto share = asked > 0 ? static_cast<double>(missing) / static_cast<double>(asked) : 0;
  const bool too_many = (rule.most && missing > *rule.most) || (rule.most_share && share > *rule.most_share);
  if (!too_many) return {};
  const auto allowed = rule.most ? fmt::format("{}", *rule.most) : fmt::format("{:g} %", 100 * *rule.most_share);
  return fail(
      ErrorKind::kNotFound,
      "{} of {} objects are missing ({:.2f} %), more than `max_missing` allows ({}), the first is {}; check the "
      "bucket and the inventory, or allow more",
      missing, asked, 100 * share, allowed, first);
}

}  // namespace earthcatalog::ingest
