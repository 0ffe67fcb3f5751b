// Objects that are created on condition that none is there.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
#include <atomic>
#include <random>

#include "earthcatalog/storage/s3/s3_calls.h"

namespace earthcatalog::storage {

std::pair<std::string, std::string> new_write_mark() {
  static const std::uint64_t process = (std::uint64_t{std::random_device{}()} << 32) | std::random_device{}();
  static std::atomic<std::uint64_t> counter{0};
  return {std::string(kWriteMark), fmt::format("{:016x}{:016x}", process, counter.fetch_add(1))};
}

bool is_lost_race(const S3Answer& answer) { return answer.error.status == 412 || answer.error.status == 409; }

Result<bool> is_marked(S3Client& client, std::string_view key, const std::pair<std::string, std::string>& mark) {
  EC_ASSIGN_OR_RETURN(const S3Answer answer, client.send({.method = "HEAD", .key = key}, "reading"));
  if (answer.object_is_missing()) return false;
  if (!answer.ok()) return client.refused(answer, "reading", key);
  return answer.reply.header(mark.first) == mark.second;
}

Result<PutResult> create_s3(S3Client& client, std::string_view key, std::string_view bytes) {
  const auto mark = new_write_mark();
  S3Bucket::Spec spec{.method = "PUT", .key = key, .headers = {kIfNoneMatch, mark}, .payload = bytes};
  EC_ASSIGN_OR_RETURN(S3Answer answer, client.send(spec, "writing"));
  if (is_lost_race(answer)) {  // to a try of this very put whose reply was lost?
    EC_ASSIGN_OR_RETURN(const bool ours, is_marked(client, key, mark));
    return PutResult{.stored = ours, .etag = {}};
  }
  if (answer.error.status == 501) {
    client.tell_fallback("the server knows no If-None-Match: each new object is asked for before it is written");
    EC_ASSIGN_OR_RETURN(const S3Answer there, client.send({.method = "HEAD", .key = key}, "reading"));
    if (there.ok()) return PutResult{};
    spec.headers = {mark};
    EC_ASSIGN_OR_RETURN(answer, client.send(spec, "writing"));
  }
  if (!answer.ok()) return client.refused(answer, "writing", key);
  return PutResult{.stored = true, .etag = std::string(unquoted(answer.reply.header("etag")))};
}

}  // namespace earthcatalog::storage
