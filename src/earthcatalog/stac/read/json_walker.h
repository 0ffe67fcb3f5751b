// Validation of JSON on top of simdjson's on-demand iteration, which alone checks neither the scalars nor the nesting
// of what it skips. Includes simdjson: for the sources of this module only.
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <optional>
#include <string_view>

#include "earthcatalog/stac/grow_buffer.h"
#include "earthcatalog/stac/item_batch.h"
#include "earthcatalog/stac/read/minify.h"

namespace earthcatalog::stac {

namespace ondemand = simdjson::ondemand;

/// Walks one document. A function that returns false has recorded why the document is refused; the walk is over then.
class JsonWalker {
 public:
  explicit JsonWalker(std::size_t max_depth) : max_depth_(max_depth) {}

  /// Begins a document, which outlives the walk: first its bytes, then what simdjson made of them.
  void start(std::string_view json);
  void attach(ondemand::document& document) { document_ = &document; }

  /// Reads `value` to its end and checks everything in it. `depth` is that of `value`: 1 for the root.
  bool walk(ondemand::value& value, std::size_t depth);

  /// The text of the scalar `value`, checked: a literal, a number, or a string with its quotes.
  bool scalar(ondemand::value& value, std::string_view& token);

  /// An object or array may begin at `where`, `depth` deep.
  bool enter(const char* where, std::size_t depth);

  /// The key of `field` as it is spelled (checked), and decoded: into `scratch` if it has escapes.
  bool key(const ondemand::field& field, std::string_view& raw, std::string_view& name, std::string& scratch);

  /// Returns the begin of `value`, which is not yet read.
  static const char* begin(ondemand::value& value) { return value.raw_json_token().data(); }
  /// The text from `begin` to the end of the value there, which was the last one read.
  bool slice(const char* begin, std::string_view& text);

  bool fault(simdjson::error_code error);
  bool reject(std::string_view kind, std::string_view reason, const char* where);
  Rejection take_rejection();
  std::int64_t offset(const char* where) const { return where - json_.data(); }

 private:
  bool check_string(std::string_view raw);

  std::size_t max_depth_;
  std::string_view json_;
  ondemand::document* document_ = nullptr;
  bool escapes_ = false;  // the document has a backslash somewhere
  std::optional<Rejection> rejection_;
};

/// `text` without JSON's white space at its end. Other control characters are no white space.
inline std::string_view trim_right(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; };
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace earthcatalog::stac
