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

/// Where and how an answer is written.
struct AnswerPlace {
  answer::Format format = answer::Format::kNdjson;
  answer::WriterOptions options = {};
  std::string out = {};  ///< path or URI; empty: the session
};

/// The next token of what was found.
using NextToken = std::function<std::optional<std::string>(const search::Found& found)>;

/// Writes the items that the search finds; a file or object appears whole or not at all.
Result<search::Found> write_answer(Session& session, storage::Stores& stores, const search::BoundQuery& query,
                                   const search::FindOptions& options, const AnswerPlace& place, const NextToken& next);

class AnswerFlags {
 public:
  /// Declares --format, --fields, --asset and --out.
  void add(CLI::App& app);
  /// Reads them, without a table; `count`: the answer is the number of items alone. kInvalidArgument: options that do
  /// not go together, or bytes that a terminal would get.
  Result<AnswerPlace> read(const Session& session, bool count) const;
  /// True when nobody has chosen the table that a terminal gets.
  bool is_default(const AnswerPlace& place) const { return format_.empty() && place.format == answer::Format::kTable; }

 private:
  std::string format_, fields_, out_;
  std::vector<std::string> assets_;
};

}  // namespace earthcatalog::cli
