// The options that say how found items are written, and where.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/answer/writer.h"
#include "earthcatalog/cli/session.h"
#include "earthcatalog/result.h"
#include "earthcatalog/search/search.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::cli {

/// Runs a search whose items go to `writer`.
using Search = std::function<Result<search::Found>(answer::Writer& writer)>;

class AnswerFlags {
 public:
  /// Declares --fields, --asset and --out, and --format of `formats`.
  void add(CLI::App& app, const std::vector<std::string>& formats);
  /// Reads them, without a table. kInvalidArgument: options that do not go together, or bytes that a terminal would
  /// get.
  Status check(const Session& session);

  answer::Format format() const { return format_; }
  /// Makes all of it the number of items.
  void count() { format_ = answer::Format::kCount; }
  /// True when nobody has chosen the table that a terminal gets.
  bool is_default_table() const { return chosen_.empty() && format_ == answer::Format::kTable; }

  /// Writes what `search` finds to `session`, or to --out, where it appears whole or not at all. `next`: the token of
  /// the next page, of what was found.
  Result<search::Found> write(Session& session, storage::Stores& stores, const read::TableReader& table,
                              const Search& search,
                              const std::function<std::optional<std::string>(const search::Found&)>& next) const;

 private:
  std::string chosen_, fields_, out_;
  std::vector<std::string> assets_;
  answer::Format format_ = answer::Format::kNdjson;
  answer::WriterOptions options_;
};

}  // namespace earthcatalog::cli
