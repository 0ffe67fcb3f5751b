#include "earthcatalog/pipeline/problems.h"

#include <nlohmann/json.hpp>

namespace earthcatalog::pipeline {

Problems::Problems(storage::Stores& stores, std::string uri) : file_(stores, std::move(uri), "the problems file") {}

void Problems::add(const storage::ObjectRef& object, const ProblemLine& line) {
  nlohmann::ordered_json json;
  json["bucket"] = object.bucket;
  json["key"] = object.key;
  json["kind"] = line.kind;
  if (!line.cause.empty()) json["cause"] = line.cause;
  json["reason"] = line.reason;
  json["offset"] = line.offset >= 0 ? nlohmann::ordered_json(line.offset) : nlohmann::ordered_json();
  // Reasons may quote bytes of a broken object; keys need not be UTF-8.
  file_.add(json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

Result<std::string> Problems::finish() { return file_.finish(); }

}  // namespace earthcatalog::pipeline
