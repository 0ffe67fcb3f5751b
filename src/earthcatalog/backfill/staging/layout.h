// Names in the staging prefix, where a backfill keeps what it has done so far (docs/commands/backfill.md). In the
// direct shape the prefix lies in the warehouse, and phase 2 stages data files in place of NDJSON.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "earthcatalog/backfill/staging/attempt.h"
#include "earthcatalog/backfill/staging/staged_form.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"
#include "earthcatalog/write/partition.h"

namespace earthcatalog::backfill {

/// Makes names, and reads and writes small markers under them. Presence is asked by name, never by a listing. A value;
/// `stores` must outlive it.
class Staging {
 public:
  /// `parts`: where phase 2 puts data files; empty: the staged shape.
  Staging(storage::Stores& stores, std::string root, std::string parts = {})
      : stores_(&stores), form_(StagedForm::make(root, parts)), root_(std::move(root)), parts_(std::move(parts)) {}

  const std::string& root() const { return root_; }
  const std::string& parts() const { return parts_; }
  const StagedForm& form() const { return *form_; }
  std::string run_record() const { return at("chunks/_run.json"); }
  /// What an attempt fetches: the chunk, or what the attempt before left. Written once, whole.
  std::string chunk(const Attempt& attempt) const;
  std::string pending(std::int64_t chunk) const;
  std::string done(const Attempt& attempt) const { return form_->done(attempt); }
  std::string objects(const Spill& spill) const { return form_->objects(spill); }
  /// Of the direct shape: manifest of the parts of a spill.
  std::string part_files(const Spill& spill) const;
  std::string problems(const Attempt& attempt) const { return form_->problems(attempt); }
  std::string rows(const write::Partition& partition, const Attempt& attempt, FileNumber number) const {
    return form_->rows(partition, attempt, number);
  }
  /// `key` is what tells the task from tasks of other summaries: what it left is never taken for theirs.
  std::string task_report(std::int64_t task, std::string_view key) const;
  /// `files` tells what two workers made of one task apart.
  std::string task_files(std::int64_t task, std::string_view key, std::string_view files) const;
  std::string task_spec(std::int64_t task, std::string_view key) const;
  /// The columns that tasks write, by what they are.
  std::string schema(std::string_view name) const;
  std::string file_list(std::string_view key) const;

  Result<bool> exists(const std::string& uri) const;
  /// The bytes of a marker; nothing when there is none.
  Result<std::optional<std::string>> read(const std::string& uri) const;
  Status write(const std::string& uri, std::string_view bytes) const;
  /// Says whether the marker with these bytes stands: it is of this backfill, and whole.
  using Counts = std::function<Result<bool>(const std::string&)>;
  /// Writes a marker, unless one is there that counts: then returns its bytes. Of two workers that do the same at the
  /// same time one is first, and the other learns what that one did. (On gs:// and abfs:// both may believe to be
  /// first; what the second wrote stands.)
  Result<std::optional<std::string>> publish(const std::string& uri, std::string_view bytes,
                                             const Counts& counts) const;
  Status remove(const std::string& uri) const;
  storage::Stores& stores() const { return *stores_; }

 private:
  std::string at(std::string_view name) const { return storage::join_uri(root_, name); }

  storage::Stores* stores_;
  std::shared_ptr<const StagedForm> form_;
  std::string root_, parts_;
};

}  // namespace earthcatalog::backfill
