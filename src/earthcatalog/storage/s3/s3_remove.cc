// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
#include <nettle/base64.h>
#include <nettle/md5.h>

#include <algorithm>
#include <pugixml.hpp>
#include <sstream>

#include "earthcatalog/storage/s3/s3_calls.h"

namespace earthcatalog::storage {
namespace {

constexpr std::size_t kMostKeys = 1000;

// XML 1.0 has no way to write most control characters.
bool fits_xml(std::string_view key) {
  return std::none_of(key.begin(), key.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

std::string content_md5(std::string_view body) {
  md5_ctx context;
  md5_init(&context);
  md5_update(&context, body.size(), reinterpret_cast<const std::uint8_t*>(body.data()));
  std::array<std::uint8_t, MD5_DIGEST_SIZE> digest;
  md5_digest(&context, digest.size(), digest.data());
  std::string result(BASE64_ENCODE_RAW_LENGTH(digest.size()), '\0');
  base64_encode_raw(result.data(), digest.size(), digest.data());
  return result;
}

std::string delete_document(std::span<const std::string> keys) {
  pugi::xml_document document;
  pugi::xml_node root = document.append_child("Delete");
  root.append_attribute("xmlns") = "http://s3.amazonaws.com/doc/2006-03-01/";
  for (const std::string& key : keys) {
    root.append_child("Object").append_child("Key").append_child(pugi::node_pcdata).set_value(key.c_str());
  }
  root.append_child("Quiet").append_child(pugi::node_pcdata).set_value("true");
  std::ostringstream text;
  document.save(text, "", pugi::format_raw, pugi::encoding_utf8);
  return std::move(text).str();
}

Status remove_one(S3Client& client, const std::string& key) {
  EC_ASSIGN_OR_RETURN(const S3Answer answer, client.send({.method = "DELETE", .key = key}, "removing"));
  if (!answer.ok() && !answer.object_is_missing()) return client.refused(answer, "removing", key);
  return {};
}

// The keys that a Quiet answer names are those that could not be removed. One that should be tried again is put into
// `again`; the first other one is the error.
Status read_failures(S3Client& client, const S3Answer& answer, std::vector<std::string>& again) {
  pugi::xml_document document;
  const auto& reply = answer.reply;
  document.load_buffer(reply.body.data(), reply.body.size());
  for (const pugi::xml_node entry : document.child("DeleteResult").children("Error")) {
    const std::string key = entry.child_value("Key");
    const S3Error error{.status = 200,
                        .code = entry.child_value("Code"),
                        .message = entry.child_value("Message"),
                        .request_id = std::string(reply.header("x-amz-request-id")),
                        .region = {}};
    if (error.code == "NoSuchKey") continue;
    if (!is_transient(error))
      return client.refused({.reply = {}, .error = error, .sent = answer.sent}, "removing", key);
    again.push_back(key);
  }
  return {};
}

Status remove_batch(S3Client& client, std::vector<std::string> keys) {
  const S3Bucket::Spec spec{.method = "POST", .query = {{"delete", ""}}};
  Backoff backoff(client.options().retry);
  while (true) {
    const std::string body = delete_document(keys);
    S3Bucket::Spec request = spec;
    request.headers = {{"Content-MD5", content_md5(body)}};
    request.payload = body;
    EC_ASSIGN_OR_RETURN(const S3Answer answer, client.send(request, "removing objects of"));
    if (!answer.ok()) return client.refused(answer, "removing", keys.front());
    std::vector<std::string> again;
    EC_TRY(read_failures(client, answer, again));
    if (again.empty()) return {};
    if (!client.wait(backoff, spec, fmt::format("{} objects are to be removed later", again.size()))) {
      return fail(ErrorKind::kUnavailable, "removing {} and {} more: the server kept saying \"later\"; try again",
                  client.uri(again.front()), again.size() - 1);
    }
    keys = std::move(again);
  }
}

}  // namespace

Status remove_s3(S3Client& client, std::span<const std::string> keys) {
  if (keys.size() == 1) return remove_one(client, keys.front());
  std::vector<std::string> batch;
  for (const std::string& key : keys) {
    if (!fits_xml(key)) {
      EC_TRY(remove_one(client, key));
      continue;
    }
    batch.push_back(key);
    if (batch.size() < kMostKeys) continue;
    EC_TRY(remove_batch(client, std::move(batch)));
    batch.clear();
  }
  if (batch.empty()) return {};
  return remove_batch(client, std::move(batch));
}

}  // namespace earthcatalog::storage
