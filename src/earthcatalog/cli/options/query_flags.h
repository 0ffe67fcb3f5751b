// The options that say what a search finds.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "earthcatalog/cli/session.h"
#include "earthcatalog/result.h"
#include "earthcatalog/search/query.h"

namespace earthcatalog::cli {

class QueryFlags {
 public:
  void add(CLI::App& app);

  /// Reads them, without a table. kInvalidArgument: nothing of that sort, or two that exclude each other; kNotFound: a
  /// file that `--intersects @FILE` names.
  Result<search::Query> read() const;

 private:
  std::string bbox_, intersects_, datetime_, filter_, filter_lang_, time_field_ = "datetime";
  std::vector<std::string> ids_, collections_;
};

/// Notes the properties of the filter that no column holds; kNotFound when `strict`.
Status tell_unknown(Session& session, const search::BoundQuery& query, bool strict);

}  // namespace earthcatalog::cli
