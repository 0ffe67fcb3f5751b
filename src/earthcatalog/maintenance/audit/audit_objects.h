// The objects of an inventory against those of the object index.
#pragma once

#include <functional>

#include "earthcatalog/extsort/hash_sorter.h"
#include "earthcatalog/extsort/hash_table.h"
#include "earthcatalog/index/object_index.h"
#include "earthcatalog/index/packed_version.h"
#include "earthcatalog/inventory/problem_list.h"
#include "earthcatalog/maintenance/audit/audit.h"
#include "earthcatalog/maintenance/audit/audit_findings.h"
#include "earthcatalog/maintenance/audit/row_facts.h"

namespace earthcatalog::maintenance {

/// Call the methods in their order. Objects are sorted by their hash, as the index is; the few that the index does not
/// know get their names back from the inventory, which is read again for that.
class ObjectAudit {
 public:
  ObjectAudit(storage::Stores& stores, const AuditSpec& spec, AuditReport& report, Findings& findings);

  /// Reads the inventory and the problems files.
  Status read();
  /// Finds what is stale and extra, counts the rest, and tells `facts` which rows the index says there are.
  Status compare(const index::ObjectIndex& index, RowFacts& facts);
  /// Counts the objects that are neither recorded nor explained.
  std::int64_t unrecorded() const { return unrecorded_.size(); }
  /// Calls `visit` for each of them, once.
  Status for_each_unrecorded(const std::function<Status(const storage::ObjectRef&)>& visit);

 private:
  struct Seen {
    Hash128 key;  // of the object
    index::PackedVersion version;
    auto operator<=>(const Seen&) const = default;
  };
  struct Excuse {
    Hash128 key;  // of the object
    inventory::ProblemKind kind;
    auto operator<=>(const Excuse&) const = default;
  };
  class Comparison;

  Status for_each_object(const std::function<Status(const storage::ObjectRef&)>& visit);

  storage::Stores& stores_;
  const AuditSpec& spec_;
  AuditReport& report_;
  Findings& findings_;
  extsort::HashSorter<Seen> seen_;
  extsort::HashSorter<Excuse> excuses_;
  extsort::HashTable<extsort::HashKey> unrecorded_;
  std::string prefix_;  // of a listing: what the names of all objects begin with that it can have
};

}  // namespace earthcatalog::maintenance
