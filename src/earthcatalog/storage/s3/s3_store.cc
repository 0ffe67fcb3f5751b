#include "earthcatalog/storage/s3/s3_store.h"

#include <charconv>

#include "earthcatalog/storage/byte_range.h"
#include "earthcatalog/storage/copy.h"
#include "earthcatalog/storage/output_stream.h"
#include "earthcatalog/storage/s3/s3_calls.h"

namespace earthcatalog::storage {
namespace {

std::string range_header(std::int64_t offset, std::int64_t length) {
  if (offset < 0) return fmt::format("bytes={}", offset);
  const std::int64_t last = length > INT64_MAX - offset ? INT64_MAX : offset + length - 1;
  return fmt::format("bytes={}-{}", offset, last);
}

Status check_key(const S3Client& client, std::string_view key) {
  if (key.empty()) return fail(ErrorKind::kInvalidArgument, "{}: an object needs a key", client.uri(key));
  if (key.size() > 1024) return fail(ErrorKind::kInvalidArgument, "{}: a key has at most 1024 bytes", client.uri(key));
  return {};
}

}  // namespace

ObjectInfo info_of_reply(std::string_view key, const HttpReply& reply) {
  ObjectInfo info{.key = std::string(key),
                  .size_bytes = static_cast<std::int64_t>(reply.body.size()),
                  .etag = std::string(unquoted(reply.header("etag"))),
                  .last_modified = parse_http_date(reply.header("last-modified"))};
  const std::string_view length = reply.header("content-length");
  std::from_chars(length.data(), length.data() + length.size(), info.size_bytes);
  return info;
}

std::string_view unquoted(std::string_view etag) {
  if (etag.starts_with("W/")) etag.remove_prefix(2);
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') return etag.substr(1, etag.size() - 2);
  return etag;
}

S3Store::S3Store(std::string bucket_name, std::shared_ptr<S3Bucket> bucket, S3Options options)
    : client_(std::make_shared<S3Client>(std::move(bucket_name), std::move(bucket), std::move(options))) {}

Result<std::optional<Object>> S3Store::get(std::string_view key) {
  EC_TRY(check_key(*client_, key));
  EC_ASSIGN_OR_RETURN(S3Answer answer, client_->send({.method = "GET", .key = key}, "reading"));
  if (answer.object_is_missing()) return std::nullopt;
  if (!answer.ok()) return client_->refused(answer, "reading", key);
  Object object{.info = info_of_reply(key, answer.reply), .bytes = std::move(answer.reply.body)};
  return object;
}

Result<std::optional<std::string>> S3Store::get_range(std::string_view key, std::int64_t offset, std::int64_t length) {
  EC_TRY(check_key(*client_, key));
  if (length <= 0) {
    EC_ASSIGN_OR_RETURN(const auto info, head(key));
    return info ? std::optional<std::string>("") : std::nullopt;
  }
  EC_ASSIGN_OR_RETURN(
      S3Answer answer,
      client_->send({.method = "GET", .key = key, .headers = {{"Range", range_header(offset, length)}}}, "reading"));
  if (answer.object_is_missing()) return std::nullopt;
  if (answer.error.status == 416) return std::string();  // it begins behind the end
  if (!answer.ok()) return client_->refused(answer, "reading", key);
  std::string& bytes = answer.reply.body;
  if (answer.reply.status == 200) {  // the server does not know ranges
    const ByteRange range = clamp_range(offset, length, static_cast<std::int64_t>(bytes.size()));
    return bytes.substr(static_cast<std::size_t>(range.offset), static_cast<std::size_t>(range.length));
  }
  if (static_cast<std::int64_t>(bytes.size()) > length) bytes.resize(static_cast<std::size_t>(length));
  return std::move(bytes);
}

Result<std::optional<ObjectInfo>> S3Store::head(std::string_view key) {
  EC_TRY(check_key(*client_, key));
  EC_ASSIGN_OR_RETURN(const S3Answer answer, client_->send({.method = "HEAD", .key = key}, "reading"));
  if (answer.object_is_missing()) return std::nullopt;
  if (!answer.ok()) return client_->refused(answer, "reading", key);
  return info_of_reply(key, answer.reply);
}

Result<PutResult> S3Store::put(std::string_view key, std::string_view bytes, Existing existing) {
  EC_TRY(check_key(*client_, key));
  if (existing == Existing::kRefuse) return create_s3(*client_, key, bytes);
  EC_ASSIGN_OR_RETURN(const S3Answer answer, client_->send({.method = "PUT", .key = key, .payload = bytes}, "writing"));
  if (!answer.ok()) return client_->refused(answer, "writing", key);
  return PutResult{.stored = true, .etag = std::string(unquoted(answer.reply.header("etag")))};
}

Result<PutResult> S3Store::put_if_absent(std::string_view key, std::string_view bytes) {
  return put_on_condition(key, bytes, kIfNoneMatch);
}

Result<PutResult> S3Store::put_if_match(std::string_view key, std::string_view bytes, std::string_view etag) {
  return put_on_condition(key, bytes, {"If-Match", fmt::format("\"{}\"", etag)});
}

// Lost races: 412; 409 when two writers were at it at once; 404 for If-Match on a missing key.
Result<PutResult> S3Store::put_on_condition(std::string_view key, std::string_view bytes,
                                            std::pair<std::string, std::string> condition) {
  EC_TRY(check_key(*client_, key));
  EC_ASSIGN_OR_RETURN(
      const S3Answer answer,
      client_->send({.method = "PUT", .key = key, .headers = {std::move(condition)}, .payload = bytes}, "writing"));
  if (answer.ok()) return PutResult{.stored = true, .etag = std::string(unquoted(answer.reply.header("etag")))};
  if (!is_lost_race(answer) && !answer.object_is_missing()) return client_->refused(answer, "writing", key);
  if (!answer.maybe_done_before) return PutResult{};
  // The first try may have been carried out and its reply lost: then it is our own object that is in the way.
  EC_ASSIGN_OR_RETURN(const auto there, get(key));
  if (!there || there->bytes != bytes) return PutResult{};
  return PutResult{.stored = true, .etag = there->info.etag};
}

Status S3Store::list(std::string_view prefix, const std::function<Status(const ObjectInfo&)>& visit) {
  return list_s3(*client_, prefix, visit);
}

Status S3Store::remove(std::span<const std::string> keys) {
  for (const std::string& key : keys) EC_TRY(check_key(*client_, key));
  return remove_s3(*client_, keys);
}

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html
Result<bool> S3Store::remove_if_match(std::string_view key, std::string_view etag) {
  EC_TRY(check_key(*client_, key));
  EC_ASSIGN_OR_RETURN(
      const S3Answer answer,
      client_->send({.method = "DELETE", .key = key, .headers = {{"If-Match", fmt::format("\"{}\"", etag)}}},
                    "removing"));
  if (answer.ok() || answer.object_is_missing()) return true;
  if (answer.error.status == 412 || answer.error.status == 409) return false;
  if (answer.error.status != 501) return client_->refused(answer, "removing", key);
  client_->tell_fallback("the server knows no If-Match on DELETE: the object is removed whatever it is");
  const std::string whatever(key);
  EC_TRY(remove({&whatever, 1}));
  return true;
}

Result<bool> S3Store::copy(std::string_view from, std::string_view to, Existing existing) {
  EC_TRY(check_key(*client_, from));
  EC_TRY(check_key(*client_, to));
  if (existing == Existing::kRefuse) return copy_new(from, to);
  if (copy_s3(*client_, from, to, existing) == Copied::kYes) return true;
  return copy_through(*this, from, *this, to, existing);
}

// A server that takes no notice of the condition would overwrite. So the first copy passes through this process, and
// the server is asked for it once more: it has to refuse, and does no harm if it does not.
Result<bool> S3Store::copy_new(std::string_view from, std::string_view to) {
  if (copy_condition_ == CopyCondition::kHonoured) {
    const Copied copied = copy_s3(*client_, from, to, Existing::kRefuse);
    if (copied == Copied::kYes) return true;
    if (copied == Copied::kRefused) return already_there(uri(to));
  }
  EC_ASSIGN_OR_RETURN(const bool copied, copy_through(*this, from, *this, to, Existing::kRefuse));
  if (!copied || copy_condition_ != CopyCondition::kUntried) return copied;
  const Copied again = copy_s3(*client_, from, to, Existing::kRefuse);
  copy_condition_ = again == Copied::kRefused ? CopyCondition::kHonoured : CopyCondition::kIgnored;
  if (copy_condition_ == CopyCondition::kIgnored) {
    client_->tell_fallback("CopyObject takes no notice of If-None-Match: copies pass through this process");
  }
  return true;
}

Result<std::shared_ptr<arrow::io::OutputStream>> S3Store::open_output(std::string_view key, Existing existing) {
  EC_TRY(check_key(*client_, key));
  if (existing == Existing::kRefuse) {
    EC_ASSIGN_OR_RETURN(const auto there, head(key));
    if (there) return already_there(uri(key));
  }
  return make_s3_output(client_, std::string(key), existing);
}

Result<std::shared_ptr<arrow::io::RandomAccessFile>> S3Store::open_input(std::string_view key,
                                                                         std::optional<std::int64_t> size_bytes) {
  EC_TRY(check_key(*client_, key));
  return open_s3_input(client_, std::string(key), size_bytes);
}

}  // namespace earthcatalog::storage
