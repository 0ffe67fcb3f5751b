#include "earthcatalog/ingest/problems.h"

#include <nlohmann/json.hpp>

namespace earthcatalog::ingest {
namespace {

// Adds the version that the inventory gave: whoever takes up its pending objects knows which one was meant.
void add_version(const storage::ObjectRef& object, nlohmann::ordered_json& json) {
  if (!object.etag.empty()) json["etag"] = object.etag;
  if (object.last_modified) json["last_modified"] = format_time(*object.last_modified);
  if (object.size_bytes) json["size"] = *object.size_bytes;
}

}  // namespace

Problems::Problems(storage::Stores& stores, std::string uri) : file_(stores, std::move(uri), "the problems file") {}

void Problems::add(const storage::ObjectRef& object, const ProblemLine& line) {
  nlohmann::ordered_json json;
  json["bucket"] = object.bucket;
  json["key"] = object.key;
  add_version(object, json);
  json["kind"] = line.kind;
  if (!line.cause.empty()) json["cause"] = line.cause;
  json["reason"] = line.reason;
  json["offset"] = line.offset >= 0 ? nlohmann::ordered_json(line.offset) : nlohmann::ordered_json();
  // Reasons may quote bytes of a broken object; keys need not be UTF-8.
  file_.add(json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

Result<std::string> Problems::finish() { return file_.finish(); }

}  // namespace earthcatalog::ingest
