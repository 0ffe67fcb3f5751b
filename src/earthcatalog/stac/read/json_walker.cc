#include "earthcatalog/stac/read/json_walker.h"

#include <fmt/format.h>

#include "earthcatalog/stac/json_string.h"
#include "earthcatalog/stac/number.h"
#include "earthcatalog/stac/read/json_diagnosis.h"

namespace earthcatalog::stac {

void JsonWalker::start(std::string_view json) {
  json_ = json;
  document_ = nullptr;
  escapes_ = has_escape(json);
  rejection_.reset();
}

bool JsonWalker::walk(ondemand::value& value, std::size_t depth) {
  const char* const where = begin(value);
  if (*where == '{') {
    if (!enter(where, depth)) return false;
    ondemand::object object;
    if (const auto error = value.get_object().get(object)) return fault(error);
    for (auto member : object) {
      ondemand::field field;
      if (const auto error = std::move(member).get(field)) return fault(error);
      if (escapes_ && !check_string(field.escaped_key())) return false;
      if (!walk(field.value(), depth + 1)) return false;
    }
    return true;
  }
  if (*where == '[') {
    if (!enter(where, depth)) return false;
    ondemand::array array;
    if (const auto error = value.get_array().get(array)) return fault(error);
    for (auto member : array) {
      ondemand::value element;
      if (const auto error = std::move(member).get(element)) return fault(error);
      if (!walk(element, depth + 1)) return false;
    }
    return true;
  }
  std::string_view token;
  return scalar(value, token);
}

bool JsonWalker::scalar(ondemand::value& value, std::string_view& token) {
  const std::string_view until_next = value.raw_json_token();
  token = trim_right(until_next);
  switch (token.empty() ? '\0' : token.front()) {
    case '"':
      if (token.size() < 2 || token.back() != '"')
        return reject("not_json", "a string that does not end", token.data());
      // simdjson would take it for a key and pass over what follows.
      if (*(until_next.data() + until_next.size()) == ':') {
        return reject("not_json", "a colon behind a value", until_next.data() + until_next.size());
      }
      return !escapes_ || check_string(token.substr(1, token.size() - 2));
    case 't':
      if (token == "true") return true;
      break;
    case 'f':
      if (token == "false") return true;
      break;
    case 'n':
      if (token == "null") return true;
      break;
    default:
      if (is_number(token)) return true;
  }
  return reject("not_json", fmt::format("{:?} is no JSON value", token.substr(0, 20)), token.data());
}

bool JsonWalker::enter(const char* where, std::size_t depth) {
  if (depth <= max_depth_) return true;
  return reject("too_deep", fmt::format("nested more than {} levels deep", max_depth_), where);
}

bool JsonWalker::key(const ondemand::field& field, std::string_view& raw, std::string_view& name,
                     std::string& scratch) {
  raw = name = field.escaped_key();
  if (!escapes_ || !has_escape(raw)) return true;
  if (!check_string(raw)) return false;
  scratch = decoded(raw);
  name = scratch;
  return true;
}

bool JsonWalker::slice(const char* begin, std::string_view& text) {
  const char* end = nullptr;
  if (const auto error = document_->current_location().get(end)) return fault(error);
  text = trim_right({begin, static_cast<std::size_t>(end - begin)});
  return true;
}

bool JsonWalker::check_string(std::string_view raw) {
  const auto bad = find_bad_escape(raw);
  if (!bad) return true;
  if (bad->lone_surrogate) {
    return reject("lone_surrogate", "half of a UTF-16 surrogate pair, which no UTF-8 text can hold", bad->where);
  }
  return reject("not_json", "an escape that JSON does not have", bad->where);
}

bool JsonWalker::fault(simdjson::error_code error) {
  rejection_ = diagnose(json_);
  if (rejection_) return false;
  const char* where = nullptr;
  const bool known = document_ != nullptr && document_->current_location().get(where) == simdjson::SUCCESS;
  reject("not_json", simdjson::error_message(error), known ? where : nullptr);
  return false;
}

bool JsonWalker::reject(std::string_view kind, std::string_view reason, const char* where) {
  rejection_ = Rejection{std::string(kind), std::string(reason), where == nullptr ? -1 : offset(where)};
  return false;
}

Rejection JsonWalker::take_rejection() { return std::move(*rejection_); }

void append_minified(std::string_view json, GrowBuffer& out) {
  std::size_t length = 0;
  char* to = out.reserve(json.size() + simdjson::SIMDJSON_PADDING);
  if (simdjson::minify(json.data(), json.size(), to, length) == simdjson::SUCCESS) out.advance(length);
}

}  // namespace earthcatalog::stac
