// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
#include <pugixml.hpp>

#include "earthcatalog/storage/percent.h"
#include "earthcatalog/storage/s3_calls.h"

namespace earthcatalog::storage {

Result<std::optional<bool>> copy_s3(S3Client& client, std::string_view from, std::string_view to) {
  const std::string source = fmt::format("/{}/{}", client.bucket_name(), percent_encode(from, Slash::kKeep));
  EC_ASSIGN_OR_RETURN(
      const S3Answer answer,
      client.send({.method = "PUT", .key = to, .headers = {{"x-amz-copy-source", source}}}, "copying to"));
  if (answer.object_is_missing()) return false;
  // Larger than 5 GB, forbidden by a policy that allows to read and to write, not known there, or a 200 that was sent
  // before anything was copied and then says nothing of it.
  if (!answer.ok()) return std::nullopt;
  pugi::xml_document document;
  document.load_buffer(answer.reply.body.data(), answer.reply.body.size());
  if (!document.child("CopyObjectResult").child("ETag")) return std::nullopt;
  return true;
}

}  // namespace earthcatalog::storage
