// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
#include <pugixml.hpp>

#include "earthcatalog/storage/percent.h"
#include "earthcatalog/storage/s3_calls.h"

namespace earthcatalog::storage {

// A 200 that was sent before anything was copied may say nothing of it.
bool copy_s3(S3Client& client, std::string_view from, std::string_view to) {
  const std::string source =
      fmt::format("/{}/{}", percent_encode(client.bucket_name(), Slash::kEncode), percent_encode(from, Slash::kKeep));
  const auto answer =
      client.send({.method = "PUT", .key = to, .headers = {{"x-amz-copy-source", source}}}, "copying to");
  if (!answer || !answer->ok()) return false;
  pugi::xml_document document;
  document.load_buffer(answer->reply.body.data(), answer->reply.body.size());
  return static_cast<bool>(document.child("CopyObjectResult").child("ETag"));
}

}  // namespace earthcatalog::storage
