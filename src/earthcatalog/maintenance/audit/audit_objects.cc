#include "earthcatalog/maintenance/audit/audit_objects.h"

#include <fmt/format.h>

#include <iterator>
#include <span>
#include <utility>
#include <vector>

#include "earthcatalog/extsort/part_cursor.h"

namespace earthcatalog::maintenance {
namespace {

constexpr std::int64_t kExpectedUnrecorded = 1 << 16;

std::string describe(std::optional<TimeMicros> modified, std::optional<std::int64_t> size) {
  return fmt::format("{}, {} bytes", modified ? format_time(*modified) : "no date",
                     size ? std::to_string(*size) : "unknown");
}

}  // namespace

// One pass over three sequences in the order of the objects' hashes.
class ObjectAudit::Comparison {
 public:
  Comparison(ObjectAudit& audit, RowFacts& facts)
      : audit_(audit),
        objects_(audit.report_.objects),
        index_(audit.report_.index),
        facts_(facts),
        seen_(audit.seen_),
        excuses_(audit.excuses_) {}

  // Entries by ascending object.
  Status entry(const index::ObjectEntry& entry) {
    if (!entry.holds_item()) return rejected(entry);
    ++index_.entries;
    if (entry.name.empty()) return ++index_.nameless, Status{};
    EC_TRY(unrecorded_before(&entry.object));
    EC_ASSIGN_OR_RETURN(const auto version, take(entry.object));
    EC_TRY(expect_rows(entry, version.has_value()));
    if (!version) return absent(entry);
    if (!recorded(entry).matches(*version)) {
      ++objects_.stale;
      audit_.findings_.add(
          Finding::kStale,
          {.object = entry.name,
           .reason = fmt::format("recorded {}; the inventory has {}", describe(entry.last_modified, entry.size_bytes),
                                 describe(version->last_modified(), version->size_bytes()))});
    } else {
      ++(entry.owns_rows() ? objects_.held : objects_.superseded);
    }
    return {};
  }

  // Objects of the inventory before `end` (null: all that are left) are not in the index.
  Status unrecorded_before(const Hash128* end) {
    for (;;) {
      EC_ASSIGN_OR_RETURN(const auto* seen, seen_.peek());
      if (seen == nullptr || (end != nullptr && !(seen->key < *end))) return {};
      const Hash128 object = seen->key;
      EC_ASSIGN_OR_RETURN(const auto version, take(object));
      EC_TRY(unrecorded(object, *version));
    }
  }

 private:
  static index::PackedVersion recorded(const index::ObjectEntry& entry) {
    return {entry.etag, entry.last_modified, entry.size_bytes};
  }

  // Recorded without an item.
  Status rejected(const index::ObjectEntry& entry) {
    EC_TRY(unrecorded_before(&entry.object));
    EC_ASSIGN_OR_RETURN(const auto version, take(entry.object));
    if (!version) return {};
    if (!recorded(entry).matches(*version)) return unrecorded(entry.object, *version);
    return ++objects_.rejected, Status{};
  }

  // The version of `object` in the inventory: of several the newest.
  Result<std::optional<index::PackedVersion>> take(const Hash128& object) {
    std::optional<index::PackedVersion> version;
    for (;;) {
      EC_ASSIGN_OR_RETURN(const auto* seen, seen_.peek());
      if (seen == nullptr || seen->key != object) return version;
      ++(version ? objects_.duplicates : objects_.objects);
      version = seen->version;
      seen_.advance();
    }
  }

  Status unrecorded(const Hash128& object, const index::PackedVersion& version) {
    EC_ASSIGN_OR_RETURN(const auto excuse, excuse_for(object));
    const auto& since = audit_.spec_.inventory_options.since;
    if (excuse == inventory::ProblemKind::kPending) return ++objects_.pending, Status{};
    if (excuse == inventory::ProblemKind::kMissing) return ++objects_.not_found, Status{};
    if (excuse == inventory::ProblemKind::kRejected) return ++objects_.rejected, Status{};
    if (since && version.last_modified() && *version.last_modified() < *since) {
      return ++objects_.before_since, Status{};
    }
    return audit_.unrecorded_.append({object});
  }

  Result<std::optional<inventory::ProblemKind>> excuse_for(const Hash128& object) {
    std::optional<inventory::ProblemKind> kind;
    for (;;) {
      EC_ASSIGN_OR_RETURN(const auto* excuse, excuses_.peek());
      if (excuse == nullptr || object < excuse->key) return kind;
      if (excuse->key == object) kind = excuse->kind;
      excuses_.advance();
    }
  }

  Status absent(const index::ObjectEntry& entry) {
    if (!entry.name.ends_with(audit_.spec_.inventory_options.suffix)) return ++index_.other_suffix, Status{};
    if (!entry.name.starts_with(audit_.prefix_)) return ++index_.elsewhere, Status{};
    ++index_.extra;
    audit_.findings_.add(
        Finding::kExtra,
        {.object = entry.name, .reason = fmt::format("recorded {}", describe(entry.last_modified, entry.size_bytes))});
    return {};
  }

  // A superseded object that is gone needs no rows of its item.
  Status expect_rows(const index::ObjectEntry& entry, bool in_inventory) {
    RowFact fact{.key = entry.identity,
                 .what = RowFact::What::kSuperseded,
                 .year = entry.year.value_or(kNoYear),
                 .updated = entry.updated.value_or(kNeverUpdated),
                 .source = static_cast<std::uint32_t>(extsort::prefix_of(entry.object))};
    if (!entry.owns_rows()) return in_inventory ? facts_.add(fact) : Status{};
    fact.what = RowFact::What::kOwner;
    for (const auto& cell : entry.cells) {
      fact.place = place_of(cell, fact.year);
      EC_TRY(facts_.add(fact));
    }
    return {};
  }

  ObjectAudit& audit_;
  AuditedObjects& objects_;
  AuditedIndex& index_;
  RowFacts& facts_;
  extsort::PartCursor<Seen> seen_;
  extsort::PartCursor<Excuse> excuses_;
};

ObjectAudit::ObjectAudit(storage::Stores& stores, const AuditSpec& spec, AuditReport& report, Findings& findings)
    : stores_(stores),
      spec_(spec),
      report_(report),
      findings_(findings),
      seen_({.scratch_folder = spec.scratch_folder, .memory_bytes = spec.memory_limit_bytes / 4}),
      excuses_({.scratch_folder = spec.scratch_folder, .memory_bytes = spec.memory_limit_bytes / 16}),
      unrecorded_(kExpectedUnrecorded,
                  {.scratch_folder = spec.scratch_folder, .memory_bytes = spec.memory_limit_bytes / 16}) {}

// `since` is no filter here: an older object that is in the table must be the one of the inventory all the same.
Status ObjectAudit::for_each_object(const std::function<Status(const storage::ObjectRef&)>& visit) {
  auto options = spec_.inventory_options;
  options.since.reset();
  EC_ASSIGN_OR_RETURN(const auto inventory, inventory::open_inventory(stores_, spec_.inventory, options));
  prefix_ = inventory->info().prefix;
  ProgressMeter meter(spec_.hooks.progress, {.stage = "read inventory", .unit = "objects"});
  return inventory::for_each_batch(*inventory, [&](std::span<const storage::ObjectRef> batch) -> Status {
    for (const auto& object : batch) {
      if (spec_.hooks.stopping()) return fail(ErrorKind::kCancelled, "stopped");
      EC_TRY(visit(object));
    }
    meter.add(std::ssize(batch));
    return {};
  });
}

Status ObjectAudit::read() {
  for (const auto& uri : spec_.problems) {
    EC_TRY(inventory::for_each_problem(stores_, uri,
                                       [&](std::string_view bucket, std::string_view key, inventory::ProblemKind kind) {
                                         return excuses_.add({.key = object_hash(bucket, key), .kind = kind});
                                       }));
  }
  return for_each_object([&](const storage::ObjectRef& object) {
    return seen_.add({.key = object_hash(object.bucket, object.key), .version = index::PackedVersion(object)});
  });
}

Status ObjectAudit::compare(const index::ObjectIndex& index, RowFacts& facts) {
  if (spec_.hooks.progress) spec_.hooks.progress({.stage = "read index"});
  Comparison comparison(*this, facts);
  EC_TRY(annotate(index.scan([&](index::ObjectEntry&& entry) { return comparison.entry(entry); }),
                  "reading the object index"));
  EC_TRY(comparison.unrecorded_before(nullptr));
  return unrecorded_.finish();
}

Status ObjectAudit::for_each_unrecorded(const std::function<Status(const storage::ObjectRef&)>& visit) {
  std::vector<bool> visited(static_cast<std::size_t>(unrecorded_.size()));
  return for_each_object([&](const storage::ObjectRef& object) -> Status {
    bool first = false;
    EC_TRY(unrecorded_.find(object_hash(object.bucket, object.key), [&](std::int64_t at, const extsort::HashKey&) {
      first = !visited[static_cast<std::size_t>(at)];
      visited[static_cast<std::size_t>(at)] = true;
    }));
    return first ? visit(object) : Status{};
  });
}

}  // namespace earthcatalog::maintenance
