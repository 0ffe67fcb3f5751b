// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
#include <pugixml.hpp>

#include "earthcatalog/storage/percent.h"
#include "earthcatalog/storage/s3/s3_calls.h"

namespace earthcatalog::storage {

Copied copy_s3(S3Client& client, std::string_view from, std::string_view to, Existing existing) {
  const std::string source =
      fmt::format("/{}/{}", percent_encode(client.bucket_name(), Slash::kEncode), percent_encode(from, Slash::kKeep));
  S3Bucket::Spec spec{.method = "PUT", .key = to, .headers = {{"x-amz-copy-source", source}}};
  const auto mark = new_write_mark();
  if (existing == Existing::kRefuse) {
    spec.headers.insert(spec.headers.end(), {kIfNoneMatch, mark, {"x-amz-metadata-directive", "REPLACE"}});
  }
  const auto answer = client.send(spec, "copying to");
  if (!answer) return Copied::kUnknown;
  if (existing == Existing::kRefuse && is_lost_race(*answer)) {
    const auto ours = is_marked(client, to, mark);
    return !ours ? Copied::kUnknown : *ours ? Copied::kYes : Copied::kRefused;
  }
  if (!answer->ok()) return Copied::kUnknown;
  // A 200 that was sent before anything was copied may say nothing of it.
  pugi::xml_document document;
  document.load_buffer(answer->reply.body.data(), answer->reply.body.size());
  return document.child("CopyObjectResult").child("ETag") ? Copied::kYes : Copied::kUnknown;
}

}  // namespace earthcatalog::storage
