#include "earthcatalog/backfill/staging/ndjson_line.h"

#include "earthcatalog/base/time.h"

namespace earthcatalog::backfill {
namespace {

bool read_head(const simdjson::dom::element& head, StagedRow& row) {
  std::string_view bucket, key, modified;
  if (head["bucket"].get(bucket) || head["key"].get(key) || head["primary"].get(row.primary)) return false;
  row.object.bucket = bucket;
  row.object.key = key;
  if (!head["last_modified"].get(modified)) {
    if (const auto time = parse_time(modified)) row.object.last_modified = time->micros;
  }
  return true;
}

}  // namespace

Result<StagedRow> LineParser::parse(std::string_view line) {
  const auto at = line.find(kBeforeItem);
  StagedRow row;
  simdjson::dom::element head;
  const auto read = [&] {
    if (at == line.npos || !line.ends_with('}')) return false;
    head_.reserve(at + 1 + simdjson::SIMDJSON_PADDING);
    head_.assign(line.substr(0, at)).push_back('}');
    return !parser_.parse(head_).get(head) && read_head(head, row);
  };
  if (!read()) return fail(ErrorKind::kInvalidData, "not a staged row: {}", line.substr(0, 80));
  row.item = line.substr(at + kBeforeItem.size());
  row.item.remove_suffix(1);
  return row;
}

}  // namespace earthcatalog::backfill
