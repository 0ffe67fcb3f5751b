#include "earthcatalog/stac/write/extra_reader.h"

namespace earthcatalog::stac {

Result<std::string_view> ExtraReader::prepare(std::string_view json) {
  text_.truncate(0);
  append_minified(json, text_);
  const std::size_t size = text_.size();
  if (size == 0 || (text_.data()[0] != '{' && text_.data()[0] != '[')) {
    return fail(ErrorKind::kInvalidData, "neither a JSON object nor a JSON array");
  }
  text_.append_zeros(simdjson::SIMDJSON_PADDING);
  const std::string_view text = text_.view().substr(0, size);
  walker_.start(text);
  const simdjson::padded_string_view padded(text.data(), size, text_.size());
  if (const auto error = parser_.iterate(padded).get(document_)) {
    walker_.fault(error);
    EC_TRY(refused());
  }
  walker_.attach(document_);
  return text;
}

Status ExtraReader::refused() {
  const Rejection rejection = walker_.take_rejection();
  return fail(ErrorKind::kInvalidData, "{} (at byte {})", rejection.reason, rejection.offset);
}

bool ExtraReader::walk_root() {
  ondemand::value root;
  if (const auto error = document_.get_value().get(root)) return walker_.fault(error);
  if (!walker_.walk(root, 1)) return false;
  return document_.at_end() || walker_.fault(simdjson::TRAILING_CONTENT);
}

Result<std::string_view> ExtraReader::read_text(std::string_view json) {
  EC_ASSIGN_OR_RETURN(const std::string_view text, prepare(json));
  if (!walk_root()) EC_TRY(refused());
  return text;
}

Result<Extra> ExtraReader::read_extra(std::string_view json) {
  Extra extra;
  if (json.empty()) return extra;
  EC_TRY(prepare(json));
  ondemand::object object;
  if (const auto error = document_.get_object().get(object)) {
    walker_.fault(error);
    EC_TRY(refused());
  }
  if (!read_members(object, extra.members, &extra)) EC_TRY(refused());
  if (!document_.at_end()) return fail(ErrorKind::kInvalidData, "text after the end of its object");
  return extra;
}

bool ExtraReader::read_members(ondemand::object object, std::vector<ExtraMember>& members, Extra* extra) {
  for (auto member : object) {
    ondemand::field field;
    if (const auto error = std::move(member).get(field)) return walker_.fault(error);
    std::string_view raw, name, text;
    if (!walker_.key(field, raw, name, scratch_)) return false;
    if (extra != nullptr && name == "properties") {
      if (!read_properties(field.value(), *extra)) return false;
      continue;
    }
    ExtraMember& added = members.emplace_back(std::string(name), raw, text);
    if (!read_value(field.value(), added.value)) return false;
  }
  return true;
}

bool ExtraReader::read_properties(ondemand::value& value, Extra& extra) {
  const char* const where = JsonWalker::begin(value);
  if (*where == '{') {
    ondemand::object object;
    if (const auto error = value.get_object().get(object)) return walker_.fault(error);
    return read_members(object, extra.properties, nullptr);
  }
  std::string_view text;
  if (!read_value(value, text)) return false;
  if (*where != '[') return walker_.reject("not_json", "its \"properties\" is neither an object nor an array", where);
  extra.instead = text.substr(1, text.size() - 2);
  extra.kind = extra.instead.empty() ? Extra::Properties::kAbsent : Extra::Properties::kReplaced;
  return true;
}

bool ExtraReader::read_value(ondemand::value& value, std::string_view& text) {
  const char* const where = JsonWalker::begin(value);
  if (*where != '{' && *where != '[') return walker_.scalar(value, text);
  return walker_.walk(value, 2) && walker_.slice(where, text);
}

}  // namespace earthcatalog::stac
