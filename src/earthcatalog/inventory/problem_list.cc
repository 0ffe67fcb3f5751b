#include "earthcatalog/inventory/problem_list.h"

#include <optional>

#include "earthcatalog/inventory/formats/byte_source.h"
#include "earthcatalog/inventory/formats/problem_rows.h"

namespace earthcatalog::inventory {
namespace {

std::optional<ProblemKind> kind_of(const Row& row) {
  if (!row.not_pending) return ProblemKind::kPending;
  if (row.problem == "missing") return ProblemKind::kMissing;
  if (row.problem == "rejected") return ProblemKind::kRejected;
  return std::nullopt;
}

}  // namespace

Status for_each_problem(storage::Stores& stores, const std::string& uri,
                        const std::function<Status(std::string_view, std::string_view, ProblemKind)>& visit) {
  EC_ASSIGN_OR_RETURN(const auto at, annotate(stores.locate(uri), "opening the problems file"));
  EC_ASSIGN_OR_RETURN(auto file, annotate(at.store->open_input(at.key), "opening the problems file"));
  const auto rows = open_problem_rows(std::make_unique<FileSource>(std::move(file)), at.uri());
  for (Row row;;) {
    EC_ASSIGN_OR_RETURN(const bool more, rows->next(row));
    if (!more) return {};
    if (const auto kind = kind_of(row)) EC_TRY(visit(row.bucket, row.key, *kind));
  }
}

}  // namespace earthcatalog::inventory
