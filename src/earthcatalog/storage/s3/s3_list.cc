// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
#include <charconv>
#include <pugixml.hpp>

#include "earthcatalog/storage/percent.h"
#include "earthcatalog/storage/s3/s3_calls.h"

namespace earthcatalog::storage {
namespace {

// Keys come percent-encoded because XML cannot hold every byte that a key can.
Result<ObjectInfo> read_entry(const pugi::xml_node& entry, bool is_encoded) {
  const std::string_view key = entry.child_value("Key");
  auto decoded = is_encoded ? percent_decode(key, Plus::kSpace) : std::string(key);
  if (!decoded) return fail(ErrorKind::kInvalidData, "the listing holds the key '{}', wrongly encoded", key);
  ObjectInfo info{.key = std::move(*decoded), .size_bytes = 0, .etag = {}, .last_modified = {}};
  const std::string_view size = entry.child_value("Size");
  if (std::from_chars(size.data(), size.data() + size.size(), info.size_bytes).ec != std::errc{}) {
    return fail(ErrorKind::kInvalidData, "the listing gives '{}' as the size of '{}'", size, info.key);
  }
  info.etag = unquoted(entry.child_value("ETag"));
  if (const auto time = parse_time(entry.child_value("LastModified"))) info.last_modified = time->micros;
  return info;
}

}  // namespace

Status list_s3(S3Client& client, std::string_view prefix, const std::function<Status(const ObjectInfo&)>& visit) {
  const std::string place = client.uri(prefix);
  std::string token;
  do {
    S3Bucket::Spec spec{.method = "GET", .query = {{"list-type", "2"}, {"encoding-type", "url"}}};
    if (!prefix.empty()) spec.query.emplace_back("prefix", prefix);
    if (!token.empty()) spec.query.emplace_back("continuation-token", token);
    EC_ASSIGN_OR_RETURN(const S3Answer answer, client.send(spec, "listing"));
    if (!answer.ok()) return client.refused(answer, "listing", prefix);
    pugi::xml_document document;
    const pugi::xml_node page = document.load_buffer(answer.reply.body.data(), answer.reply.body.size())
                                    ? document.child("ListBucketResult")
                                    : pugi::xml_node();
    if (!page) return fail(ErrorKind::kInvalidData, "listing {}: the server's answer is no listing", place);
    const bool is_encoded = std::string_view(page.child_value("EncodingType")) == "url";
    for (const pugi::xml_node entry : page.children("Contents")) {
      EC_ASSIGN_OR_RETURN(const ObjectInfo info, annotate(read_entry(entry, is_encoded), "listing " + place));
      EC_TRY(visit(info));
    }
    const bool is_truncated = std::string_view(page.child_value("IsTruncated")) == "true";
    std::string next = is_truncated ? page.child_value("NextContinuationToken") : "";
    if (is_truncated && (next.empty() || next == token)) {
      return fail(ErrorKind::kInvalidData, "listing {}: the server says there is more but not how to go on", place);
    }
    token = std::move(next);
  } while (!token.empty());
  return {};
}

}  // namespace earthcatalog::storage
